using Mayfly.Linux;

namespace Mayfly.Packages;

/// <summary>The store's lock: a flock, so that the kernel releases it when its process ends in whatever way.</summary>
internal static class StoreLock
{
    public static IDisposable Take(string root, bool exclusive)
    {
        var file = FileHandles.OpenOrCreate(Path.Combine(root, "lock"));
        try
        {
            Files.Lock(file, exclusive, wait: true);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
