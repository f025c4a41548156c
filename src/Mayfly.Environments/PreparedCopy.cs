using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>The files of a wheel as an environment gets them, made before one asks for them: the next one has them by one rename.</summary>
/// <remarks>
/// What it keeps: the store's <c>prepared/</c>, in it a folder of this name for a wheel, by the SHA-256 of its archive: the one folder among the wheel's own that has most files. How it changes: it is made whole, by a process of
/// its own after a command that had to copy these files, and is there once all of it is on the disk, so that a power cut leaves no half of it; the next environment takes it by one rename, has it for itself, and
/// the store has none until another one is made. Whoever finds none, or cannot take it (another file system, owner or mask, a folder of that name that is there already), copies, as without it.
/// Why: a file system takes longest for making files and folders, whoever asks for them and whatever is in them, so an installer that makes them when it is asked cannot be faster than that; and mostly nobody waits for anything
/// a moment later. Why not for every wheel: it takes the room of one more environment, so there is one only of what has many files, and takes little of the room that the disk has.
/// </remarks>
public sealed class PreparedCopy
{
    /// <summary>Fewer files are made as fast as somebody can look.</summary>
    public const int Least = 500;

    /// <summary>So many are kept; the oldest one goes when there are more.</summary>
    public const int Most = 8;

    /// <summary>What is free on the disk is at least so many times what one takes.</summary>
    private const int Ample = 50;

    /// <summary>Bytes that one takes at most: what is gained grows with the number of files, and what it costs with their size.</summary>
    private const long Largest = 256 << 20;

    private readonly UnpackedWheel _wheel;
    private readonly IReadOnlyList<PackedFile> _files;

    private PreparedCopy(UnpackedWheel wheel, string folder, IReadOnlyList<PackedFile> files) => (_wheel, Folder, _files) = (wheel, folder, files);

    /// <summary>The folder's name, in the wheel and among the packages of an environment.</summary>
    public string Folder { get; }

    /// <summary>The wheel's SHA-256.</summary>
    public string Sha256 => _wheel.Sha256;

    /// <summary>True when the next environment can have it.</summary>
    public bool IsThere => _wheel.Store.Has(StoreArea.Prepared, Sha256);

    private string Place => _wheel.Store.PathOf(StoreArea.Prepared, Sha256);

    /// <summary>Of a wheel; null when no folder of it has so many files.</summary>
    public static PreparedCopy? Of(UnpackedWheel wheel)
    {
        if (wheel.Files.Count < Least)
            return null;
        var largest = wheel.Files.Select(static file => (File: file, End: file.Path.IndexOf('/', StringComparison.Ordinal))).Where(static one => one.End > 0).GroupBy(static one => one.File.Path[..one.End], static one => one.File)
            .Where(static folder => !folder.Key.EndsWith(".data", StringComparison.Ordinal) && !folder.Key.EndsWith(".dist-info", StringComparison.Ordinal)).MaxBy(static folder => folder.Count());
        return largest is not null && largest.Count() >= Least ? new PreparedCopy(wheel, largest.Key, [.. largest]) : null;
    }

    /// <summary>Those that the next environment would gain by: of wheels that have none, where it could be taken and leaves the disk its room.</summary>
    /// <param name="wheels">What came into an environment.</param>
    /// <param name="environment">That environment: the next one is taken to be like it.</param>
    public static IReadOnlyList<PreparedCopy> Wanted(IEnumerable<UnpackedWheel> wheels, VirtualEnvironment environment) => environment.Links != LinkMode.Copy ? []
        : [.. wheels.Select(Of).OfType<PreparedCopy>().Where(one => !one.IsThere && PlaceOf(one._wheel.Store.Folder(StoreArea.Prepared)) == PlaceOf(environment.PackagesFolder) && one.HasRoom)];

    /// <summary>On which file system a folder is, and whose.</summary>
    private static (ulong FileSystem, int User, int Group) PlaceOf(string folder)
    {
        var node = Nodes.Read(folder);
        return (node.FileSystem, node.User, node.Group);
    }

    private bool HasRoom => DiskRoom.Of(_wheel.Store.Root) is var room && EnvironmentTree.RoomFor(_files.Select(static file => file.Size)) is <= Largest and var needed && Ample * needed <= room.Bytes && Ample * (long)_files.Count <= room.Files;

