using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>An instance's writable layer, read as what changed in the image; see the kernel's filesystems/overlayfs.rst.</summary>
internal static class WritableLayer
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = false, AttributesToSkip = 0, ReturnSpecialDirectories = false, IgnoreInaccessible = true };

    /// <summary>Every path in it, from the root, sorted.</summary>
    public static IReadOnlyList<string> Paths(string upper)
    {
        List<string> paths = [];
        Collect(upper, "/", paths);
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    /// <param name="baseline">Paths that were there before the instance ran.</param>
    public static IReadOnlyList<DriftEntry> Drift(string upper, IReadOnlyList<string> trees, IReadOnlySet<string> baseline)
    {
        List<DriftEntry> drift = [];
        foreach (var path in Paths(upper))
        {
            if (baseline.Contains(path) || Nodes.Find(upper + path) is not { } node)
                continue;
            var image = LayeredTree.Find(trees, path[1..]);
            if (node.IsWhiteout)
                drift.Add(new DriftEntry(path, DriftKind.Removed));
            else if (image is null)
                drift.Add(new DriftEntry(path, DriftKind.Added));
            else if (Nodes.Find(image) is not { } before || node.Kind != NodeKind.Directory || before.Kind != NodeKind.Directory
                || (node.Mode, node.User, node.Group) != (before.Mode, before.User, before.Group) || LayeredTree.IsOpaque(upper + path))
            {
                // A folder is copied up as soon as anything in it changes; by itself that is no change.
                drift.Add(new DriftEntry(path, DriftKind.Changed));
            }
        }

        return drift;
    }

    private static void Collect(string upper, string below, List<string> paths)
    {
        foreach (var entry in Entries(upper + below))
        {
            var path = below + Path.GetFileName(entry);
            paths.Add(path);
            if (Nodes.Find(entry) is { Kind: NodeKind.Directory })
                Collect(upper, path + "/", paths);
        }
    }

    /// <summary>The instance runs meanwhile, and may remove a folder before it is read.</summary>
    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder, "*", Everything);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
