using Mayfly.Resolver;

namespace Mayfly.Packages.Debian;

/// <summary>
/// Debian's packages as the solver sees them, with apt's preferences: one candidate a name (the best pinned, then latest version),
/// alternatives in order, a virtual package's providers as apt sorts them (its CompareProviders).
/// </summary>
internal sealed class DebianCandidates : ICandidateProvider
{
    private readonly DebianIndex _index;
    private readonly bool _recommends;
    private readonly Dictionary<int, BinaryPackage> _packages = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BinaryPackage> _pinned = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, BinaryPackage> _kept;
    private readonly HashSet<string> _installed;
    private readonly HashSet<string> _installedNames;
    private readonly HashSet<string> _unwanted;

    /// <summary>The packages.</summary>
    public DebianIndex Index => _index;

    /// <summary>Names whose version is held.</summary>
    public IReadOnlyCollection<string> Held { get; init; } = [];

    /// <summary>Versions by name that come after all others, and go where those do not.</summary>
    public IReadOnlyDictionary<string, BinaryPackage> Older { get; init; } = new Dictionary<string, BinaryPackage>();

    /// <summary>True to let versions other than the candidates meet what no candidate does. apt would not; a set that needs it is marked.</summary>
    public bool AnyVersion { get; init; }

    /// <param name="index">The packages.</param>
    /// <param name="recommends">True to follow Recommends.</param>
    /// <param name="installed">What is there already; providers among them come first.</param>
    /// <param name="pinned">Versions that were asked for, which take the place of the candidates of their names.</param>
    /// <param name="kept">Versions by name that come before the candidates of their names, as long as they do.</param>
    /// <param name="unwanted">Names that must not be installed.</param>
    public DebianCandidates(
        DebianIndex index, bool recommends, IReadOnlyList<BinaryPackage> installed, IEnumerable<BinaryPackage> pinned,
        IReadOnlyDictionary<string, BinaryPackage> kept, IEnumerable<string> unwanted)
    {
        _index = index;
        _kept = kept;
        _recommends = recommends;
        _installed = [.. installed.Select(package => package.Key)];
        _installedNames = [.. installed.Select(package => package.Name)];
        _unwanted = [.. unwanted];
        foreach (var package in installed.Concat(pinned))
            _pinned[package.Key] = package;
    }

    public int Number(BinaryPackage package)
    {
        _packages.TryAdd(package.Number, package);
        return package.Number;
    }

    public BinaryPackage Package(int candidate) => _packages[candidate];

    public int PackageOf(int candidate)
    {
        var name = _packages[candidate].Key;
        if (!_names.TryGetValue(name, out var number))
            _names.Add(name, number = _names.Count);
        return number;
    }

    public string Describe(int candidate) => Held.Contains(_packages[candidate].Key) ? $"{_packages[candidate]} (held)" : _packages[candidate].ToString();

    public string WhyNone(Requirement requirement) => requirement.Origin is not Dependency dependency ? "nothing offers it"
        : string.Join(", and ", dependency.Alternatives.Select(relation => Absence.Of(this, relation).Fact).Distinct());

    public string Standing(int candidate) => _installed.Contains(_packages[candidate].Key) ? "part of the base" : "asked for";

    public CandidateRelations Examine(int candidate)
    {
        var package = _packages[candidate];
        var requirements = new List<Requirement>();
        // Pre-Depends before Depends before Recommends, each in the field's order: the order of apt's cache.
        foreach (var dependency in package.PreDepends)
            requirements.Add(new Requirement(dependency, Meeting(dependency, package.Home)) { Verb = "pre-depends on" });
        foreach (var dependency in package.Depends)
            requirements.Add(new Requirement(dependency, Meeting(dependency, package.Home)) { Verb = "depends on" });
        if (_recommends && !_installed.Contains(package.Key))
        {
            foreach (var dependency in package.Recommends)
                requirements.Add(new Requirement(dependency, Meeting(dependency, package.Home)) { Optional = true, Verb = "recommends" });
        }

        return new CandidateRelations(requirements, [.. Exclusions(package).Select(exclusion => new Exclusion(exclusion.Text, [.. exclusion.Others.Select(Number)]))]);
    }

