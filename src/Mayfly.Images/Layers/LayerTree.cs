using Mayfly.Images.Dpkg;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Layers;

/// <summary>Trees in overlayfs's form: merging several that lie over each other into one.</summary>
internal static class LayerTree
{
    /// <summary>How far below a tree's top there is too little in a folder for several cores.</summary>
    public const int Deep = 4;

    private const string Notes = "trusted.overlay.", Opaque = $"{Notes}opaque";

    /// <summary>Merges the parts, lowest first, into the lowest one's folder; what lies in the others is moved there.</summary>
    public static string Merge(IReadOnlyList<string> parts)
    {
        for (var at = 1; at < parts.Count; at++)
            MergeInto(parts[at], parts[0]);
        return parts[0];
    }

    /// <summary>Merges one more part into a folder, which is made where it is missing; what lies in the part is moved there.</summary>
    public static void MergeInto(string part, string to)
    {
        if (Nodes.Find(to) is null)
            Files.Rename(part, to);
        else
            MergeFolder(part, to, static (source, target, _) => Files.Rename(source, target), depth: 0);
    }

    /// <summary>The same with a copy of the part, which stays as it is.</summary>
    public static void MergeCopy(string part, string to, TreeCopy copy)
    {
        if (Nodes.Find(to) is null)
            copy.Place(part, to, depth: 0);
        else
            MergeFolder(part, to, copy.Place, depth: 0);
    }

    /// <summary>
    /// Gives everything that was written after a date that date, so that nothing in an image, and nothing that later scripts see, tells the day of the build.
    /// </summary>
    /// <param name="tree">A tree that every thread sees.</param>
    /// <param name="epoch">The date, in seconds since 1970.</param>
    /// <param name="isWritten">Scripts wrote all of it; else files by several names are the store's own, and stay.</param>
    public static void Date(string tree, long epoch, bool isWritten) => Date(tree, epoch, isWritten, depth: 0);

    /// <summary>Does something in each of a folder's entries; near the top of a tree, where there is much in each, on all cores.</summary>
    /// <param name="entries">Which do not touch each other.</param>
    /// <param name="depth">How far below the top they lie.</param>
    /// <param name="work">Is given one of them; every thread must see the tree.</param>
    public static void Each(IReadOnlyCollection<string> entries, int depth, Action<string> work)
    {
        if (depth < Deep && entries.Count > 1)
        {
            AllCores.Each(entries, CancellationToken.None, work);
            return;
        }

        foreach (var entry in entries)
            work(entry);
    }

    private static void Date(string folder, long epoch, bool isWritten, int depth)
    {
        var folders = new List<string>();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            var node = Nodes.Read(path);
            if (node.Kind == NodeKind.Directory)
                folders.Add(path);
            else if (node.Time > epoch && (node.Kind != NodeKind.File || isWritten || node.Links == 1))
                Nodes.SetTime(path, epoch);
        }

        Each(folders, depth, inner => Date(inner, epoch, isWritten, depth + 1));
        if (Nodes.Read(folder).Time > epoch)
            Nodes.SetTime(folder, epoch);
    }

    /// <summary>The same in a tree that was placed, where only folders were made just now, and what dpkg keeps; everything else has its package's time.</summary>
    public static void DatePlaced(string tree, long epoch)
    {
        DateFolder(tree, depth: 0);
        if (Nodes.Find($"{tree}/{DpkgDatabase.Folder}") is { Kind: NodeKind.Directory })
            Date($"{tree}/{DpkgDatabase.Folder}", epoch, isWritten: false);

        void DateFolder(string folder, int depth)
        {
            // A link to a folder is listed too.
            if (Nodes.Read(folder) is not { Kind: NodeKind.Directory } node)
                return;
            Each(Directory.GetDirectories(folder), depth, inner => DateFolder(inner, depth + 1));
            if (node.Time > epoch)
                Nodes.SetTime(folder, epoch);
        }
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

    /// <summary>Where a path of the merged layers really is: the topmost layer that has it; null when none has or it was removed. No link is followed, which would lead out of the layers.</summary>
    public static string? Find(IReadOnlyList<string> layers, string path)
    {
        for (var at = layers.Count - 1; at >= 0; at--)
        {
            var (isHere, hides) = (true, false);
            for (var slash = path.IndexOf('/'); slash > 0 && isHere; slash = path.IndexOf('/', slash + 1))
            {
                var parent = $"{layers[at]}/{path[..slash]}";
                var node = Nodes.Find(parent);
                isHere = node is not null;
                // What was removed or replaced here hides everything below it.
                if (node is not null and not { Kind: NodeKind.Directory })
                    return null;
                hides |= isHere && IsOpaque(parent);
            }

            if (isHere && Nodes.Find($"{layers[at]}/{path}") is { } found)
                return found.IsWhiteout ? null : $"{layers[at]}/{path}";
            if (hides)
                return null;
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
    /// <param name="from">The one tree.</param>
    /// <param name="to">The other.</param>
    /// <param name="path">In both.</param>
    /// <param name="keep">Leave it there too.</param>
    public static void Move(string from, string to, string path, bool keep = false)
    {
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            var folder = $"{to}/{path[..slash]}";
            if (Nodes.Find(folder) is not null)
                continue;
            Nodes.MakeDirectory(folder, 0x1c0);
            CopyFacts($"{from}/{path[..slash]}", folder);
        }

        if (!keep)
        {
            Files.Rename($"{from}/{path}", $"{to}/{path}");
            return;
        }

        Remove($"{to}/{path}");
        new TreeCopy(isWritten: true).Place($"{from}/{path}", $"{to}/{path}");
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

    /// <param name="from">The upper tree.</param>
    /// <param name="to">The lower one.</param>
    /// <param name="place">Puts a name of the upper one in a place of the lower one, where nothing is, so far below the top.</param>
    /// <param name="depth">How far the folder itself lies below it.</param>
    private static void MergeFolder(string from, string to, Action<string, string, int> place, int depth)
    {
        Each(Directory.GetFileSystemEntries(from), depth, MergeEntry);
        // The upper folder's own facts win, and moving names about has changed its time.
        CopyFacts(from, to);
        // Such as lists of access; overlayfs's notes speak of where they are.
        Nodes.CopyAttributes(from, to, static name => !name.StartsWith(Notes, StringComparison.Ordinal));

        void MergeEntry(string source)
        {
            var target = $"{to}/{Path.GetFileName(source)}";
            var node = Nodes.Read(source);
            var before = Nodes.Find(target);
            if (node.Kind == NodeKind.Directory && before is { Kind: NodeKind.Directory } && !IsOpaque(source))
            {
                MergeFolder(source, target, place, depth + 1);
                return;
            }

            if (before is not null)
                Remove(target);
            place(source, target, depth + 1);
            // What something else hid, or a whiteout, stays hidden.
            if (node.Kind == NodeKind.Directory && before is not null and not { Kind: NodeKind.Directory })
                Nodes.SetAttribute(target, Opaque, "y"u8);
        }
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
