using System.Security.Cryptography;
using Mayfly.Linux;

namespace Mayfly.Packages.Python;

/// <summary>A wheel in the store, taken apart once: its files by their names in the archive, every one found to be what its <c>RECORD</c> says.</summary>
/// <remarks>
/// What it keeps: a file of the store's <c>wheels/</c>, named by the SHA-256 of the archive (<see cref="WheelPack"/> is its form). How it changes: never; it is there whole or not at all. There is no
/// sync, which would take longer than all else: what a power cut takes away is noticed by a checksum when it is read, and the wheel is taken apart anew. Environments copy from it and have
/// nothing in common with it but blocks that the file system shares, for an editor that writes in place would change every other one; who asks for hard links gets those of <see cref="SharedFiles"/>.
/// </remarks>
public sealed class UnpackedWheel
{
    private const string Title = "unpack wheels";

    private readonly WheelPack _pack;
    private readonly WheelName _name;

    private UnpackedWheel(Store store, string sha256, WheelPack pack, WheelName name) => (Store, Sha256, _pack, _name) = (store, sha256, pack, name);

    /// <summary>The store that it is in.</summary>
    public Store Store { get; }

    /// <summary>Of the archive, in small hexadecimal digits.</summary>
    public string Sha256 { get; }

    public WheelName Name => _name;

    /// <summary>The folder of its metadata: <c>django-4.2.dist-info</c>.</summary>
    public string Information => _pack.Information;

    /// <summary>Every file of it, in the order of their paths.</summary>
    public IReadOnlyList<PackedFile> Files => _pack.Files;

    /// <summary>Its own file <c>METADATA</c>.</summary>
    public byte[] Metadata => Contents($"{Information}/METADATA")!;

    /// <summary>Where it is in the store.</summary>
    public string Place => Store.PathOf(StoreArea.Wheels, Sha256);

    /// <summary>True when the store has it apart; its archive is needed no more then.</summary>
    public static bool IsIn(Store store, string sha256) => store.Has(StoreArea.Wheels, sha256);

    /// <summary>A file's bytes; null when it has none of this name.</summary>
    /// <exception cref="MayflyException">They are not what they were.</exception>
    public byte[]? Contents(string path)
    {
        if (Files.FirstOrDefault(file => file.Path == path) is not { } file)
            return null;
        using var reader = Open();
        return reader.Read(file);
    }

    /// <summary>A text of its metadata; null when it has none of this name.</summary>
    public string? Text(string name)
    {
        if (Contents($"{Information}/{name}") is not { } bytes)
            return null;
        using var reader = new StreamReader(new MemoryStream(bytes));
        return reader.ReadToEnd();
    }

    /// <summary>For reading several of its files.</summary>
    /// <exception cref="MayflyException">It is gone: somebody else found it damaged.</exception>
    public WheelReader Open()
    {
        try
        {
            return new WheelReader(this, FileHandles.OpenFile(Place));
        }
        catch (LinuxException) when (!IsIn(Store, Sha256))
        {
            throw Damaged();
        }
    }

    /// <summary>Refuses it when its metadata are others than those that it was chosen by, which may have been read beside it (PEP 658) or of a part of it.</summary>
    /// <param name="sha256">Of those; null where they are not known.</param>
    /// <exception cref="MayflyException">They are.</exception>
    public void RequireMetadata(string? sha256)
    {
        if (sha256 is not null && Convert.ToHexStringLower(SHA256.HashData(Metadata)) != sha256)
            throw new MayflyException($"the metadata in {Name.Project} {Name.Version} are others than those that its index gave for it", "somebody on the way may have changed it, or the index is damaged: try again later, or name another index");
    }

    /// <summary>All wheels of an environment, apart, each with the metadata that it was chosen by.</summary>
    /// <exception cref="MayflyException">One of them is damaged, hostile, or not what the lock says of it.</exception>
    public static IReadOnlyList<UnpackedWheel> Of(Store store, LockedEnvironment environment, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var wheels = All(store, [.. environment.Wheels.Select(static wheel => (wheel.File, wheel.Sha256))], progress, cancellationToken);
        foreach (var (wheel, locked) in wheels.Zip(environment.Wheels))
            wheel.RequireMetadata(locked.Metadata);
        return wheels;
    }