    /// <summary>Makes it, unless somebody else does or has.</summary>
    /// <exception cref="MayflyException">The wheel is damaged, and has been taken out of the store.</exception>
    /// <exception cref="IOException">The disk has no room.</exception>
    public void Make(CancellationToken cancellationToken = default)
    {
        var turn = _wheel.Store.TurnOf($"prepared-{Sha256}");
        using var held = FileHandles.OpenOrCreate(turn);
        if (!Files.Lock(held, exclusive: true, wait: false))
            return;
        try
        {
            if (IsThere || !HasRoom)
                return;
            using var work = _wheel.Store.BeginWork("prepared");
            var made = $"{work.Path}/{Folder}";
            Directory.CreateDirectory(made);
            EnvironmentTree.Write(made, [new WheelPlan { Wheel = _wheel, Files = [.. _files.Select(file => new PlannedFile(file.Path[(Folder.Length + 1)..]) { Source = file, Runs = file.Runs })] }], LinkMode.Copy, null, cancellationToken);
            _wheel.Store.Commit(made, StoreArea.Prepared, Sha256);
            RemoveOldest(_wheel.Store);
        }
        finally
        {
            File.Delete(turn);
        }
    }

    /// <summary>Takes it for an environment that is being made: what of a plan is yet to be written.</summary>
    /// <param name="root">The environment.</param>
    /// <param name="plan">What the wheel brings there.</param>
    /// <returns>All of the plan's files where it was not to be had.</returns>
    internal static IReadOnlyList<PlannedFile> Take(string root, WheelPlan plan)
    {
        if (Of(plan.Wheel) is not { } copy || Nodes.Find(copy.Place) is not { Kind: NodeKind.Directory } prepared)
            return plan.Files;
        var packages = plan.Files[^1].Path[..^$"{plan.Wheel.Information}/RECORD".Length];
        var folder = $"{packages}{copy.Folder}/";
        var rest = plan.Files.Where(file => !file.Path.StartsWith(folder, StringComparison.Ordinal)).ToArray();
        // What the wheel's data bring into the same folder, and what is made for this environment, is not in it.
        if (plan.Files.Count - rest.Length != copy._files.Count || rest.Any(file => file.Source is { } source && source.Path.StartsWith($"{copy.Folder}/", StringComparison.Ordinal)) || Path.Exists($"{root}/{folder}"))
            return plan.Files;
        try
        {
            // The first folder that this process makes tells what all of them would be: by its mask, its user, and a group and access lists that the folder above may hand down.
            var first = $"{root}/{packages}{plan.Wheel.Information}";
            Directory.CreateDirectory(first);
            if (Nodes.Read(first) is var usual && ((usual.Mode, usual.User, usual.Group) != (prepared.Mode, prepared.User, prepared.Group) || !Attributes(first).SequenceEqual(Attributes(copy.Place))))
                return plan.Files;
            Files.Rename(copy.Place, $"{root}/{folder[..^1]}");
            return rest;
        }
        catch (LinuxException)
        {
            // Another file system; or somebody was faster.
            return plan.Files;
        }
    }

    /// <summary>Access lists and labels, which a rename keeps and a new file would have of its folder.</summary>
    private static IEnumerable<(string Name, string Value)> Attributes(string path) => Nodes.AttributeNames(path).Select(name => (name, Convert.ToHexString(Nodes.ReadAttribute(path, name) ?? [])));

    private static void RemoveOldest(Store store)
    {
        foreach (var key in All(store).Select(key => (Key: key, Node: Nodes.Find(store.PathOf(StoreArea.Prepared, key)))).OrderByDescending(static one => one.Node?.Time).Skip(Most).Select(static one => one.Key))
        {
            try
            {
                store.Remove(StoreArea.Prepared, key);
            }
            catch (LinuxException)
            {
                // An environment has taken it meanwhile.
            }
        }
    }

    /// <summary>All that a store has, by their keys; whoever removes them takes nothing from anybody but the time of the next copying.</summary>
    public static IReadOnlyList<string> All(Store store) => [.. Directory.EnumerateDirectories(store.Folder(StoreArea.Prepared)).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
}
