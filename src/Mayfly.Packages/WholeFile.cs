using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Packages;

/// <summary>A file that is written aside and takes its name when it is whole: whoever looks sees the old one or the new one, whatever happens meanwhile.</summary>
public static class WholeFile
{
    /// <summary>
    /// Writes a file. What stands there and is no file, such as a pipe, a device or a link, is written into. What a process that is gone has left aside goes.
    /// </summary>
    /// <param name="path">Its name.</param>
    /// <param name="write">Gives its contents.</param>
    /// <exception cref="IOException">It cannot be written; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        if (Nodes.Find(path) is { Kind: not NodeKind.File and not NodeKind.Directory })
        {
            using var other = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 1 << 17);
            write(other);
            return;
        }

        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.*.tmp").Where(IsAbandoned))
            File.Delete(left);
        var aside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 17))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(aside, path, overwrite: true);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    private static bool IsAbandoned(string aside) => int.TryParse(aside.Split('.')[^2], CultureInfo.InvariantCulture, out var process) && ProcessIdentity.Of(process) is null;
}
