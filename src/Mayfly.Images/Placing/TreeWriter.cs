using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Placing;

/// <summary>
/// Makes planned names in a new folder that nobody else can see yet. Contents are hard links into the store; the folder serves
/// as a lower layer only, so nobody ever writes through them.
/// </summary>
internal static class TreeWriter
{
    private const int CrossDevice = 18, TooManyLinks = 31, NamesAtOnce = 128;

    /// <param name="names">Parents first.</param>
    /// <param name="root">An existing empty folder, which every thread sees.</param>
    public static void Write(IEnumerable<Placed> names, string root, CancellationToken cancellationToken)
    {
        List<Placed> folders = [], others = [], seconds = [];
        var filled = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (name.Kind != NodeKind.Directory)
            {
                filled.Add(name.Path[..Math.Max(0, name.Path.LastIndexOf('/'))]);
                (name.SameAs is null ? others : seconds).Add(name);
                continue;
            }

            folders.Add(name);
            var path = PathOf(name);
            if (name.Path.Length > 0)
                Nodes.MakeDirectory(path, 0x1ed);
            // After the owner, because a change of owner clears the set-id bits.
            Files.ChangeOwner(path, name.User, name.Group);
            Files.ChangeMode(path, name.Mode);
            SetAttributes(path, name);
        }

        // When the store's file cannot be linked (another disk, 65,000 links already) the copies of one file must still be one file.
        var copies = new Dictionary<string, string>(StringComparer.Ordinal);
        // Names that follow each other mostly belong to one folder, and two that make names in the same folder wait for each other.
        AllCores.Each(others.Chunk(NamesAtOnce), cancellationToken, run =>
        {
            foreach (var name in run)
                Write(name, PathOf(name), copies);
        });
        foreach (var name in seconds)
            Files.Link($"{root}/{name.SameAs}", PathOf(name));
        for (var at = folders.Count - 1; at >= 0; at--)
        {
            // What something was put into has changed just now, as dpkg leaves it too: mandb(8) looks into no folder that is older than its own last run.
            if (folders[at].Time > 0 && !filled.Contains(folders[at].Path))
                Nodes.SetTime(PathOf(folders[at]), folders[at].Time);
        }

        string PathOf(Placed name) => name.Path.Length == 0 ? root : $"{root}/{name.Path}";
    }

    private static void Write(Placed name, string path, Dictionary<string, string> copies)
    {
        switch (name.Kind)
        {
            case NodeKind.File when name.Copy:
                Copy(name, path);
                break;
            case NodeKind.File:
                LinkOrCopy(name, path, copies);
                break;
            case NodeKind.Link:
                Nodes.MakeLink(name.Target, path);
                Files.ChangeOwner(path, name.User, name.Group);
                Nodes.SetTime(path, name.Time);
                break;
            default:
                Nodes.MakeNode(path, name.Kind, 0x180, name.DeviceMajor, name.DeviceMinor);
                Files.ChangeOwner(path, name.User, name.Group);
                Files.ChangeMode(path, name.Mode);
                Nodes.SetTime(path, name.Time);
                break;
        }
    }

    /// <summary>Gives a file of the store, which is as it is to be, another name; a copy where it can have none.</summary>
    public static void LinkOrCopy(string source, string path)
    {
        if (!TryLink(source, path))
            File.Copy(source, path);
    }

    private static void LinkOrCopy(Placed name, string path, Dictionary<string, string> copies)
    {
        if (TryLink(name.Source!, path))
            return;
        lock (copies)
        {
            if (copies.TryGetValue(name.Source!, out var copied))
            {
                Files.Link(copied, path);
                return;
            }

            Copy(name, path);
            copies[name.Source!] = path;
        }
    }

    /// <summary>False where the file system or the file can have no further name.</summary>
    public static bool TryLink(string source, string path)
    {
        try
        {
            Files.Link(source, path);
            return true;
        }
        catch (LinuxException e) when (e.Errno is CrossDevice or TooManyLinks)
        {
            return false;
        }
    }

    private static void Copy(Placed name, string path)
    {
        File.Copy(name.Source!, path);
        Files.ChangeOwner(path, name.User, name.Group);
        Files.ChangeMode(path, name.Mode);
        SetAttributes(path, name);
        Nodes.SetTime(path, name.Time);
    }

    private static void SetAttributes(string path, Placed name)
    {
        if (name.Attributes is not { Count: > 0 } attributes)
            return;
        foreach (var (attribute, value) in attributes)
            Nodes.SetAttribute(path, attribute, value);
    }
}
