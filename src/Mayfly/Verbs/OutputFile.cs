using Mayfly.Packages;

namespace Mayfly.Verbs;

/// <summary>The file that <c>--output</c> names.</summary>
internal static class OutputFile
{
    /// <exception cref="MayflyException">It cannot be written; nothing is left of it.</exception>
    public static void Write(string path, byte[] bytes)
    {
        try
        {
            WholeFile.Write(path, stream => stream.Write(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path} cannot be written: {HostRefusal.Why(e)}", "name a file in a folder that is there and that you may write, on a disk with room", e);
        }
    }
}
