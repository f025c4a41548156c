using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Packages;

/// <summary>
/// The content-addressed folder of artifacts, unpacked packages and layers.
/// </summary>
/// <remarks>
/// What it keeps: one folder an <see cref="StoreArea"/>, in it one entry a key, and <c>tmp/</c> for work in progress.
/// How it changes: work happens in a folder of <c>tmp/</c> and is committed by one rename; a name that exists is whole and
/// verified, so readers need no lock. A writer killed anywhere leaves a folder in <c>tmp/</c> that names its process, by number and
/// time of start, for numbers come again; whoever opens the store next removes those whose process is gone. Nothing is ever changed in place.
/// Every command that uses entries holds <see cref="LockShared"/>; only pruning takes the lock alone.
/// Why not a database of entries: the file system's names already are one, and cannot disagree with themselves.
/// </remarks>
public sealed class Store
{
    private const string Turn = "turn-";

    private static readonly ProcessIdentity Self = ProcessIdentity.Of(Environment.ProcessId)!.Value;

    private Store(string root) => Root = root;

    /// <summary>The absolute path of the store.</summary>
    public string Root { get; }

    /// <summary>
    /// Opens the store, creating its folders when they are missing: at <paramref name="root"/>, else where
    /// <c>MAYFLY_STORE</c> says, else <c>/var/lib/mayfly</c> for root and <c>~/.local/share/mayfly</c> for everybody else.
    /// </summary>
    public static Store Open(string? root = null)
    {
        root ??= Environment.GetEnvironmentVariable("MAYFLY_STORE") is { Length: > 0 } chosen ? chosen
            : Environment.IsPrivilegedProcess ? "/var/lib/mayfly"
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "mayfly");
        var store = new Store(Path.GetFullPath(root));
        try
        {
            // Others may look (images hold no secrets) but an instance's users must not reach into the store by accident.
            Directory.CreateDirectory(store.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            foreach (var area in Enum.GetValues<StoreArea>())
                Directory.CreateDirectory(store.Folder(area));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"the store {store.Root} cannot be opened: {(HostRefusal.IsFull(e) ? HostRefusal.Why(e, store.Root) : e.Message)}",
                "set MAYFLY_STORE to a folder that you may write, on a disk with room", e);
        }

        store.RemoveAbandonedWork();
        return store;
    }

    /// <summary>The folder of one kind of entry.</summary>
    public string Folder(StoreArea area) => Path.Combine(Root, area.ToString().ToLowerInvariant());

    /// <summary>Where the entry of this key is, or will be.</summary>
    public string PathOf(StoreArea area, string key) => Path.Combine(Folder(area), key);

    /// <summary>True when the entry exists, and so is whole.</summary>
    public bool Has(StoreArea area, string key) => Path.Exists(PathOf(area, key));

    /// <summary>A new empty folder on the store's file system to work in; it is removed when disposed.</summary>
    public WorkFolder BeginWork(string purpose)
    {
        var path = Path.Combine(Folder(StoreArea.Tmp), string.Create(CultureInfo.InvariantCulture, $"{Self.Id}.{Self.StartTime}-{purpose}-{Guid.NewGuid().ToString("n")[..8]}"));
        Directory.CreateDirectory(path);
        return new WorkFolder(path);
    }

    /// <summary>The file whose flock is the right to make the entry of this key; what a killed process leaves of it goes as its work does.</summary>
    public string TurnOf(string key) => Path.Combine(Folder(StoreArea.Tmp), Turn + key);

    /// <summary>
    /// Makes <paramref name="work"/> (a file or folder made in a <see cref="WorkFolder"/>) the entry of this key by one rename.
    /// When another process was first, its entry stays and the work is left for the work folder's disposal.
    /// </summary>
    /// <returns>The entry's path.</returns>
    public string Commit(string work, StoreArea area, string key, bool sync = true)
    {
        var destination = PathOf(area, key);
        Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
        if (sync)
            Files.SyncFileSystem(Root);
        try
        {
            if (!Path.Exists(destination))
                Files.Rename(work, destination);
        }
        catch (LinuxException) when (Path.Exists(destination))
        {
        }

        return destination;
    }

    /// <summary>What is said when something cannot be written into the store.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="failure">What the disk said.</param>
    /// <param name="needed">Bytes of it that are not there yet; 0 where that is not known.</param>
    public MayflyException Refusal(string what, Exception failure, long needed = 0) => new($"{what} cannot be written into the store {Root}: {HostRefusal.Why(failure, Root)}",
        HostRefusal.IsFull(failure) ? HostRefusal.MakeRoomIn(Root, needed) : "look at the disk and the permissions of that folder", failure);

    /// <summary>Takes an entry away: out of sight by one rename first, since a half-removed one must not be found.</summary>
    public void Remove(StoreArea area, string key)
    {
        using var work = BeginWork("remove");
        Files.Rename(PathOf(area, key), Path.Combine(work.Path, key));
    }

    /// <summary>Held by everything that reads or adds entries, so that pruning waits.</summary>
    /// <param name="progress">Told when a store that is being pruned is waited for.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="handedDown">True when the program that this process becomes shall hold it too.</param>
    /// <exception cref="MayflyException">The store may not be written.</exception>
    public IDisposable LockShared(IProgress<Activity>? progress = null, CancellationToken cancellationToken = default, bool handedDown = false) => StoreLock.Take(Root, exclusive: false, handedDown, progress, cancellationToken);

    /// <summary>Held by pruning alone.</summary>
    /// <param name="progress">Told of those that are waited for.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MayflyException">The store may not be written.</exception>
    public IDisposable LockExclusive(IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) => StoreLock.Take(Root, exclusive: true, handedDown: false, progress, cancellationToken);

    private void RemoveAbandonedWork()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(Folder(StoreArea.Tmp)))
        {
            if (Path.GetFileName(path).StartsWith(Turn, StringComparison.Ordinal))
            {
                // Who waits for it, and gets it when it is let go of here, sees that the name is gone.
                using var file = FileHandles.OpenOrCreate(path);
                if (Files.Lock(file, exclusive: true, wait: false))
                    File.Delete(path);
                continue;
            }

            var owner = Path.GetFileName(path).Split('-')[0].Split('.');
            if (!int.TryParse(owner[0], CultureInfo.InvariantCulture, out var id))
                continue;
            if (owner is [_, var start, ..] && ulong.TryParse(start, CultureInfo.InvariantCulture, out var time) ? new ProcessIdentity(id, time).Lives : Directory.Exists($"/proc/{id}"))
                continue;
            WorkFolder.Remove(path);
        }
    }
}
