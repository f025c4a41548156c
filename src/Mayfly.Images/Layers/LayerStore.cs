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
/// committed by one rename; two builders of one key take turns at a lock file, and the second finds the first one's
/// layer. The lock is a flock, so a killed builder holds nothing. No tree is edited afterwards: its files are hard links to the
/// store's unpacked packages and serve many layers at once. Why the tree and not an archive: instances mount it as it is.
/// </remarks>
internal sealed class LayerStore(Store store)
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> InProcess = new(StringComparer.Ordinal);

    private readonly PrefixStore _prefixes = new(store);

    public Store Store => store;

    public string TreeOf(string key) => Path.Combine(store.PathOf(StoreArea.Layers, key), "tree");

    public bool Has(string key) => store.Has(StoreArea.Layers, key);

    public LayerRecord? Find(string key)
    {
        var path = RecordOf(key);
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

    /// <summary>The same, and null where what is there cannot be read.</summary>
    public LayerRecord? FindReadable(string key)
    {
        try
        {
            return Find(key);
        }
        catch (MayflyException)
        {
            return null;
        }
    }

    /// <summary>The layer of packages made of these inputs, with the accounts that a build with this table makes; null when the store has none.</summary>
    public LayerRecord? Find(string inputs, IReadOnlyList<LockedId> table) =>
        Directory.EnumerateDirectories(store.Folder(StoreArea.Layers), $"{IdTable.InputsOf(inputs)}*").Order(StringComparer.Ordinal).Select(static path => Path.GetFileName(path)!)
            .Where(key => key.Length == inputs.Length).Select(Find).OfType<LayerRecord>()
            .FirstOrDefault(record => IdTable.Has(table, record.Ids) || record.Tables.Contains(IdTable.Fingerprint(table)));

    /// <summary>Keys of all layers.</summary>
    public IEnumerable<string> Keys() => Directory.EnumerateDirectories(store.Folder(StoreArea.Layers)).Select(static path => Path.GetFileName(path)!);

    /// <summary>The layer of this key, built when the store lacks it. <paramref name="build"/> gets a work folder and gives the finished tree.</summary>
    public async Task<LayerRecord> GetAsync(string key, string? below, string origin, long epoch,
        Func<string, LayerContents> build, CancellationToken cancellationToken)
    {
        using var made = await MakeAsync(key, below, origin, epoch, build, Task.CompletedTask, null, cancellationToken).ConfigureAwait(false);
        return await made.Committed.ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="GetAsync"/>, but ends when the tree is complete; it is committed after <paramref name="before"/>. Await <see cref="MadeLayer.Committed"/> too.
    /// With a table of ids, the key is that of its inputs, and the layer's own follows from the accounts that were made.
    /// </summary>
    public async Task<MadeLayer> MakeAsync(string key, string? below, string origin, long epoch,
        Func<string, LayerContents> build, Task before, IReadOnlyList<LockedId>? table, CancellationToken cancellationToken)
    {
        if (Present() is { } present)
            return new MadeLayer(TreeOf(present.Key), present);
        var held = await HoldAsync(key, cancellationToken).ConfigureAwait(false);
        WorkFolder? work = null;
        try
        {
            if (Present() is { } other)
            {
                held.Dispose();
                return new MadeLayer(TreeOf(other.Key), other);
            }

            work = store.BeginWork("layer");
            var layer = $"{work.Path}/layer";
            var contents = await Task.Run(() =>
            {
                var contents = Explained(origin, () => build(work.Path));
                Directory.CreateDirectory(layer);
                Files.Rename(contents.Tree, $"{layer}/tree");
                return contents;
            }, cancellationToken).ConfigureAwait(false);
            var own = table is null ? key : IdTable.KeyOf(key, contents.Ids);
            if (table is not null && Find(own) is { } same)
            {
                // Another table gave the same accounts, and that is noted, so that this one asks no more.
                same = same with { Tables = [.. same.Tables, IdTable.Fingerprint(table)] };
                WriteRecord($"{layer}.json", same);
                Files.Rename($"{layer}.json", RecordOf(own));
                work.Dispose();
                held.Dispose();
                return new MadeLayer(TreeOf(own), same);
            }

            var folder = FileHandles.OpenFolder($"{layer}/tree");
            return new MadeLayer(own, folder, CommitAsync());

            async Task<LayerRecord> CommitAsync()
            {
                // The turn ends first: a process that is killed while it clears its work away must leave no lock behind.
                using (work)
                using (held)
                {
                    // Not this call's thread, whose caller goes on.
                    await Task.Yield();
                    return await Explained(origin, async () =>
                    {
                        // The disk writes while the digest is computed.
                        var sync = Task.Run(() => Files.SyncFileSystem(store.Root), CancellationToken.None);
                        var (digest, size) = await Task.Run(() => Digest($"{layer}/tree", epoch, cancellationToken), CancellationToken.None).ConfigureAwait(false);
                        await sync.ConfigureAwait(false);
                        await before.ConfigureAwait(false);
                        var prefixes = _prefixes.Commit(contents.MadePrefixes);
                        var record = new LayerRecord
                        {
                            Key = own,
                            Below = below,
                            Digest = digest,
                            Size = size,
                            Origin = origin,
                            Epoch = epoch,
                            Ids = contents.Ids,
                            LeftOut = contents.LeftOut,
                            Prefixes = [.. contents.Prefixes, .. prefixes],
                            Tables = table is null ? [] : [IdTable.Fingerprint(table)],
                        };
                        WriteRecord($"{layer}/layer.json", record);
                        store.Commit(layer, StoreArea.Layers, own, sync: false);
                        return record;
                    }).ConfigureAwait(false);
                }
            }
        }
        catch
        {
            work?.Dispose();
            held.Dispose();
            throw;
        }

        LayerRecord? Present() => table is null ? Find(key) : Find(key, table);
    }

    private string RecordOf(string key) => Path.Combine(store.PathOf(StoreArea.Layers, key), "layer.json");

    private static void WriteRecord(string path, LayerRecord record)
    {
        using var json = new FileStream(path, FileMode.CreateNew);
        JsonSerializer.Serialize(json, record, ImagesJson.Default.LayerRecord);
        json.Flush(flushToDisk: true);
    }

    /// <summary>The right to make the layer of this key: one in this process, and one on this host.</summary>
    private async Task<IDisposable> HoldAsync(string key, CancellationToken cancellationToken)
    {
        var turn = InProcess.GetOrAdd($"{store.Root}\n{key}", static _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var path = store.TurnOf(key);
            return new Turn(turn, path, await TakeAsync(path, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    private sealed class Turn(SemaphoreSlim turn, string path, SafeFileHandle file) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
                return;
            // Still held: whoever waits sees that the name is gone and opens it anew.
            File.Delete(path);
            file.Dispose();
            turn.Release();
        }
    }

    private T Explained<T>(string origin, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            throw Explain(origin, e);
        }
    }

    private async Task<T> Explained<T>(string origin, Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            throw Explain(origin, e);
        }
    }

    private MayflyException Explain(string origin, IOException e)
    {
        const int NotPermitted = 1, AccessDenied = 13;
        var errno = e is LinuxException linux ? linux.Errno : e.HResult;
        return new MayflyException($"the layer '{origin}' cannot be made in the store {store.Root}: {HostRefusal.Why(e)}", errno switch
        {
            _ when HostRefusal.IsFull(e) => HostRefusal.MakeRoom,
            NotPermitted or AccessDenied => "building images needs root and a kernel with overlayfs and namespaces: mayfly doctor tells what is missing",
            _ => "look at the disk and at what mayfly doctor says",
        }, e);
    }

    /// <summary>The digest and size of a tree's tar.</summary>
    public static (string Digest, long Size) Digest(string tree, long epoch, CancellationToken cancellationToken)
    {
        using var hashing = new HashingStream();
        using (var behind = new BehindStream(hashing))
            LayerTar.Write(LayerWalk.Of(tree, cancellationToken), behind, epoch);
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
