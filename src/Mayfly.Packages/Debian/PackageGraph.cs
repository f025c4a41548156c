namespace Mayfly.Packages.Debian;

/// <summary>Chosen and installed packages with the relations between them resolved: who in the set is meant by each relation.</summary>
internal sealed class PackageGraph
{
    private readonly Dictionary<string, List<BinaryPackage>> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<Relation, BinaryPackage[]> _resolved = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<BinaryPackage> _installed;

    public PackageGraph(IEnumerable<BinaryPackage> packages, IEnumerable<BinaryPackage> installed)
    {
        _installed = [.. installed];
        foreach (var package in _installed.Concat(packages).OrderBy(package => package.Ordinal))
        {
            foreach (var name in package.Provides.Select(provided => provided.Alternatives[0].Name).Prepend(package.Name).Distinct())
            {
                if (!_targets.TryGetValue(name, out var list))
                    _targets.Add(name, list = []);
                if (name == package.Name)
                    list.Insert(0, package);
                else
                    list.Add(package);
            }
        }
    }

    public bool IsInstalled(BinaryPackage package) => _installed.Contains(package);

    /// <summary>The package of this very name, not one that provides it.</summary>
    public BinaryPackage? Named(string name) =>
        _targets.TryGetValue(name, out var list) && list[0].Name == name ? list[0] : null;

    /// <summary>The packages of the set that a relation means, the one of its name first.</summary>
    public IReadOnlyList<BinaryPackage> Targets(Relation relation)
    {
        if (!_resolved.TryGetValue(relation, out var found))
        {
            _resolved.Add(relation, found = !_targets.TryGetValue(relation.Name, out var list) ? [] : [.. list.Where(package =>
                package.Name == relation.Name ? relation.Allows(package.Version)
                    : relation.Qualifier is null && package.Provides.Any(provided => provided.Alternatives[0] is var own && own.Name == relation.Name
                        && (relation.Operator == VersionOperator.Any || (own.Operator == VersionOperator.Equal && relation.Allows(own.Version)))))]);
        }

        return found;
    }
}
