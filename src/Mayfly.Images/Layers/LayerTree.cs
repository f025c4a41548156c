using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>Trees in overlayfs's form: merging several that lie over each other into one, by renames.</summary>
internal static class LayerTree
{
    private const string Notes = "trusted.overlay.", Opaque = $"{Notes}opaque";

    /// <summary>Merges the parts, lowest first, into the lowest one's folder; what lies in the others is moved there.</summary>
    public static string Merge(IReadOnlyList<string> parts)
    {
        for (var at = 1; at < parts.Count; at++)
            MergeFolder(parts[at], parts[0]);
        return parts[0];
    }

    /// <summary>Where overlayfs may have left signs in a tree that it wrote: whiteouts, and folders with attributes of its own, parents first.</summary>
    public static IReadOnlyList<string> Signs(string tree)
    {
        var signs = new List<string>();
        Find(tree, "", signs);
        return signs;
    }

    /// <summary>Removes signs that have nothing to hide in the layers below, and the notes that overlayfs leaves for itself.</summary>
    /// <param name="tree">The tree, merged.</param>
    /// <param name="signs">Of each tree that went into it.</param>
    /// <param name="below">The layers below.</param>
    public static void Tidy(string tree, IEnumerable<string> signs, IReadOnlyList<string> below)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal) { "" };
        foreach (var path in signs)
        {
            var sign = path.Length == 0 ? tree : $"{tree}/{path}";
            // What was a folder when the sign was written may since have become a link, which leads anywhere.
            if (!IsFolder(path[..Math.Max(0, path.LastIndexOf('/'))]) || Nodes.Find(sign) is not { } node)
                continue;
            if (node.IsWhiteout && Find(below, path) is null)
                File.Delete(sign);
            if (node.Kind != NodeKind.Directory)
                continue;
            foreach (var name in Nodes.AttributeNames(sign))
            {
                if (name.StartsWith(Notes, StringComparison.Ordinal) && (name != Opaque || Find(below, path) is null))
                    Nodes.RemoveAttribute(sign, name);
            }
        }

        bool IsFolder(string path)
        {
            if (folders.Contains(path))
                return true;
            if (!IsFolder(path[..Math.Max(0, path.LastIndexOf('/'))]) || Nodes.Find($"{tree}/{path}") is not { Kind: NodeKind.Directory })
                return false;
            return folders.Add(path);
        }
    }

    public static bool IsOpaque(string folder) => Nodes.ReadAttribute(folder, Opaque) is [(byte)'y', ..];

    /// <summary>Where a path of the merged layers really is: the topmost layer that has it; null when none has or it was removed.</summary>
    public static string? Find(IReadOnlyList<string> layers, string path)
    {
        for (var at = layers.Count - 1; at >= 0; at--)
        {
            if (Nodes.Find($"{layers[at]}/{path}") is { } node)
                return node.IsWhiteout ? null : $"{layers[at]}/{path}";
            // A parent that was removed or replaced here hides everything below it.
            for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                var parent = $"{layers[at]}/{path[..slash]}";
                if (Nodes.Find(parent) is { } found && (found.Kind != NodeKind.Directory || IsOpaque(parent)))
                    return null;
            }
        }

        return null;
    }

    public static void Remove(string path)
    {
        switch (Nodes.Find(path)?.Kind)
        {
            case null:
                return;
            case NodeKind.Directory:
                Directory.Delete(path, recursive: true);
                return;
            default:
                File.Delete(path);
                return;
        }
    }

    /// <summary>Moves what stands at a path of one tree to the same path of another of the same file system; folders that are missing on the way are made as they are in the first.</summary>
    public static void Move(string from, string to, string path)
    {
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            var folder = $"{to}/{path[..slash]}";
            if (Nodes.Find(folder) is not null)
                continue;
            Nodes.MakeDirectory(folder, 0x1c0);
            CopyFacts($"{from}/{path[..slash]}", folder);
        }

        Files.Rename($"{from}/{path}", $"{to}/{path}");
    }

    /// <summary>Makes a folder of a tree and those above it, as far as they are missing: root's, and everybody may look.</summary>
    public static void MakeFolder(string tree, string path)
    {
        var folder = tree;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            folder = $"{folder}/{part}";
            if (Nodes.Find(folder) is null)
                Nodes.MakeDirectory(folder, 0x1ed);
        }
    }

    /// <summary>Gives a folder the owner and the mode of another.</summary>
    public static void CopyFacts(string from, string to)
    {
        var node = Nodes.Read(from);
        Files.ChangeOwner(to, node.User, node.Group);
        Files.ChangeMode(to, node.Mode);
    }

    private static void MergeFolder(string from, string to)
    {
        foreach (var source in Directory.EnumerateFileSystemEntries(from))
        {
            var target = $"{to}/{Path.GetFileName(source)}";
            var node = Nodes.Read(source);
            var before = Nodes.Find(target);
            if (node.Kind == NodeKind.Directory && before is { Kind: NodeKind.Directory } && !IsOpaque(source))
            {
                MergeFolder(source, target);
                continue;
            }

            if (before is { Kind: NodeKind.Directory } || (before is not null && node.Kind == NodeKind.Directory))
                Remove(target);
            Files.Rename(source, target);
        }

        // The upper folder's own facts win, and moving names about has changed its time.
        CopyFacts(from, to);
    }

    private static void Find(string tree, string path, List<string> signs)
    {
        var folder = path.Length == 0 ? tree : $"{tree}/{path}";
        if (Nodes.AttributeNames(folder).Any(static name => name.StartsWith(Notes, StringComparison.Ordinal)))
            signs.Add(path);
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            var inner = path.Length == 0 ? Path.GetFileName(entry) : $"{path}/{Path.GetFileName(entry)}";
            var node = Nodes.Read(entry);
            if (node.Kind == NodeKind.Directory)
                Find(tree, inner, signs);
            else if (node.IsWhiteout)
                signs.Add(inner);
        }
    }
}
