using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Packages;

/// <summary>A file that is written aside and takes its name when it is whole: whoever looks sees the old one or the new one, whatever happens meanwhile.</summary>
public static class WholeFile
{
    private const int Buffer = 1 << 17;

    /// <summary>
    /// Writes a file; where a link stands, the one that it leads to. A pipe or a device is written into. What a process that is gone has left aside goes.
    /// </summary>
    /// <param name="path">Its name.</param>
    /// <param name="write">Gives its contents.</param>
    /// <exception cref="IOException">It cannot be written; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        // The links in /dev and /proc lead to what a process has open.
        var inPlace = path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal);
        if (!inPlace && Nodes.Find(path) is { Kind: NodeKind.Link } && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target)
            path = target.FullName;
        if (inPlace || Nodes.Find(path) is { Kind: not NodeKind.File and not NodeKind.Directory })
        {
            using var other = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, Buffer);
            write(other);
            return;
        }

        ClearAside(path);
        var aside = AsideOf(path);
        try
        {
            // Locked while it is written, by the runtime.
            using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write, FileShare.None, Buffer))
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

    /// <summary>Where this process writes a file aside.</summary>
    internal static string AsideOf(string path) => $"{path}.{Environment.ProcessId}.tmp";

    /// <summary>Removes what processes that are gone have left beside a file.</summary>
    internal static void ClearAside(string path)
    {
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.*.tmp").Where(left => IsAbandoned(left, path)))
            File.Delete(left);
    }

    /// <summary>True when its writer is gone. One whose number means nothing here, such as in another container, still holds its lock.</summary>
    private static bool IsAbandoned(string aside, string path)
    {
        if (!int.TryParse(aside[(path.Length + 1)..^".tmp".Length], NumberStyles.None, CultureInfo.InvariantCulture, out var process) || ProcessIdentity.Of(process) is not null)
            return false;
        try
        {
            using var file = new FileStream(aside, FileMode.Open, FileAccess.Write, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
