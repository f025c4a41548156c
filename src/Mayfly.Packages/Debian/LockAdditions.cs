namespace Mayfly.Packages.Debian;

/// <summary>
/// Packages added to the sets of an older lock: the order of what was there stays, and what is new is installed over it, as apt-get would
/// do on a machine that has the rest. So its layers stay too, and only new scripts run. Pure.
/// </summary>
internal sealed class LockAdditions
{
    private readonly StackLock _before;
    private readonly Dictionary<string, LockedPackage> _packages;
    private readonly bool _baseStays;

    /// <param name="before">The older lock.</param>
    /// <param name="installed">The base as it is chosen now; over another one everything is planned anew.</param>
    public LockAdditions(StackLock before, IReadOnlyList<BinaryPackage> installed)
    {
        _before = before;
        _packages = before.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        _baseStays = Set(SetRequest.Base) is { } set && Ids(set.Stages) is var ids && ids.Count == installed.Count && installed.All(package => ids.Contains(package.Id) && Stays(package));
    }

    /// <summary>
    /// The base; null when it must be planned anew. One that stays keeps its order even where another version of a package stands elsewhere in the index,
    /// and what apt noted when it was installed, whatever the index has of priorities since.
    /// </summary>
    public LockedSet? Base(SetRequest request) =>
        _baseStays && Set(SetRequest.Base) is { } set && set.Requests.SequenceEqual(request.Sorted) ? set : null;

    /// <summary>The set with its stages; null when it must be planned anew.</summary>
    public LockedSet? Plan(SetRequest request, IReadOnlyList<BinaryPackage> chosen, IReadOnlyList<BinaryPackage> present)
    {
        if (Set(request.Name) is not { } set || set.Recommends != request.Recommends || (request.OverBase && !_baseStays))
            return null;
        var own = _before.PackagesOf(set).ToHashSet(StringComparer.Ordinal);
        // Where something of a layer is gone or has another version, it and those over it are planned anew.
        LockedLayer[] layers = [.. LockedLayer.Of(set).TakeWhile(layer => Ids(layer.Stages).Where(own.Contains).All(id => chosen.Any(package => package.Id == id && Stays(package))))];
        var there = chosen.Where(package => Ids(layers.SelectMany(static layer => layer.Stages)).Contains(package.Id)).ToList();
        if (there.Count == 0)
            return null;
        LockedStage[] stages = [.. layers.SelectMany(static layer => layer.Stages)];
        if (there.Count == chosen.Count)
            return layers[^1].Requests.SequenceEqual(request.Sorted) ? set with { Stages = stages } : null;
        var added = InstallOrder.Plan([.. chosen.Except(there)], [.. present, .. there]);
        return set with { Stages = [.. stages, added[0] with { AddedTo = layers[^1].Requests }, .. added.Skip(1)] };
    }

    private LockedSet? Set(string name) => _before.Sets.FirstOrDefault(set => set.Name == name);

    private static HashSet<string> Ids(IEnumerable<LockedStage> stages) => [.. stages.SelectMany(static stage => stage.Packages)];

    private bool Stays(BinaryPackage package) =>
        _packages.GetValueOrDefault(package.Id) is { } locked && locked.Sha256 == package.Sha256 && locked.Version == package.Version.ToString();
}
