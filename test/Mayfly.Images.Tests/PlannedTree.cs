using Mayfly.Images.Placing;
using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests;

/// <summary>A tree in memory, and packages to plan over it.</summary>
internal sealed class PlannedTree : ITreeView
{
    private readonly Dictionary<string, (Node Node, string Target)> _nodes = new() { [""] = (Make(NodeKind.Directory, 0b111_101_101), "") };
    private readonly Dictionary<string, InstalledPackage> _owners = [];

    public Diversions Diversions { get; init; } = Diversions.None;

    public StatOverrides Overrides { get; init; } = StatOverrides.None;

    public Accounts Accounts { get; init; } = Accounts.None;

    public Node? Find(string path) => _nodes.TryGetValue(path, out var found) ? found.Node : null;

    public string ReadLink(string path) => _nodes[path].Target;

    public PlannedTree Folder(string path, int mode = 0b111_101_101, int user = 0)
    {
        _nodes[path] = (Make(NodeKind.Directory, mode) with { User = user }, "");
        return this;
    }

    public PlannedTree Link(string path, string target)
    {
        _nodes[path] = (Make(NodeKind.Link, 0b111_111_111), target);
        return this;
    }

    public PlannedTree File(string path, string? owner = null, string version = "1", string replaces = "")
    {
        _nodes[path] = (Make(NodeKind.File, 0b110_100_100), "");
        if (owner is not null)
            _owners[path] = new InstalledPackage(owner, new DebianVersion(version), RelationField.Parse(replaces));
        return this;
    }

    public Placement Plan(params PackageContents[] packages)
    {
        var placement = new Placement(this, Diversions, Overrides, Accounts, () => new InstalledFiles(_owners));
        foreach (var package in packages)
            placement.Add(package);
        return placement;
    }

    public static PackageContents Package(string name, params ManifestEntry[] entries) =>
        new() { Name = name, Version = new DebianVersion("1"), Entries = entries, FilesFolder = $"/store/{name}" };

    public static ManifestEntry Dir(string path, int mode = 0b111_101_101) => new() { Path = path, Type = EntryType.Directory, Mode = mode };

    public static ManifestEntry Text(string path, int content = 0, int mode = 0b110_100_100) => new() { Path = path, Type = EntryType.File, Mode = mode, Content = content };

    public static ManifestEntry Symlink(string path, string target) => new() { Path = path, Type = EntryType.SymbolicLink, Mode = 0b111_111_111, Target = target };

    public static ManifestEntry Hardlink(string path, string target, int content = 0) => new() { Path = path, Type = EntryType.HardLink, Mode = 0b110_100_100, Target = target, Content = content };

    private static Node Make(NodeKind kind, int mode) => new() { Kind = kind, Mode = mode, User = 0, Group = 0, Size = 0, Time = 0, Inode = 0, Links = 1 };
}
