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
    private readonly HashSet<BinaryPackage> _impossible = [];
    private readonly Dictionary<BinaryPackage, HashSet<BinaryPackage>> _excluded = [];
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
        var needed = back.Needed();
        while (names.Where(name => !back._kept.ContainsKey(name) && back.MustStay(name, needed)).ToList() is { Count: > 0 } more)
        {
            more.ForEach(name => back._kept.Add(name, locked[name]));
            needed = back.Needed();
        }

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

    private bool MustStay(string name, HashSet<BinaryPackage> needed)
    {
        if (_kept.Count == 0 || _index.Candidate(name) is not { } newer || newer == _locked[name])
            return false;
        if (Needs(newer).Any(dependency => !IsMet(dependency, newer.Home)) || _kept.Values.Any(stays => Needs(stays).Any(dependency => IsLost(dependency, stays.Home, name))))
            return true;
        var others = Against(newer, needed.Concat(_kept.Values)).ToList();
        if (others.Count == 0)
            return false;
        // apt's problem resolver changes whichever of two is needed less, and a held one never.
        if (!others.Exists(needed.Contains))
            _doubts[name] = $"{_locked[name]} is kept back beside {others[0]}, which is kept back itself: apt-get may keep back others, or give up";
        return true;
    }

    /// <summary>Those held, and what stays as it is because nothing else meets what they need, and there is no newer version of it.</summary>
    private HashSet<BinaryPackage> Needed()
    {
        HashSet<BinaryPackage> needed = [.. _held.Select(name => _kept[name])];
        for (var open = new Queue<BinaryPackage>(needed); open.TryDequeue(out var package);)
        {
            foreach (var dependency in Needs(package))
            {
                if (Meeting(dependency, package.Home).Take(2).ToList() is [var only] && _locked.GetValueOrDefault(only.Key) == only && needed.Add(only))
                    open.Enqueue(only);
            }
        }

        return needed;
    }

    /// <summary>Those of some packages that cannot be there beside this one.</summary>
    private IEnumerable<BinaryPackage> Against(BinaryPackage package, IEnumerable<BinaryPackage> stay) =>
        stay.Distinct().Where(other => Excluded(package).Contains(other) || Excluded(other).Contains(package));

    private HashSet<BinaryPackage> Excluded(BinaryPackage package)
    {
        if (!_excluded.TryGetValue(package, out var others))
            _excluded.Add(package, others = [.. _candidates.Exclusions(package).SelectMany(static exclusion => exclusion.Others)]);
        return others;
    }

    private static IEnumerable<Dependency> Needs(BinaryPackage package) => package.PreDepends.Concat(package.Depends);

    /// <summary>True when the renewed package no longer meets what it met for one that stays, and nothing else does.</summary>
    private bool IsLost(Dependency dependency, string home, string name) =>
        dependency.Alternatives.Any(relation => _locked[name].Meets(relation, home)) && !IsMet(dependency, home);

    private bool IsMet(Dependency dependency, string home) => Meeting(dependency, home).Any(package => CanCome(package, []));

    /// <summary>Every package that meets a dependency, in the version that would be there.</summary>
    private IEnumerable<BinaryPackage> Meeting(Dependency dependency, string home) =>
        dependency.Alternatives.SelectMany(relation => _candidates.Everything(relation, home, excludes: false)).Distinct().Where(package => Then(package.Key) == package);

    /// <summary>False when a package is not there, and what it needs in turn cannot come, or it does not go with a held one.</summary>
    /// <param name="package">A version that would be there.</param>
    /// <param name="asked">Those that were looked at: in a circle nothing speaks against any.</param>
    private bool CanCome(BinaryPackage package, HashSet<BinaryPackage> asked)
    {
        if (_impossible.Contains(package))
            return false;
        if (_locked.ContainsKey(package.Key) || !asked.Add(package))
            return true;
        if (Needs(package).All(dependency => Meeting(dependency, package.Home).Any(other => CanCome(other, asked))) && !Against(package, _held.Select(name => _kept[name])).Any())
            return true;
        _impossible.Add(package);
        return false;
    }

    /// <summary>The version of a name that is there afterwards, or could be.</summary>
    private BinaryPackage? Then(string name) => _kept.GetValueOrDefault(name) ?? _index.Candidate(name) ?? _locked.GetValueOrDefault(name);
}
