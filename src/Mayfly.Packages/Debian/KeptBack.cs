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
    private readonly HashSet<string> _held;
    private readonly Dictionary<string, string> _doubts = new(StringComparer.Ordinal);

    private KeptBack(DebianIndex index, IReadOnlyDictionary<string, BinaryPackage> locked, IEnumerable<string> held)
    {
        (_index, _locked) = (index, locked);
        _candidates = new DebianCandidates(index, recommends: false, [], [], locked, []);
        _kept = held.Distinct().Where(locked.ContainsKey).ToDictionary(static name => name, name => locked[name], StringComparer.Ordinal);
        _held = [.. _kept.Keys];
    }

    /// <summary>Those that stay, by name: those held, and those kept back for them.</summary>
    public IReadOnlyDictionary<string, BinaryPackage> Packages => _kept;

    /// <summary>Finds the packages that stay.</summary>
    /// <param name="index">Newer versions.</param>
    /// <param name="locked">What is there, by name.</param>
    /// <param name="held">Names among those.</param>
    public static KeptBack Of(DebianIndex index, IReadOnlyDictionary<string, BinaryPackage> locked, IEnumerable<string> held)
    {
        var back = new KeptBack(index, locked, held);
        string[] names = [.. locked.Keys.Order(StringComparer.Ordinal)];
        while (names.Where(name => !back._kept.ContainsKey(name) && back.MustStay(name)).ToList() is { Count: > 0 } more)
            more.ForEach(name => back._kept.Add(name, locked[name]));
        return back;
    }

    /// <summary>Why apt-get's upgrade of a machine with what was locked may come to other packages than these, in sentences; mostly there is no reason.</summary>
    /// <param name="chosen">What a set is made of now, with the base below it.</param>
    /// <param name="before">What it was made of.</param>
    public IEnumerable<string> Departures(IReadOnlyCollection<BinaryPackage> chosen, IEnumerable<BinaryPackage> before)
    {
        foreach (var (name, doubt) in _doubts.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (chosen.Contains(_locked[name]))
                yield return doubt;
        }

        var keys = chosen.Select(static package => package.Key).ToHashSet(StringComparer.Ordinal);
        var excluded = chosen.SelectMany(_candidates.Exclusions).SelectMany(static exclusion => exclusion.Others).ToHashSet();
        // What nothing needs any more is still there on a machine, and may be in the way of what is newer.
        foreach (var left in before.Where(package => !keys.Contains(package.Key)))
        {
            if (((BinaryPackage?[])[left, _kept.ContainsKey(left.Key) ? null : _index.Candidate(left.Key)]).OfType<BinaryPackage>()
                .All(version => excluded.Contains(version) || _candidates.Exclusions(version).Any(exclusion => exclusion.Others.Any(chosen.Contains))))
                yield return $"nothing needs {left} any more, which does not go with the rest: where it is installed, apt-get keeps it and others back";
        }
    }

    private bool MustStay(string name)
    {
        if (_kept.Count == 0 || _index.Candidate(name) is not { } newer || newer == _locked[name])
            return false;
        if (Needs(newer).Any(dependency => !IsMet(dependency, newer.Home)) || _kept.Values.Any(stays => Needs(stays).Any(dependency => IsLost(dependency, stays.Home, name))))
            return true;
        var others = _candidates.Exclusions(newer).SelectMany(static exclusion => exclusion.Others).Where(IsKept)
            .Concat(_kept.Values.Where(stays => _candidates.Exclusions(stays).Any(exclusion => exclusion.Others.Contains(newer)))).ToList();
        if (others.Count == 0)
            return false;
        // apt's problem resolver changes whichever of two is needed less, and a held one never.
        if (!others.Exists(other => _held.Contains(other.Key)))
            _doubts[name] = $"{_locked[name]} is kept back beside {others[0]}, which is kept back itself: apt-get may keep back others, or give up";
        return true;
    }

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
