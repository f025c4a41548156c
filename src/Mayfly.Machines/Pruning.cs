using Mayfly.Environments;
using Mayfly.Images;
using Mayfly.Machines.Agent;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Machines;

/// <summary>What of a store nothing uses any more.</summary>
public static class Pruning
{
    /// <summary>How many generations of each stack keep their layers, the live one among them.</summary>
    public const int GenerationsKept = 3;

    /// <summary>Layers that neither a named image nor one of the newest generations of a stack is made of.</summary>
    public static IReadOnlyList<string> Layers(Store store)
    {
        var used = new GenerationStore(store).Newest(GenerationsKept).SelectMany(generation => generation.Instances).SelectMany(instance => instance.Layers).ToHashSet(StringComparer.Ordinal);
        return [.. new ImageStore(store).UnreferencedLayers([]).Where(key => !used.Contains(key))];
    }

    /// <summary>Paths of what replicas made for themselves at a first start, on an image that none of the newest generations has.</summary>
    public static IReadOnlyList<string> OwnLayers(Store store)
    {
        var used = new GenerationStore(store).Newest(GenerationsKept).SelectMany(generation => generation.Instances).Select(instance => OwnLayer.PathOf(store, instance)).ToHashSet(StringComparer.Ordinal);
        return [.. Directory.EnumerateDirectories(store.Folder(StoreArea.Stacks)).Select(stack => OwnLayer.Folder(store, Path.GetFileName(stack))).Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories).Where(path => !used.Contains(path)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Half-built trees that were kept to find out why a script failed.</summary>
    public static IReadOnlyList<string> FailedBuilds(Store store) =>
        [.. Directory.EnumerateDirectories(store.Folder(StoreArea.Failed)).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    /// <summary>Files of wheels that no environment has as a hard link any more.</summary>
    public static IReadOnlyList<string> SharedFiles(Store store) => UnpackedWheel.UnusedFiles(store);

    /// <summary>Copies of wheels that the next environment would take.</summary>
    public static IReadOnlyList<string> PreparedCopies(Store store) => PreparedCopy.All(store);

    /// <summary>Downloads of packages that are unpacked: those are never read again, and wheels that were built are no downloads.</summary>
    public static IReadOnlyList<string> Artifacts(Store store)
    {
        var built = SourceBuilder.Built(store);
        return [.. Directory.EnumerateFiles(store.Folder(StoreArea.Artifacts)).Select(Path.GetFileName).OfType<string>().Where(name => store.Has(StoreArea.Unpacked, name) || (store.Has(StoreArea.Wheels, name) && !built.Contains(name))).Order(StringComparer.Ordinal)];
    }
}
