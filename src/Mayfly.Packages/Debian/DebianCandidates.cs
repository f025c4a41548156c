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

    /// <param name="index">The packages.</param>
    /// <param name="recommends">True to follow Recommends.</param>
    /// <param name="installed">What is there already; providers among them come first.</param>
    /// <param name="pinned">Versions that were asked for, which take the place of the candidates of their names.</param>
    /// <param name="kept">Versions by name that come before the candidates of their names, as long as they do.</param>
    public DebianCandidates(DebianIndex index, bool recommends, IEnumerable<BinaryPackage> installed, IEnumerable<BinaryPackage> pinned, IReadOnlyDictionary<string, BinaryPackage> kept)
    {
        _index = index;
        _kept = kept;
        _recommends = recommends;
        _installed = [.. installed.Select(package => package.Name)];
        foreach (var package in installed.Concat(pinned))
            _pinned[package.Name] = package;
    }

    public int Number(BinaryPackage package)
    {
        _packages.TryAdd(package.Number, package);
        return package.Number;
    }

    public BinaryPackage Package(int candidate) => _packages[candidate];

    public int PackageOf(int candidate)
    {
        var name = _packages[candidate].Name;
        if (!_names.TryGetValue(name, out var number))
            _names.Add(name, number = _names.Count);
        return number;
    }

    public string Describe(int candidate) => _packages[candidate].ToString();

    public CandidateRelations Examine(int candidate)
    {
        var package = _packages[candidate];
        var requirements = new List<Requirement>();
        // Pre-Depends before Depends before Recommends, each in the field's order: the order of apt's cache.
        foreach (var dependency in package.PreDepends.Concat(package.Depends))
            requirements.Add(new Requirement(dependency, Meeting(dependency)));
        if (_recommends && !_installed.Contains(package.Name))
        {
            foreach (var dependency in package.Recommends)
                requirements.Add(new Requirement(dependency, Meeting(dependency)) { Optional = true });
        }

        var exclusions = new List<Exclusion>();
        foreach (var (verb, field) in new[] { ("conflicts with", package.Conflicts), ("breaks", package.Breaks) })
        {
            foreach (var relation in field.SelectMany(dependency => dependency.Alternatives))
            {
                // A package may conflict with a name that it provides itself: that means all others (policy 7.4).
                var others = Everything(relation).Where(other => other.Name != package.Name).Select(Number).Distinct().ToArray();
                if (others.Length > 0)
                    exclusions.Add(new Exclusion($"{verb} {relation}", others));
            }
        }

        return new CandidateRelations(requirements, exclusions);
    }

    /// <summary>What meets a dependency, in apt's order: alternative by alternative, installed packages before new ones.</summary>
    public int[] Meeting(Dependency dependency)
    {
        var found = dependency.Alternatives.SelectMany(relation => Sorted(relation, Candidates(relation))).ToList();
        if (found.Count == 0)
        {
            // Only other versions than the candidates meet it (something was asked for at an older version): better than nothing, as apt would not.
            found.AddRange(dependency.Alternatives.SelectMany(relation => Sorted(relation, Everything(relation).Where(package => !_pinned.ContainsKey(package.Name)))));
        }

        return [.. found.OrderBy(package => _installed.Contains(package.Name) ? 0 : 1).Select(Number).Distinct()];
    }

    /// <summary>The version of a name that may be chosen: what is installed or asked for, else apt's candidate.</summary>
    public BinaryPackage? Candidate(string name) => _pinned.TryGetValue(name, out var package) ? package : _index.Candidate(name);

    /// <summary>True when a package, by its own name and version or by what it provides, is what the relation means.</summary>
    public bool Meets(BinaryPackage package, Relation relation)
    {
        if (package.Name == relation.Name && QualifierAllows(package, relation) && relation.Allows(package.Version))
            return true;
        // A provided name meets a relation with a version only by a version of its own (policy 7.5), and none with a qualifier but the own architecture's.
        return relation.Qualifier is not "any" && QualifierAllows(package, relation) && package.Provides.Any(provided =>
            provided.Alternatives[0] is var virtualPackage && virtualPackage.Name == relation.Name
            && (relation.Operator == VersionOperator.Any || (virtualPackage.Operator == VersionOperator.Equal && relation.Allows(virtualPackage.Version))));
    }

    private bool QualifierAllows(BinaryPackage package, Relation relation) => relation.Qualifier switch
    {
        null or "native" => true,
        "any" => package.MultiArch == MultiArch.Allowed,
        var architecture => architecture == _index.Architecture,
    };

    private IEnumerable<BinaryPackage> Candidates(Relation relation)
    {
        foreach (var own in Versions(relation.Name))
        {
            if (Meets(own, relation))
                yield return own;
        }

        foreach (var provider in Providers(relation.Name))
        {
            if (provider.Name != relation.Name && Versions(provider.Name).Contains(provider) && Meets(provider, relation))
                yield return provider;
        }
    }

    /// <summary>The versions of a name that may be chosen, the first one preferred.</summary>
    public IEnumerable<BinaryPackage> Versions(string name)
    {
        if (_pinned.TryGetValue(name, out var pinned))
            return [pinned];
        var candidate = _index.Candidate(name);
        return _kept.TryGetValue(name, out var kept) && kept != candidate ? candidate is null ? [kept] : [kept, candidate] : candidate is null ? [] : [candidate];
    }

    private IEnumerable<BinaryPackage> Providers(string name) => _kept.Count == 0 ? _index.Providers(name)
        : _index.Providers(name).Concat(_kept.Values.Where(package => package.Provides.Any(provided => provided.Alternatives[0].Name == name))).Distinct();

    private IEnumerable<BinaryPackage> Everything(Relation relation) =>
        _index.Find(relation.Name).Concat(_kept.TryGetValue(relation.Name, out var kept) ? [kept] : []).Concat(Providers(relation.Name)).Distinct().Where(package => Meets(package, relation));

    private IEnumerable<BinaryPackage> Sorted(Relation relation, IEnumerable<BinaryPackage> found) => found
        .OrderBy(package => _installed.Contains(package.Name) ? 0 : 1)
        .ThenBy(package => package.Name == relation.Name ? 0 : 1)
        .ThenBy(package => _kept.ContainsKey(package.Name) ? 0 : 1)
        .ThenBy(package => package.Essential ? 0 : 1)
        .ThenBy(package => package.Important ? 0 : 1)
        .ThenBy(package => package.Priority)
        // Unable to decide: apt takes the name that its cache met last.
        .ThenByDescending(package => package.Ordinal);
}
