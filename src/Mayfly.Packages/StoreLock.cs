using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages;

/// <summary>The store's lock: a flock, so that the kernel releases it when its process ends in whatever way.</summary>
internal static class StoreLock
{
    public static IDisposable Take(string root, bool exclusive)
    {
        const int AccessDenied = 13, ReadOnly = 30;
        SafeFileHandle file;
        try
        {
            file = FileHandles.OpenOrCreate(Path.Combine(root, "lock"));
        }
        catch (LinuxException e) when (e.Errno == ReadOnly)
        {
            throw new MayflyException($"the store {root} cannot be written: its file system is mounted read-only", "mount it for writing, or set MAYFLY_STORE to a folder elsewhere", e);
        }
        catch (LinuxException e) when (e.Errno == AccessDenied)
        {
            throw new MayflyException($"the store {root} may not be used by {Environment.UserName}: {e.Message}",
                "set MAYFLY_STORE to a folder of your own, or unset it, or run the command as the user whose store it is", e);
        }

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
