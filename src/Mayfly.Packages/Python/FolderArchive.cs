using System.Formats.Tar;
using Mayfly.Linux;

namespace Mayfly.Packages.Python;

/// <summary>
/// A project's folder as an archive of sources: the same bytes wherever and whenever the same project lies, so that it can be locked by its digest and built as what an index has. What version
/// control, interpreters and earlier builds put there is no part of the project.
/// </summary>
public static class FolderArchive
{
    private const long Large = 64 << 20;

    /// <summary>A folder of git's, or in a submodule a file.</summary>
    private const string Repository = ".git";

    /// <summary>What has passwords in it (<c>.env</c>) is nobody's sources either.</summary>
    private static readonly HashSet<string> NeverPacked = new(StringComparer.Ordinal)
    {
        Repository, ".hg", ".svn", ".bzr", "__pycache__", ".venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store", ".eggs", ".coverage", "htmlcov", ".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode", ".env", LockFile.Name,
    };

    /// <summary>Packs it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Of the one folder in the archive.</param>
    /// <param name="to">Gets the archive, a tar.</param>
    /// <param name="part">What of the folder.</param>
    /// <exception cref="MayflyException">Something in it cannot be read.</exception>
    public static void Write(string folder, string name, Stream to, PackedPart part = PackedPart.Project)
    {
        try
        {
            using var tar = new TarWriter(to, TarEntryFormat.Gnu, leaveOpen: true);
            // Folders without files are left out, as version control leaves them out.
            foreach (var (path, node) in Entries(folder, part).OrderBy(static one => one.Path, StringComparer.Ordinal))
            {
                var full = $"{folder}/{path}";
                var entry = new GnuTarEntry(node.Kind == NodeKind.Link ? TarEntryType.SymbolicLink : node.Kind == NodeKind.Directory ? TarEntryType.Directory : TarEntryType.RegularFile, $"{name}/{path}")
                {
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    AccessTime = DateTimeOffset.UnixEpoch,
                    ChangeTime = DateTimeOffset.UnixEpoch,
                    Mode = (UnixFileMode)((node.Mode & 0b001_000_000) != 0 ? 0b111_101_101 : 0b110_100_100),
                };
                if (node.Kind == NodeKind.Link)
                    entry.LinkName = new FileInfo(full).LinkTarget!;
                // A small one is what it was at one moment; a large one need not be in memory.
                using Stream? contents = node.Kind != NodeKind.File ? null : node.Size > Large ? File.OpenRead(full) : new MemoryStream(File.ReadAllBytes(full));
                if (contents is not null)
                    entry.DataStream = contents;
                tar.WriteEntry(entry);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or LinuxException || (e is IOException && !HostRefusal.IsFull(e)))
        {
            throw new MayflyException($"the folder {folder} cannot be packed: {e.Message}", "all of a project must be there to be read", e);
        }
    }

    /// <summary>Files and links by their paths in it; pipes and sockets are nobody's sources.</summary>
    private static IEnumerable<(string Path, Node Node)> Entries(string folder, PackedPart part)
    {
        var left = new Stack<string>([""]);
        while (left.TryPop(out var inside))
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries($"{folder}/{inside}"))
            {
                var (name, node) = (Path.GetFileName(entry), Nodes.Read(entry));
                if (part == PackedPart.Project ? IsLeftOut(inside, name, entry, node) : part == PackedPart.Commit && name == Repository)
                    continue;
                if (node.Kind == NodeKind.Directory)
                    left.Push($"{inside}{name}/");
                if (node.Kind is NodeKind.File or NodeKind.Link || (part == PackedPart.Clone && node.Kind == NodeKind.Directory))
                    yield return ($"{inside}{name}", node);
            }
        }
    }

    private static bool IsLeftOut(string inside, string name, string path, Node node) => NeverPacked.Contains(name) || (node.Kind != NodeKind.Directory
        ? name.EndsWith(".pyc", StringComparison.Ordinal) || name.EndsWith(".swp", StringComparison.Ordinal) || name.EndsWith('~') || name.StartsWith(".#", StringComparison.Ordinal) || name.StartsWith(".coverage.", StringComparison.Ordinal)
            // One that is being written.
            || name.StartsWith($"{LockFile.Name}.", StringComparison.Ordinal)
        // An environment, whatever it is called; and what setuptools leaves behind in the folder that it builds in.
        : File.Exists($"{path}/pyvenv.cfg") || (name.EndsWith(".egg-info", StringComparison.Ordinal) && File.Exists($"{path}/SOURCES.txt"))
            || (inside.Length == 0 && name is "build" && Only(path, static made => made is "lib" || made.StartsWith("lib.", StringComparison.Ordinal) || made.StartsWith("temp.", StringComparison.Ordinal) || made.StartsWith("scripts-", StringComparison.Ordinal) || made.StartsWith("bdist.", StringComparison.Ordinal)))
            || (inside.Length == 0 && name is "dist" && Only(path, static made => WheelName.TryParse(made) is not null || SourceName.TryParse(made) is not null)));

    private static bool Only(string folder, Func<string, bool> made) => Directory.EnumerateFileSystemEntries(folder).All(path => made(Path.GetFileName(path)));
}

/// <summary>What of a folder is packed.</summary>
public enum PackedPart
{
    /// <summary>A project, whoever works in it: what is its sources.</summary>
    Project,

    /// <summary>A clone that nobody has worked in, but its repository.</summary>
    Commit,

    /// <summary>The same with its history, and with folders that have nothing in them.</summary>
    Clone,
}
