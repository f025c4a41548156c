using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
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
/// here, by one rename each, before its layer, which names them; pruning takes those that no layer names. Nothing is edited: a layer has copies of what
/// scripts wrote, and like them links to the store's files. Why not as layers of the image: nothing is cleaned yet, and an image of many thin layers, each with
/// dpkg's status anew, would be slow to mount and to send. So a tree here may hold what a script made by chance, a private key among it,
/// and only root looks into the folder.
/// </remarks>
internal sealed class PrefixStore(Store store)
{
    private const int OwnerOnly = 0x1c0;

    private static readonly string Version = typeof(PrefixStore).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>
    /// What stages are found by. A tree that is kept was not cleaned yet, and depends on more than a layer does: on how this Mayfly stands in for programs, which it may
    /// change without changing any layer, and on where the build stopped to keep one, where the trees are mounted anew.
    /// </summary>
    /// <param name="inputs">The hash of what is installed.</param>
    /// <param name="worthKeeping">After how many packages the build stops.</param>
    public static string InputsOf(string inputs, int worthKeeping) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Version} {worthKeeping} {inputs}"))));

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

    /// <summary>Removes all others, and those that cannot be read or lack one below, the upper ones first.</summary>
    public void Keep(IReadOnlySet<string> keys)
    {
        foreach (var key in Directory.EnumerateDirectories(store.Folder(StoreArea.Prefixes)).Select(static path => Path.GetFileName(path)!).OrderByDescending(key => Read(key)?.Record.Packages ?? 0).ToArray())
        {
            // What lies over one that is damaged or gone can never be begun with, and would keep others of its name away.
            if (!keys.Contains(key) || Read(key) is not { } found || Chain(found) is null)
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
