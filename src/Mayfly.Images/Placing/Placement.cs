using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Placing;

/// <summary>
/// Plans where the files of packages go over an existing tree, as dpkg would unpack them, as data: a list of names to make in
/// a new layer. Pure; <see cref="TreeWriter"/> carries it out.
/// </summary>
/// <remarks>
/// The rules are those of dpkg's tarobject(): a folder over a link to a folder keeps the link, a link over a folder does
/// nothing, the first owner decides a folder's mode, a file of another package needs Replaces (policy 7.6.1), configuration
/// files wait as <c>.dpkg-new</c> for dpkg's own decision. Beyond dpkg's: a package may not write through a link that it
/// brought itself, whatever a link says stays inside the root, and one path reached by two names is one path.
/// </remarks>
internal sealed class Placement
{
    private const int MostLinks = 40;

    private readonly ITreeView _below;
    private readonly Diversions _diversions;
    private readonly StatOverrides _overrides;
    private readonly Accounts _accounts;
    private readonly Lazy<InstalledFiles> _installed;
    private readonly Dictionary<string, int> _placed = new(StringComparer.Ordinal);
    private readonly List<Placed?> _list = [];
    private readonly Dictionary<string, Folder> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PackageContents> _packages = new(StringComparer.Ordinal);
    private readonly List<LostFile> _lost = [];
    private bool _converted;

    public Placement(ITreeView below, Diversions diversions, StatOverrides overrides, Accounts accounts, Func<InstalledFiles> installed)
    {
        (_below, _diversions, _overrides, _accounts, _installed) = (below, diversions, overrides, accounts, new Lazy<InstalledFiles>(installed));
        _folders[""] = new Folder("", []);
    }

    /// <summary>What to make, parents first.</summary>
    public IEnumerable<Placed> Names => _list.OfType<Placed>();

    /// <summary>Files that a package below lost to a new one, to be taken from its list.</summary>
    public IReadOnlyList<LostFile> Lost => _lost;

    /// <summary>
    /// Makes links at the root's top that must stand before any package: the merged <c>/usr</c>. What lies behind them is as usrmerge's
    /// conversion leaves it, which copies name by name: hard links come apart.
    /// </summary>
    public void AddMergedFolders(IEnumerable<string> names)
    {
        _converted = true;
        foreach (var name in names)
        {
            EnsureFolder("usr", null);
            EnsureFolder($"usr/{name}", null);
            Add(new Placed { Path = name, Kind = NodeKind.Link, Mode = 0x1ff, User = 0, Group = 0, Time = 0, Target = $"usr/{name}" });
        }
    }

    /// <summary>A folder that the new layer must have, whoever brings it.</summary>
    public void AddFolder(string path) => EnsureFolder(ResolveFolder(path, "", 0).Path, null);

    /// <summary>Where a package's name really is: diverted, links of its parents followed.</summary>
    public string RealPath(string path, string package)
    {
        var logical = _diversions.Apply(path, package);
        return Join(ResolveFolder(Parent(logical), package, 0).Path, Last(logical));
    }

    /// <summary>A file, folder or link that no package brings; it stands over whatever file is there.</summary>
    public void AddGiven(Placed given)
    {
        Check(given.Path, "");
        var path = RealPath(given.Path, "");
        switch (FindNode(path)?.Kind)
        {
            case NodeKind.Directory when given.Kind == NodeKind.Directory:
                EnsureFolder(path, null);
                return;
            case NodeKind.Directory:
                throw new MayflyException($"/{given.Path} is a folder in the image, and a file should be put there", "name the file's own path, ending in its name");
            case NodeKind.Link when given.Kind == NodeKind.Directory:
                EnsureFolder(ResolveFolder(given.Path, "", 0).Path, null);
                return;
            case not null when _placed.TryGetValue(path, out var index):
                _list[index] = null;
                break;
        }

        EnsureFolder(Parent(path), null);
        Add(given with { Path = path });
    }

    public void Add(PackageContents package)
    {
        _packages[package.Name] = package;
        var made = new Dictionary<string, Placed>(StringComparer.Ordinal);
        foreach (var entry in package.Entries)
            Add(package, entry, made);
    }