    /// <summary>What may not stand beside a package, and what says so.</summary>
    public IEnumerable<(string Text, IReadOnlyList<BinaryPackage> Others)> Exclusions(BinaryPackage package)
    {
        foreach (var (verb, field) in new[] { ("conflicts with", package.Conflicts), ("breaks", package.Breaks) })
        {
            foreach (var relation in field.SelectMany(dependency => dependency.Alternatives))
            {
                // A package may conflict with a name that it provides itself: that means all others (policy 7.4).
                var others = Everything(relation, package.Home, excludes: true)
                    .Where(other => other.Name != package.Name || (other.Key != package.Key && package.MultiArch != MultiArch.Same && relation.Name == package.Name))
                    .ToList();
                if (others.Count > 0)
                    yield return ($"{verb} {relation}", others);
            }
        }

        // One architecture of a package at a time, unless it is Multi-Arch: same, at one version.
        foreach (var key in _index.Keys(package.Name).Where(key => key != package.Key))
        {
            var others = AllVersions(key).Where(other => package.MultiArch != MultiArch.Same || other.MultiArch != MultiArch.Same || other.Version.CompareTo(package.Version) != 0).ToList();
            if (others.Count > 0)
                yield return (package.MultiArch == MultiArch.Same ? $"can stand beside {key} only at the same version" : $"cannot stand beside {key}", others);
        }
    }

    /// <summary>The candidates that a relation means, in apt's order.</summary>
    public IEnumerable<BinaryPackage> Meeting(Relation relation, string home) => Sorted(relation, Candidates(relation, home));

    /// <summary>What meets a dependency of a package of an architecture, in apt's order: alternative by alternative, installed packages before new ones.</summary>
    public int[] Meeting(Dependency dependency, string home)
    {
        var found = dependency.Alternatives.SelectMany(relation => Sorted(relation, Candidates(relation, home))).ToList();
        if (found.Count == 0 && AnyVersion)
        {
            found.AddRange(dependency.Alternatives.SelectMany(relation => Sorted(relation, Everything(relation, home, excludes: false)
                .Where(package => !_pinned.ContainsKey(package.Key) && _index.IsAllowed(package)))));
        }

        return [.. found.Where(package => !_unwanted.Contains(package.Key)).OrderBy(package => _installed.Contains(package.Key) ? 0 : 1).Select(Number).Distinct()];
    }

    /// <summary>The version of a name that may be chosen: what is installed or asked for, else apt's candidate.</summary>
    public BinaryPackage? Candidate(string key) => _pinned.TryGetValue(key, out var package) ? package : _index.Candidate(key);

    /// <summary>The versions of a name that may be chosen, the first one preferred.</summary>
    public IEnumerable<BinaryPackage> Versions(string key)
    {
        if (_pinned.TryGetValue(key, out var pinned))
            return [pinned];
        var candidate = _index.Candidate(key);
        return ((BinaryPackage?[])[_kept.GetValueOrDefault(key), candidate, Older.GetValueOrDefault(key)]).OfType<BinaryPackage>().Distinct();
    }

    /// <summary>Chooses this version in place of its name's candidate, and of its suite what its dependencies need where their candidates do not do (apt's way with package/suite).</summary>
    /// <param name="package">What is asked for.</param>
    /// <param name="suite">Where it comes from.</param>
    /// <param name="there">What is installed or asked for already.</param>
    public void Switch(BinaryPackage package, string suite, IReadOnlyList<BinaryPackage> there)
    {
        var before = new Dictionary<string, BinaryPackage>(_pinned, StringComparer.Ordinal);
        _pinned[package.Key] = package;
        if (TrySwitchNeeds(package, suite, there))
            return;
        _pinned.Clear();
        foreach (var (key, value) in before)
            _pinned.Add(key, value);
        _pinned[package.Key] = package;
    }

