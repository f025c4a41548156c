namespace Mayfly.Packages.Debian;

/// <summary>
/// What cannot be renewed beside held packages: as apt has it, a package is kept back when its newer version does not go with those that stay, and that may
/// keep back further ones. Pure.
/// </summary>
internal sealed class KeptBack
{
    private readonly DebianIndex _index;
    private readonly IReadOnlyDictionary<string, BinaryPackage> _locked;
    private readonly DebianCandidates _candidates;
    private readonly Dictionary<string, BinaryPackage> _kept;

    private KeptBack(DebianIndex index, IReadOnlyDictionary<string, BinaryPackage> locked, IEnumerable<string> held)
    {
        (_index, _locked) = (index, locked);
        _candidates = new DebianCandidates(index, recommends: false, [], [], locked, []);
        _kept = held.Distinct().Where(locked.ContainsKey).ToDictionary(static name => name, name => locked[name], StringComparer.Ordinal);
    }

    /// <summary>The packages that stay, by name: those held, and those kept back for them.</summary>
    /// <param name="index">Newer versions.</param>
    /// <param name="locked">What is there, by name.</param>
    /// <param name="held">Names among those.</param>
    public static IReadOnlyDictionary<string, BinaryPackage> Of(DebianIndex index, IReadOnlyDictionary<string, BinaryPackage> locked, IEnumerable<string> held)
    {
        var back = new KeptBack(index, locked, held);
        string[] names = [.. locked.Keys.Order(StringComparer.Ordinal)];
        while (names.Where(name => !back._kept.ContainsKey(name) && back.MustStay(name)).ToList() is { Count: > 0 } more)
            more.ForEach(name => back._kept.Add(name, locked[name]));
        return back._kept;
    }

    private bool MustStay(string name) => _kept.Count > 0 && _index.Candidate(name) is { } newer && newer != _locked[name]
        && (Needs(newer).Any(dependency => !IsMet(dependency, newer.Home)) || _kept.Values.Any(stays => Needs(stays).Any(dependency => IsLost(dependency, stays.Home, name)))
            || _candidates.Exclusions(newer).Any(exclusion => exclusion.Others.Any(IsKept)) || _kept.Values.Any(stays => _candidates.Exclusions(stays).Any(exclusion => exclusion.Others.Contains(newer))));

    private static IEnumerable<Dependency> Needs(BinaryPackage package) => package.PreDepends.Concat(package.Depends);

    /// <summary>True when the renewed package no longer meets what it met for one that stays, and nothing else does.</summary>
    private bool IsLost(Dependency dependency, string home, string name) =>
        dependency.Alternatives.Any(relation => _locked[name].Meets(relation, home)) && !IsMet(dependency, home);

    private bool IsMet(Dependency dependency, string home) =>
        dependency.Alternatives.Any(relation => _candidates.Everything(relation, home, excludes: false).Any(package => Then(package.Key) == package));

    private bool IsKept(BinaryPackage package) => _kept.GetValueOrDefault(package.Key) == package;

    /// <summary>The version of a name that is there afterwards, or could be.</summary>
    private BinaryPackage? Then(string name) => _kept.GetValueOrDefault(name) ?? _index.Candidate(name) ?? _locked.GetValueOrDefault(name);
}