    private void Add(PackageContents package, ManifestEntry entry, Dictionary<string, Placed> made)
    {
        Check(entry.Path, package.Name);
        if (entry.Type == EntryType.Directory)
        {
            AddFolder(package, entry);
            return;
        }

        if (entry.Path.Length == 0)
            throw Refused(package.Name, "", "its archive's root is no folder");
        var logical = _diversions.Apply(entry.Path, package.Name);
        var path = Join(Resolve(Parent(logical), package.Name), Last(logical));
        var before = FindNode(path);
        if (before is { Kind: NodeKind.Directory })
        {
            // dpkg leaves a folder that a link would replace: the files in it are other packages' own.
            if (entry.Type == EntryType.SymbolicLink)
                return;
            throw Refused(package.Name, path, "a folder is already there");
        }

        if (before is not null && !Takes(package, path))
            return;

        var conffile = entry.Type is EntryType.File or EntryType.HardLink && package.Conffiles.Contains(entry.Path);
        var (user, group) = Owner(entry);
        var mode = entry.Mode;
        var copy = conffile || !package.OwnersApplied || user != entry.UserId || group != entry.GroupId;
        if (_overrides.TryFind(entry.Path, _accounts, out var wantedUser, out var wantedGroup, out var wantedMode))
            (user, group, mode, copy) = (wantedUser, wantedGroup, wantedMode, true);
        EnsureFolder(Parent(path), package.Name);
        var placed = new Placed
        {
            Path = conffile ? $"{path}.dpkg-new" : path,
            Kind = Kind(entry.Type),
            Mode = mode,
            User = user,
            Group = group,
            Time = entry.Time,
            Package = package.Name,
            Target = entry.Type == EntryType.SymbolicLink ? entry.Target : "",
            DeviceMajor = entry.DeviceMajor,
            DeviceMinor = entry.DeviceMinor,
            Attributes = entry.Attributes,
            Copy = copy,
        };
        if (entry.Type is EntryType.File or EntryType.HardLink)
            placed = placed with { Source = $"{package.FilesFolder}/{entry.Content}" };
        var apart = _converted && path != entry.Path;
        if (entry.Type == EntryType.HardLink && apart)
        {
            placed = placed with { Copy = true };
        }
        else if (entry.Type == EntryType.HardLink && made.TryGetValue(entry.Target, out var first))
        {
            // One inode has one owner and mode: the first name's. Where the store's file serves, its own links do.
            placed = first.Copy
                ? placed with { SameAs = first.Path, Copy = true, Mode = first.Mode, User = first.User, Group = first.Group }
                : placed with { Copy = conffile };
        }

        made[entry.Path] = placed;
        Add(placed);
    }

    private void AddFolder(PackageContents package, ManifestEntry entry)
    {
        if (entry.Path.Length == 0)
        {
            if (FindNode("") is null)
                Add(FolderOf("", package, entry));
            return;
        }

        // A folder is diverted like everything else: where base-files diverts /bin, another package's /bin is made under the other name, empty.
        var logical = _diversions.Apply(entry.Path, package.Name);
        var parent = Resolve(Parent(logical), package.Name);
        var path = Join(parent, Last(logical));
        switch (FindNode(path)?.Kind)
        {
            case null:
                EnsureFolder(parent, package.Name);
                Add(FolderOf(path, package, entry));
                _folders[path] = new Folder(path, []);
                return;
            case NodeKind.Directory:
                return;
            case NodeKind.Link:
                // A link to a folder stays; one to anything else is found out when it is followed.
                Resolve(logical, package.Name, checkLinks: false);
                return;
            default:
                throw Refused(package.Name, path, "it is a folder in this package, and a file is already there");
        }
    }

    private Placed FolderOf(string path, PackageContents package, ManifestEntry entry)
    {
        var (user, group) = Owner(entry);
        var mode = entry.Mode;
        if (_overrides.TryFind(entry.Path, _accounts, out var wantedUser, out var wantedGroup, out var wantedMode))
            (user, group, mode) = (wantedUser, wantedGroup, wantedMode);
        return new Placed { Path = path, Kind = NodeKind.Directory, Mode = mode, User = user, Group = group, Time = entry.Time, Package = package.Name, Attributes = entry.Attributes };
    }

    /// <summary>True when the package may put its file where one is; false when the other's stays (it replaces this package).</summary>
    private bool Takes(PackageContents package, string path)
    {
        if (_placed.TryGetValue(path, out var index) || _placed.TryGetValue($"{path}.dpkg-new", out index))
        {
            var owner = _list[index]!.Package;
            if (owner is null)
                return true;
            if (owner == package.Name)
                throw Refused(package.Name, path, "it brings this path twice, by two names");
            var other = _packages[owner];
            if (package.MayReplace(other.Name, other.Version))
            {
                // The loser's list still names it: the database leaves it out.
                _lost.Add(new LostFile(owner, path));
                _placed.Remove(_list[index]!.Path);
                _list[index] = null;
                return true;
            }

            return other.MayReplace(package.Name, package.Version) ? false : throw Overlap(package.Name, owner, path);
        }

        if (_installed.Value.OwnerOf(path) is not { } installed || installed.Name == package.Name)
            return true;
        if (package.MayReplace(installed.Name, installed.Version))
        {
            _lost.Add(new LostFile(installed.Name, path));
            return true;
        }

        return installed.Replaces.Any(entry => entry.Alternatives.Any(relation => relation.Name == package.Name && relation.Allows(package.Version)))
            ? false
            : throw Overlap(package.Name, installed.Name, path);
    }

    /// <summary>The real folder behind a path, links followed inside the root. A folder that is not there is made, as dpkg's own parents are.</summary>
    private string Resolve(string path, string package, bool checkLinks = true)
    {
        var folder = ResolveFolder(path, package, 0);
        if (checkLinks && folder.Links.Contains(package))
            throw Refused(package, path, "its own link leads there, and files may not be written through it");
        return folder.Path;
    }

