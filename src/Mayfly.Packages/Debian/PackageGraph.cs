namespace Mayfly.Packages.Debian;

/// <summary>Chosen and installed packages with the relations between them resolved: who in the set is meant by each relation.</summary>
internal sealed class PackageGraph
{
    private readonly Dictionary<string, List<BinaryPackage>> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BinaryPackage> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<Relation, BinaryPackage[]> _resolved = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<BinaryPackage> _installed;

    public PackageGraph(IEnumerable<BinaryPackage> packages, IEnumerable<BinaryPackage> installed)
    {
        _installed = [.. installed];
        foreach (var package in _installed.Concat(packages).OrderBy(package => package.Ordinal))
        {
            _named[package.Key] = package;
            foreach (var name in package.Provides.Select(provided => provided.Alternatives[0].Name).Prepend(package.Name).Distinct())
            {
                if (!_targets.TryGetValue(name, out var list))
                    _targets.Add(name, list = []);
                list.Add(package);
            }
        }
    }

    public bool IsInstalled(BinaryPackage package) => _installed.Contains(package);

    /// <summary>The package of the very name that a package's relation has, in that package's architecture; not one that provides it.</summary>
    public BinaryPackage? Named(Relation relation, BinaryPackage by) =>
        _named.TryGetValue(by.IsForeign ? $"{relation.Name}:{by.Home}" : relation.Name, out var package) ? package : null;

    /// <summary>The packages of the set that a package's relation means, the one of its name first.</summary>
    public IReadOnlyList<BinaryPackage> Targets(Relation relation, BinaryPackage by)
    {
        if (!_resolved.TryGetValue(relation, out var found))
        {
            _resolved.Add(relation, found = !_targets.TryGetValue(relation.Name, out var list) ? []
                // apt's cache has those that provide a name in a list that begins with what was read last.
                : [.. list.Where(package => package.Meets(relation, by.Home)).OrderBy(package => package.Name != relation.Name ? 2 : package.Home == by.Home ? 0 : 1).ThenByDescending(static package => package.Position)]);
        }

        return found;
    }
}