    /// <summary>Takes those wheels apart that the store does not have apart yet, on all cores, and gives all, in the order asked for.</summary>
    /// <param name="store">Has the archives among its artifacts.</param>
    /// <param name="wheels">Name and SHA-256 of each.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">One of them is damaged, hostile, or not what its name says; none is added then.</exception>
    public static IReadOnlyList<UnpackedWheel> All(Store store, IReadOnlyList<(string Name, string Sha256)> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var found = new Dictionary<string, UnpackedWheel>(StringComparer.Ordinal);
        foreach (var (_, sha256) in wheels)
        {
            if (!found.ContainsKey(sha256) && Find(store, sha256) is { } wheel)
                found.Add(sha256, wheel);
        }

        var missing = wheels.Where(wheel => !found.ContainsKey(wheel.Sha256)).DistinctBy(static wheel => wheel.Sha256)
            .OrderByDescending(wheel => new FileInfo(store.PathOf(StoreArea.Artifacts, wheel.Sha256)).Length).ToArray();
        if (missing.Length > 0)
        {
            using var work = store.BeginWork("wheels");
            var (done, needed, room) = (0, 0L, DiskRoom.Of(work.Path).Bytes);
            AllCores.Each(missing, cancellationToken, wheel =>
            {
                Unpack(store, wheel.Name, wheel.Sha256, Path.Combine(work.Path, wheel.Sha256), bytes => Require(wheel.Name, bytes), cancellationToken);
                progress?.Report(new Activity(Title, wheel.Name) { Done = Interlocked.Increment(ref done), Total = missing.Length });
            });
            foreach (var (name, sha256) in missing)
            {
                store.Commit(Path.Combine(work.Path, sha256), StoreArea.Wheels, sha256, sync: false);
                found.Add(sha256, Find(store, sha256) ?? throw new MayflyException($"the wheel {name} cannot be read in the store {store.Root} although it was just written", "look at the disk"));
                // As it was kept once, a folder with its files.
                if (store.Has(StoreArea.Unpacked, sha256))
                    store.Remove(StoreArea.Unpacked, sha256);
            }

            progress?.Report(new Activity(Title, missing.Length == 1 ? missing[0].Name : $"{missing.Length} wheels") { Done = missing.Length, Total = missing.Length, Ended = true });

            // A disk that will be full is told before it is: others write there, too.
            void Require(string name, long bytes)
            {
                if (Interlocked.Add(ref needed, bytes) is var all && all > room)
                    throw new MayflyException($"the wheel {name} cannot be unpacked into the store {store.Root}: the disk is full but for {room / 1e6:0.0} MB, and {all / 1e6:0.0} MB are needed{(all == bytes ? "" : ", with what is unpacked beside it")}", HostRefusal.MakeRoom);
            }
        }

        return [.. wheels.Select(wheel => Named(found[wheel.Sha256], wheel.Name))];
    }

    /// <summary>The file <c>METADATA</c> of a wheel that is apart; null when it is not.</summary>
    internal static byte[]? MetadataOf(Store store, string sha256) => Find(store, sha256)?.Metadata is { Length: > 0 and <= CoreMetadata.Largest } metadata ? metadata : null;

    /// <summary>The store's files for who links to them.</summary>
    internal SharedFiles Shared() => new(Store, this);

    /// <summary>Those of them that no environment has any more, by their keys in <see cref="StoreArea.Files"/>.</summary>
    public static IReadOnlyList<string> UnusedFiles(Store store) => SharedFiles.Unused(store);

    /// <summary>Takes it out of the store, and says so.</summary>
    internal MayflyException Damaged()
    {
        TakeOut(Store, Sha256);
        return new MayflyException($"the wheel {_pack.Name} was damaged in the store", "it was removed: run the command again, and it is unpacked anew");
    }

    /// <summary>One that is apart already; null when it is not there, and one whose index is damaged goes.</summary>
    public static UnpackedWheel? Find(Store store, string sha256)
    {
        if (!LockFile.IsSha256(sha256) || !IsIn(store, sha256))
            return null;
        using (var file = FileHandles.OpenFile(store.PathOf(StoreArea.Wheels, sha256)))
        {
            if (WheelPack.Read(file) is { } pack && WheelName.TryParse(pack.Name) is { } name)
                return new UnpackedWheel(store, sha256, pack, name);
        }

        TakeOut(store, sha256);
        return null;
    }

    /// <summary>Somebody else may have been faster.</summary>
    private static void TakeOut(Store store, string sha256)
    {
        try
        {
            store.Remove(StoreArea.Wheels, sha256);
        }
        catch (LinuxException) when (!IsIn(store, sha256))
        {
        }
    }

    /// <summary>Who says a digest of one wheel and the name of another shall not get the one for the other.</summary>
    private static UnpackedWheel Named(UnpackedWheel found, string name) =>
        WheelName.TryParse(name) is { } meant && meant.Project == found.Name.Project && meant.Version == found.Name.Version ? found
            : throw new MayflyException($"'{name}' has the digest of {found.Name.Project} {found.Name.Version}", "whoever said that digest is wrong: make the lock anew, or name another index");

    private static void Unpack(Store store, string name, string sha256, string path, Action<long> require, CancellationToken cancellationToken)
    {
        var archive = store.PathOf(StoreArea.Artifacts, sha256);
        try
        {
            using var file = FileHandles.OpenFile(archive);
            // Whatever happened to it on the disk since it was fetched, its name is the digest of these bytes.
            using (var bytes = new FileStream(archive, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != sha256)
                {
                    File.Delete(archive);
                    throw new MayflyException($"the wheel {name} was damaged in the store", "it was removed: run the command again, and it is fetched anew");
                }
            }

            WheelPacking.Write(WheelArchive.Read(file, name), name, path, require, cancellationToken);
        }
        catch (IOException e)
        {
            throw new MayflyException($"the wheel {name} cannot be unpacked into the store {store.Root}: {HostRefusal.Why(e)}", HostRefusal.IsFull(e) ? HostRefusal.MakeRoom : "look at the disk and at who may write there", e);
        }
    }
}
