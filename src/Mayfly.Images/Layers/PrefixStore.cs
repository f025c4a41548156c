using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Layers;

/// <summary>
/// The first stages of layers of packages, configured: each in <c>prefixes/KEY/</c>, trees as they were when the stage had ended, and <c>prefix.json</c>.
/// </summary>
/// <remarks>
/// What it keeps: what a layer's scripts had written when a stage of it was configured, over the entry of the stages before it; so whoever installs
/// other packages after the same ones begins there, and only new scripts run. How it changes: a build that ended well leaves its stages
/// here, by one rename each, before its layer, which names them; pruning takes those that no layer names. Nothing is edited: a layer has hard links to their
/// files and puts others in the place of those that it changes. Why not as layers of the image: nothing is cleaned yet, and an image of many thin layers, each with
/// dpkg's status anew, would be slow to mount and to send. So a tree here may hold what a script made by chance, a private key among it,
/// and only root looks into the folder.
/// </remarks>
internal sealed class PrefixStore(Store store)
{
    private const int OwnerOnly = 0x1c0;

    /// <summary>What is there of these stages under this table of ids, lowest first; empty when something is missing.</summary>
    public IReadOnlyList<Prefix> Find(string inputs, IReadOnlyList<LockedId> table)
    {
        foreach (var path in Directory.EnumerateDirectories(store.Folder(StoreArea.Prefixes), $"{IdTable.InputsOf(inputs)}*").Order(StringComparer.Ordinal))
        {
            if (Read(Path.GetFileName(path)) is { } found && (IdTable.Has(table, found.Record.Ids) || found.Record.Tables.Contains(IdTable.Fingerprint(table))) && Chain(found) is { } chain)
                return chain;
        }

        return [];
    }

    /// <summary>Removes all others, and those that cannot be read, the upper ones first.</summary>
    public void Keep(IReadOnlySet<string> keys)
    {
        foreach (var key in Directory.EnumerateDirectories(store.Folder(StoreArea.Prefixes)).Select(static path => Path.GetFileName(path)!).OrderByDescending(key => Read(key)?.Record.Packages ?? 0).ToArray())
        {
            if (!keys.Contains(key) || Read(key) is null)
                store.Remove(StoreArea.Prefixes, key);
        }
    }

    /// <summary>Writes the record beside the trees, which makes the folder ready to be taken in.</summary>
    public static void Complete(MadePrefix prefix)
    {
        Files.ChangeMode(prefix.Folder, OwnerOnly);
        File.WriteAllBytes($"{prefix.Folder}/prefix.json", JsonSerializer.SerializeToUtf8Bytes(prefix.Record, ImagesJson.Default.PrefixRecord));
    }

    /// <summary>
    /// Takes in those of one build, lowest first, and gives the keys of those that are in the store now; what is written must have been synced. Where another build was
    /// first, its entry stays, and what this one configured over its own goes with that: scripts may have written by chance what the other's did not.
    /// </summary>
    public IReadOnlyList<string> Commit(IReadOnlyList<MadePrefix> made)
    {
        return [.. made.TakeWhile(IsTaken).Select(static prefix => prefix.Record.Key)];

        bool IsTaken(MadePrefix prefix)
        {
            store.Commit(prefix.Folder, StoreArea.Prefixes, prefix.Record.Key, sync: false);
            return !Directory.Exists(prefix.Folder);
        }
    }

    private List<Prefix>? Chain(Prefix last)
    {
        var chain = new List<Prefix> { last };
        while (chain[0].Record.Over is { } over)
        {
            if (Read(over) is not { } before)
                return null;
            chain.Insert(0, before);
        }

        return chain;
    }

    /// <summary>An entry that cannot be read is as none: all that it has can be made again.</summary>
    private Prefix? Read(string key)
    {
        var folder = store.PathOf(StoreArea.Prefixes, key);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes($"{folder}/prefix.json"), ImagesJson.Default.PrefixRecord) is { } record && record.Key == key ? new Prefix(folder, record) : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
