using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Goes through a layer's tree in the order of its archive: sorted bytewise, whiteouts in OCI's form (image-spec, layer.md), a file's second name as
/// a link to the first. What files hold is read ahead on other threads: opening a file takes longer than what becomes of it.
/// </summary>
internal sealed class LayerWalk
{
    /// <summary>One reading holds so many names, or so many bytes, and so many readings go ahead: some 20 MB at most.</summary>
    private const int NamesAtOnce = 64, BytesAtOnce = 2 << 20, Ahead = 4;

    private readonly Dictionary<ulong, string> _seen = [];
    private readonly CancellationToken _cancellationToken;

    private LayerWalk(CancellationToken cancellationToken) => _cancellationToken = cancellationToken;

    /// <summary>All entries of a tree that every thread sees, each read.</summary>
    public static IEnumerable<LayerEntry> Of(string tree, CancellationToken cancellationToken)
    {
        var reading = new Queue<Task<List<LayerEntry>>>();
        try
        {
            foreach (var entries in Batches(new LayerWalk(cancellationToken).Folder(tree, "")))
            {
                reading.Enqueue(Task.Run(() => Read(entries), cancellationToken));
                if (reading.Count <= Ahead)
                    continue;
                foreach (var entry in reading.Dequeue().GetAwaiter().GetResult())
                    yield return entry;
            }

            while (reading.TryDequeue(out var last))
            {
                foreach (var entry in last.GetAwaiter().GetResult())
                    yield return entry;
            }
        }
        finally
        {
            // Nothing may read on in a tree whose caller has given it up.
            Task.WaitAny(Task.WhenAll(reading));
        }
    }

    /// <summary>All entries of a tree, each read on the caller's thread, which may be the only one that sees it.</summary>
    public static IEnumerable<LayerEntry> Here(string tree, CancellationToken cancellationToken)
    {
        foreach (var entry in new LayerWalk(cancellationToken).Folder(tree, ""))
        {
            entry.Read();
            yield return entry;
        }
    }

    private static List<LayerEntry> Read(List<LayerEntry> entries)
    {
        foreach (var entry in entries)
            entry.Read();
        return entries;
    }

    private static IEnumerable<List<LayerEntry>> Batches(IEnumerable<LayerEntry> entries)
    {
        var (batch, bytes) = (new List<LayerEntry>(NamesAtOnce), 0L);
        foreach (var entry in entries)
        {
            batch.Add(entry);
            bytes += entry.Node.Size <= LayerEntry.Small ? entry.Node.Size : 0;
            if (batch.Count < NamesAtOnce && bytes < BytesAtOnce)
                continue;
            yield return batch;
            (batch, bytes) = (new List<LayerEntry>(NamesAtOnce), 0);
        }

        yield return batch;
    }

    private IEnumerable<LayerEntry> Folder(string path, string name)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (LayerTree.IsOpaque(path))
            yield return LayerEntry.Whiteout($"{name}.wh..wh..opq");
        var entries = Directory.GetFileSystemEntries(path);
        // UTF-8's order is that of code points, which ordinal UTF-16 differs from beyond the basic plane; both are fixed orders.
        Array.Sort(entries, StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var last = Path.GetFileName(entry);
            if (last.StartsWith(".wh.", StringComparison.Ordinal))
                throw new MayflyException($"the layer holds a file named {name}{last}, which images cannot carry", "names that begin with .wh. mean removal in OCI layers; name it otherwise");
            var node = Nodes.Read(entry);
            if (node.Kind == NodeKind.Directory)
            {
                yield return new LayerEntry(entry, $"{name}{last}/", '5', node);
                foreach (var inner in Folder(entry, $"{name}{last}/"))
                    yield return inner;
            }
            else if (Entry(entry, name, last, node) is { } one)
            {
                yield return one;
            }
        }
    }

    private LayerEntry? Entry(string path, string folder, string last, Node node) => node.Kind switch
    {
        _ when node.IsWhiteout => LayerEntry.Whiteout($"{folder}.wh.{last}"),
        NodeKind.Link => new(path, folder + last, '2', node) { Target = Nodes.ReadLink(path) },
        // Links into the store give almost every file more than one name; only a second one inside this layer counts.
        NodeKind.File => node.Links > 1 && !_seen.TryAdd(node.Inode, folder + last) ? new(path, folder + last, '1', node) { Target = _seen[node.Inode] } : new(path, folder + last, '0', node),
        NodeKind.CharacterDevice => new(path, folder + last, '3', node),
        NodeKind.BlockDevice => new(path, folder + last, '4', node),
        NodeKind.Pipe => new(path, folder + last, '6', node),
        // A socket without its process means nothing; tar has no form for it.
        _ => null,
    };
}