    private bool TrySwitchNeeds(BinaryPackage package, string suite, IReadOnlyList<BinaryPackage> there)
    {
        foreach (var dependency in package.PreDepends.Concat(package.Depends))
        {
            if (dependency.Alternatives.Any(relation => Candidates(relation, package.Home).Any(candidate => IsInstallable(candidate, there))))
                continue;
            var helped = false;
            foreach (var relation in dependency.Alternatives.Where(static relation => relation.Operator != VersionOperator.Any))
            {
                if (AllVersions(relation.Name).FirstOrDefault(other => _index.IsOffered(other, suite)) is not { } other || !other.Meets(relation, package.Home) || _installed.Contains(other.Key))
                    continue;
                var (had, old) = (_pinned.TryGetValue(other.Key, out var pinned), pinned);
                if (ReferenceEquals(old, other))
                {
                    helped = true;
                    break;
                }

                _pinned[other.Key] = other;
                if (TrySwitchNeeds(other, suite, there))
                {
                    helped = true;
                    break;
                }

                if (had)
                    _pinned[other.Key] = old!;
                else
                    _pinned.Remove(other.Key);
            }

            if (!helped)
                return false;
        }

        return true;
    }

    /// <summary>As apt sees it while it switches: what it depends on is there already, or it is there itself.</summary>
    private bool IsInstallable(BinaryPackage package, IReadOnlyList<BinaryPackage> there) => _installed.Contains(package.Key)
        || package.PreDepends.Concat(package.Depends).All(dependency => dependency.Alternatives.Any(relation => there.Any(one => one.Meets(relation, package.Home))));

    private IEnumerable<BinaryPackage> Candidates(Relation relation, string home)
    {
        foreach (var own in _index.Keys(relation.Name).SelectMany(Versions))
        {
            if (own.Meets(relation, home))
                yield return own;
        }

        foreach (var provider in Providers(relation.Name))
        {
            if (provider.Name != relation.Name && Versions(provider.Key).Contains(provider) && provider.Meets(relation, home))
                yield return provider;
        }
    }

    private IEnumerable<BinaryPackage> Providers(string name) => _kept.Count == 0 && Older.Count == 0 ? _index.Providers(name)
        : _index.Providers(name).Concat(_kept.Values.Concat(Older.Values).Where(package => package.Provides.Any(provided => provided.Alternatives[0].Name == name))).Distinct();

    private IEnumerable<BinaryPackage> AllVersions(string key) => _index.Find(key).Concat(((BinaryPackage?[])[_kept.GetValueOrDefault(key), Older.GetValueOrDefault(key)]).OfType<BinaryPackage>()).Distinct();

    public bool IsInstalled(string key) => _installed.Contains(key);

    public bool IsUnwanted(string key) => _unwanted.Contains(key);

    /// <summary>The one version of a name that may be chosen, because it is installed, held or asked for; null where none is.</summary>
    public BinaryPackage? Pinned(string key) => _pinned.GetValueOrDefault(key);

    /// <summary>Every version of every package that a relation means, chosen or not.</summary>
    public IEnumerable<BinaryPackage> Everything(Relation relation, string home, bool excludes) =>
        _index.Keys(relation.Name).SelectMany(AllVersions).Concat(Providers(relation.Name)).Distinct().Where(package => package.Meets(relation, home, excludes));

    /// <summary>apt's CompareProviders.</summary>
    private IEnumerable<BinaryPackage> Sorted(Relation relation, IEnumerable<BinaryPackage> found) => found
        .OrderBy(package => package.MultiArch == MultiArch.Same && _index.Foreign.Count > 0 && _installedNames.Contains(package.Name) ? 0 : 1)
        .ThenBy(package => _installed.Contains(package.Key) ? 0 : 1)
        .ThenBy(package => package.Name == relation.Name ? 0 : 1)
        .ThenBy(package => _kept.ContainsKey(package.Key) ? 0 : 1)
        .ThenBy(package => package.Essential ? 0 : 1)
        .ThenBy(package => package.Important ? 0 : 1)
        .ThenBy(package => package.IsForeign ? 1 : 0)
        .ThenBy(package => package.Priority)
        // Unable to decide: apt takes the name that its cache met last.
        .ThenByDescending(package => package.Ordinal)
        .ThenBy(Preference);

    /// <summary>Among versions of one name, lower where it is preferred: what may be chosen first, then in the index's order.</summary>
    private int Preference(BinaryPackage package) => Versions(package.Key).Concat(_index.Find(package.Key)).Distinct().TakeWhile(other => other != package).Count();
}
