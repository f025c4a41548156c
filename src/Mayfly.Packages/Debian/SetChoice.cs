namespace Mayfly.Packages.Debian;

/// <summary>
/// Chooses the packages of the base and of the sets over it. The base is chosen first and stays as it is for all of them; only where packages that are
/// locked already are in a set's way there, the base takes other versions of these.
/// </summary>
/// <param name="index">The packages.</param>
/// <param name="holds">As for <see cref="DebianResolution.Resolve"/>.</param>
/// <param name="older">As for <see cref="DebianResolution.Resolve"/>.</param>
internal sealed class SetChoice(DebianIndex index, IReadOnlyCollection<string> holds, IReadOnlyDictionary<string, BinaryPackage>? older)
{
    /// <summary>The base, and each set's packages over it.</summary>
    /// <param name="request">What the base is asked for.</param>
    /// <param name="sets">The others, in order.</param>
    /// <param name="kept">As for <see cref="DebianResolution.Resolve"/>.</param>
    /// <exception cref="UnresolvableException">A set cannot be met; it says which and why.</exception>
    public (DebianBase Base, IReadOnlyList<(SetRequest Set, DebianResolution Choice)> Sets) Of(SetRequest request, IReadOnlyList<SetRequest> sets, IReadOnlyDictionary<string, BinaryPackage>? kept)
    {
        var moved = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var installed = Explained(request, () => DebianBase.Resolve(index, Asked(request), kept, holds, older));
            var choices = new List<(SetRequest, DebianResolution)>();
            foreach (var set in sets)
            {
                try
                {
                    choices.Add((set, Explained(set, () => DebianResolution.Resolve(index, Asked(set), set.OverBase ? installed.Packages : [], set.Recommends, kept, holds, older))));
                }
                catch (UnresolvableException) when (set.OverBase && (kept ?? older) is not null && moved.Add(set.Name))
                {
                    if (Explained(set, () => Moved(request, set, installed, kept)) is not { } other)
                        throw;
                    kept = other;
                    break;
                }
            }

            if (choices.Count == sets.Count)
                return (installed, choices);
        }
    }

    /// <summary>What is kept, with the base's versions as the set needs them; null where nothing of the base is in its way.</summary>
    private Dictionary<string, BinaryPackage>? Moved(SetRequest request, SetRequest set, DebianBase installed, IReadOnlyDictionary<string, BinaryPackage>? kept)
    {
        try
        {
            var there = installed.Packages.ToDictionary(static package => package.Key, StringComparer.Ordinal);
            var moved = DebianResolution.Resolve(index, DebianBase.Asked(index).Concat(Asked(request)).Concat(Asked(set)), [], set.Recommends, kept, holds, older).Packages
                .Where(package => there.TryGetValue(package.Key, out var other) && other != package).ToList();
            return moved.Count == 0 ? null
                : moved.Select(static package => KeyValuePair.Create(package.Key, package)).Concat(kept ?? new Dictionary<string, BinaryPackage>()).DistinctBy(static pair => pair.Key).ToDictionary(StringComparer.Ordinal);
        }
        // Where a hold is the reason, and not that the base stays as it is, that is what is told.
        catch (UnresolvableException e) when (!e.IsByHold)
        {
            return null;
        }
    }

    private static IEnumerable<PackageRequest> Asked(SetRequest set) => set.Sorted.Select(PackageRequest.Parse);

    private static T Explained<T>(SetRequest set, Func<T> resolve)
    {
        try
        {
            return resolve();
        }
        catch (UnresolvableException e)
        {
            throw e.Of(set.Name);
        }
    }
}
