using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Packages.Python;

/// <summary>A wheel in the store, taken apart once: its files by their names in the archive, every one found to be what its <c>RECORD</c> says.</summary>
/// <remarks>
/// What it keeps: a folder of the store's <c>unpacked/</c>, named by the SHA-256 of the archive; in it <c>name</c>, the file's name, which says what it is, and <c>files/</c>. How it
/// changes: never; it is there whole or not at all. There is no sync, which would take longer than all else: what a power cut takes away is noticed when it is read, or by its length when it is
/// copied. Environments copy from it and never link to it, for an editor that writes in place would change every other one.
/// </remarks>
public sealed class UnpackedWheel
{
    private const int Everybody = 0b110_100_100, Runs = 0b111_101_101;

    private readonly string _folder;

    private UnpackedWheel(string sha256, string folder)
    {
        (Sha256, _folder) = (sha256, folder);
        Name = WheelName.TryParse(File.ReadAllText($"{folder}/name"))!;
        Information = Path.GetFileName(Directory.GetDirectories(FilesFolder, "*.dist-info").Single());
        Record = RecordEntry.Read(File.ReadAllText($"{FilesFolder}/{Information}/RECORD"));
    }

    /// <summary>Of the archive, in small hexadecimal digits.</summary>
    public string Sha256 { get; }

    public WheelName Name { get; }

    /// <summary>The folder of its metadata: <c>django-4.2.dist-info</c>.</summary>
    public string Information { get; }

    /// <summary>Every file of it, with digest and size.</summary>
    public IReadOnlyList<RecordEntry> Record { get; }

    private string FilesFolder => $"{_folder}/files";

    /// <summary>The file's path in the store.</summary>
    public string PathOf(string file) => $"{FilesFolder}/{file}";

    /// <summary>A text of its metadata; null when it has none of this name.</summary>
    public string? Text(string name) => PathOf($"{Information}/{name}") is var path && File.Exists(path) ? File.ReadAllText(path) : null;

    /// <summary>Refuses it when its metadata are others than those that it was chosen by, which may have been read beside it (PEP 658) or of a part of it.</summary>
    /// <param name="sha256">Of those; null where they are not known.</param>
    /// <exception cref="MayflyException">They are.</exception>
    public void RequireMetadata(string? sha256)
    {
        if (sha256 is not null && Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(PathOf($"{Information}/METADATA")))) != sha256)
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
        const string Title = "unpack wheels";
        var missing = wheels.Where(wheel => !IsApart(store, wheel.Sha256)).DistinctBy(static wheel => wheel.Sha256)
            .OrderByDescending(wheel => new FileInfo(store.PathOf(StoreArea.Artifacts, wheel.Sha256)).Length).ToArray();
        if (missing.Length > 0)
        {
            using var work = store.BeginWork("wheels");
            var done = 0;
            try
            {
                Parallel.ForEach(missing, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, wheel =>
                {
                    Unpack(store, wheel.Name, wheel.Sha256, Path.Combine(work.Path, wheel.Sha256));
                    progress?.Report(new Activity(Title, wheel.Name) { Done = Interlocked.Increment(ref done), Total = missing.Length });
                });
            }
            catch (AggregateException e) when (e.InnerException is { } inner)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
            }

            foreach (var (_, sha256) in missing)
                store.Commit(Path.Combine(work.Path, sha256), StoreArea.Unpacked, sha256, sync: false);
            progress?.Report(new Activity(Title, missing.Length == 1 ? missing[0].Name : $"{missing.Length} wheels") { Done = missing.Length, Total = missing.Length, Ended = true });
        }

        return [.. wheels.Select(wheel => Named(new UnpackedWheel(wheel.Sha256, store.PathOf(StoreArea.Unpacked, wheel.Sha256)), wheel.Name))];
    }

    /// <summary>The file <c>METADATA</c> of a wheel that is apart; null when it is not.</summary>
    internal static byte[]? MetadataOf(Store store, string sha256)
    {
        if (!IsApart(store, sha256))
            return null;
        var path = $"{Directory.GetDirectories($"{store.PathOf(StoreArea.Unpacked, sha256)}/files", "*.dist-info")[0]}/METADATA";
        return new FileInfo(path) is { Exists: true, Length: > 0 and <= CoreMetadata.Largest } ? File.ReadAllBytes(path) : null;
    }

    /// <summary>One of which a power cut has taken the files that say what it is goes, and is taken apart anew.</summary>
    private static bool IsApart(Store store, string sha256)
    {
        if (!store.Has(StoreArea.Unpacked, sha256))
            return false;
        var folder = store.PathOf(StoreArea.Unpacked, sha256);
        if (File.Exists($"{folder}/name") && WheelName.TryParse(File.ReadAllText($"{folder}/name")) is not null && Directory.Exists($"{folder}/files")
            && Directory.GetDirectories($"{folder}/files", "*.dist-info") is [var information] && new FileInfo($"{information}/RECORD") is { Exists: true, Length: > 0 })
            return true;
        store.Remove(StoreArea.Unpacked, sha256);
        return false;
    }

    /// <summary>Who says a digest of one wheel and the name of another shall not get the one for the other.</summary>
    private static UnpackedWheel Named(UnpackedWheel found, string name) =>
        WheelName.TryParse(name) is { } meant && meant.Project == found.Name.Project && meant.Version == found.Name.Version ? found
            : throw new MayflyException($"'{name}' has the digest of {found.Name.Project} {found.Name.Version}", "whoever said that digest is wrong: make the lock anew, or name another index");

    private static void Unpack(Store store, string name, string sha256, string folder)
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

            var wheel = WheelArchive.Read(file, name);
            Directory.CreateDirectory($"{folder}/files");
            File.WriteAllText($"{folder}/name", name, Encoding.ASCII);
            var folders = new HashSet<string>(StringComparer.Ordinal);
            foreach (var path in wheel.Files)
            {
                var target = $"{folder}/files/{path}";
                if (Path.GetDirectoryName(target) is { } parent && folders.Add(parent))
                    Directory.CreateDirectory(parent);
                using (var written = new FileStream(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
                    wheel.CopyTo(path, written);
                Files.ChangeMode(target, wheel.IsExecutable(path) ? Runs : Everybody);
            }
        }
        catch (IOException e)
        {
            throw new MayflyException($"the wheel {name} cannot be unpacked into the store {store.Root}: {HostRefusal.Why(e)}", HostRefusal.IsFull(e) ? HostRefusal.MakeRoom : "look at the disk and at who may write there", e);
        }
    }
}
