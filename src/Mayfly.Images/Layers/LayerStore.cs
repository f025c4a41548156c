using System.Collections.Concurrent;
using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Images.Layers;

/// <summary>
/// The layers of a store, each in <c>layers/KEY/</c> as <c>tree/</c> (overlayfs's form of a lower folder) and <c>layer.json</c>.
/// </summary>
/// <remarks>
/// What it keeps: finished layers by the hash of their inputs and of all below. How it changes: a layer is made in a work folder and
/// committed by one rename; two builders of one key take turns at a lock file beside it, and the second finds the first one's
/// layer. The lock is a flock, so a killed builder holds nothing. Nothing is edited afterwards: the files are hard links to the
/// store's unpacked packages and serve many layers at once. Why the tree and not an archive: instances mount it as it is.
/// </remarks>
internal sealed class LayerStore(Store store)
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> InProcess = new(StringComparer.Ordinal);

    public Store Store => store;

    public string TreeOf(string key) => Path.Combine(store.PathOf(StoreArea.Layers, key), "tree");

    public bool Has(string key) => store.Has(StoreArea.Layers, key);

    public LayerRecord? Find(string key)
    {
        var path = Path.Combine(store.PathOf(StoreArea.Layers, key), "layer.json");
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ImagesJson.Default.LayerRecord);
        }
        catch (JsonException e)
        {
            throw new MayflyException($"{path} is damaged", $"remove {Path.GetDirectoryName(path)} and run the command again", e);
        }
    }

    /// <summary>Keys of all layers.</summary>
    public IEnumerable<string> Keys() => Directory.EnumerateDirectories(store.Folder(StoreArea.Layers)).Select(static path => Path.GetFileName(path)!);

    /// <summary>The layer of this key, built when the store lacks it. <paramref name="build"/> gets a work folder and gives the finished tree.</summary>
    public async Task<LayerRecord> GetAsync(string key, string? below, string origin, long epoch,
        Func<string, (string Tree, IReadOnlyList<LockedId> Ids)> build, CancellationToken cancellationToken)
    {
        if (Find(key) is { } present)
            return present;
        var turn = InProcess.GetOrAdd($"{store.Root}\n{key}", static _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var lockPath = store.PathOf(StoreArea.Layers, $"{key}.lock");
            using var file = await TakeAsync(lockPath, cancellationToken).ConfigureAwait(false);
            try
            {
                return Find(key)
                    ?? await Task.Run(() => Build(key, below, origin, epoch, build, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Still held: whoever waits sees that the name is gone and opens it anew.
                File.Delete(lockPath);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private LayerRecord Build(string key, string? below, string origin, long epoch,
        Func<string, (string Tree, IReadOnlyList<LockedId> Ids)> build, CancellationToken cancellationToken)
    {
        using var work = store.BeginWork("layer");
        try
        {
            var (tree, ids) = build(work.Path);
            var layer = $"{work.Path}/layer";
            Directory.CreateDirectory(layer);
            Files.Rename(tree, $"{layer}/tree");
            // The disk writes while the digest is computed.
            var sync = Task.Run(() => Files.SyncFileSystem(store.Root), CancellationToken.None);
            var (digest, size) = Digest($"{layer}/tree", epoch, cancellationToken);
            sync.GetAwaiter().GetResult();
            var record = new LayerRecord { Key = key, Below = below, Digest = digest, Size = size, Origin = origin, Epoch = epoch, Ids = ids };
            using (var json = new FileStream($"{layer}/layer.json", FileMode.CreateNew))
            {
                JsonSerializer.Serialize(json, record, ImagesJson.Default.LayerRecord);
                json.Flush(flushToDisk: true);
            }

            store.Commit(layer, StoreArea.Layers, key, sync: false);
            return record;
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            const int NotPermitted = 1, AccessDenied = 13;
            var errno = e is LinuxException linux ? linux.Errno : e.HResult;
            throw new MayflyException($"the layer '{origin}' cannot be made in the store {store.Root}: {HostRefusal.Why(e)}", errno switch
            {
                _ when HostRefusal.IsFull(e) => HostRefusal.MakeRoom,
                NotPermitted or AccessDenied => "building images needs root and a kernel with overlayfs and namespaces: mayfly doctor tells what is missing",
                _ => "look at the disk and at what mayfly doctor says",
            }, e);
        }
    }

    /// <summary>The digest and size of a tree's tar.</summary>
    public static (string Digest, long Size) Digest(string tree, long epoch, CancellationToken cancellationToken)
    {
        using var hashing = new HashingStream();
        LayerTar.Write(tree, hashing, epoch, cancellationToken);
        return ($"sha256:{hashing.Finish()}", hashing.Length);
    }

    /// <summary>Polls, so that a waiting builder can be cancelled.</summary>
    private static async Task<SafeFileHandle> TakeAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Not File.OpenHandle: that one takes a lock of the same kind itself, and throws where another builder holds it.
            var file = FileHandles.OpenOrCreate(path);
            try
            {
                while (!Files.Lock(file, exclusive: true, wait: false))
                    await Task.Delay(50, cancellationToken).ConfigureAwait(false);
                // The one before us may have removed the name that we opened; a newcomer would then lock another file.
                if (File.Exists(path))
                    return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }

            file.Dispose();
        }
    }
}