    private Folder ResolveFolder(string path, string package, int links)
    {
        if (_folders.TryGetValue(path, out var known))
            return known;
        if (links > MostLinks)
            throw Refused(package, path, "its links lead in a circle");
        var parent = ResolveFolder(Parent(path), package, links);
        var name = Last(path);
        Folder found;
        if (name == "..")
            found = parent with { Path = Parent(parent.Path) };
        else
        {
            var real = Join(parent.Path, name);
            found = FindNode(real)?.Kind switch
            {
                null => MakeFolder(real, parent, package),
                NodeKind.Directory => new Folder(real, parent.Links),
                NodeKind.Link => Follow(real, parent, package, links),
                _ => throw Refused(package, real, "it should be a folder, and a file is there"),
            };
        }

        _folders[path] = found;
        return found;
    }

    private Folder MakeFolder(string path, Folder parent, string package)
    {
        EnsureFolder(path, package);
        return new Folder(path, parent.Links);
    }

    private Folder Follow(string link, Folder parent, string package, int links)
    {
        var (target, owner) = _placed.TryGetValue(link, out var index)
            ? (_list[index]!.Target, _list[index]!.Package)
            : (_below.ReadLink(link), null);
        var text = target.StartsWith('/') ? target : $"{parent.Path}/{target}";
        var cleaned = string.Join('/', text.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(static part => part != "."));
        var found = ResolveFolder(cleaned, package, links + 1);
        IReadOnlyList<string> owners = owner is null ? [.. parent.Links, .. found.Links] : [.. parent.Links, .. found.Links, owner];
        return new Folder(found.Path, owners);
    }

    /// <summary>The new layer needs every folder on the way; one that lies below is repeated with the mode and owner it has.</summary>
    private void EnsureFolder(string path, string? package)
    {
        if (_placed.ContainsKey(path))
            return;
        if (path.Length > 0)
            EnsureFolder(Parent(path), package);
        var below = _below.Find(path);
        Add(new Placed
        {
            Path = path,
            Kind = NodeKind.Directory,
            Mode = below?.Mode ?? 0x1ed,
            User = below?.User ?? 0,
            Group = below?.Group ?? 0,
            Time = below?.Time ?? 0,
            Package = below is null ? package : null,
        });
    }

    private void Add(Placed placed)
    {
        _placed[placed.Path] = _list.Count;
        _list.Add(placed);
    }

    private Node? FindNode(string path)
    {
        if (_placed.TryGetValue(path, out var index) || _placed.TryGetValue($"{path}.dpkg-new", out index))
        {
            var placed = _list[index]!;
            return new Node { Kind = placed.Kind, Mode = placed.Mode, User = placed.User, Group = placed.Group, Size = 0, Time = placed.Time, Inode = 0, Links = 1 };
        }

        return _below.Find(path);
    }

    /// <summary>dpkg takes the id of the owner's name where the system knows it, else the number.</summary>
    private (int User, int Group) Owner(ManifestEntry entry) =>
        (_accounts.FindUser(entry.User) ?? entry.UserId, _accounts.FindGroup(entry.Group) ?? entry.GroupId);

    private static NodeKind Kind(EntryType type) => type switch
    {
        EntryType.SymbolicLink => NodeKind.Link,
        EntryType.CharacterDevice => NodeKind.CharacterDevice,
        EntryType.BlockDevice => NodeKind.BlockDevice,
        EntryType.Fifo => NodeKind.Pipe,
        EntryType.Directory => NodeKind.Directory,
        _ => NodeKind.File,
    };

    /// <summary>The unpacker has refused such names already; a manifest may come from elsewhere, and this is where it would hurt.</summary>
    private static void Check(string path, string package)
    {
        if (path.Length == 0)
            return;
        foreach (var part in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(part) is "" or "." or ".." || path.Contains('\0'))
                throw Refused(package, path, "this path would leave the tree");
        }
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";

    private static string Last(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string Join(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    private static MayflyException Refused(string package, string path, string why) =>
        new($"package {package} is refused at /{path}: {why}", "nothing was installed; ask for another version of it, or report this to its maintainer");

    private static MayflyException Overlap(string package, string owner, string path) =>
        new($"packages {package} and {owner} both bring /{path}, and neither says that it replaces the other",
            "they cannot be in one image: put them into different components, or leave one out");

    /// <param name="Path">The real path.</param>
    /// <param name="Links">The packages whose links, placed now, were followed on the way.</param>
    private sealed record Folder(string Path, IReadOnlyList<string> Links);
}

/// <summary>A file that now belongs to another package.</summary>
/// <param name="Package">The one that lost it.</param>
/// <param name="Path">The real path.</param>
internal sealed record LostFile(string Package, string Path);

/// <summary>Who owns what lies below; asked only when a name is already there.</summary>
internal sealed class InstalledFiles(IReadOnlyDictionary<string, InstalledPackage> owners)
{
    public static readonly InstalledFiles None = new(new Dictionary<string, InstalledPackage>());

    public InstalledPackage? OwnerOf(string path) => owners.TryGetValue(path, out var owner) ? owner : null;
}
