using Mayfly.Packages.Debian;

namespace Mayfly.Materials;

/// <summary>Which packages of an image are what others of it depend on.</summary>
internal sealed class DependencyGraph
{
    private readonly Dictionary<string, PackageRelations> _packages;
    private readonly ILookup<string, string> _byName;
    private readonly ILookup<string, string> _providers;

    public DependencyGraph(IReadOnlyList<(string Id, PackageRelations Relations)> packages)
    {
        _packages = packages.ToDictionary(static package => package.Id, static package => package.Relations, StringComparer.Ordinal);
        _byName = packages.ToLookup(static package => package.Relations.Name, static package => package.Id, StringComparer.Ordinal);
        _providers = packages.SelectMany(static package => package.Relations.Provides.Select(provided => (provided.Alternatives[0].Name, package.Id)))
            .ToLookup(static pair => pair.Name, static pair => pair.Id, StringComparer.Ordinal);
    }

    /// <summary>The packages of this name, else those that provide it.</summary>
    public IEnumerable<string> Find(string name) => _byName.Contains(name) ? _byName[name] : _providers[name];

    /// <summary>Everything there that satisfies a dependency of a package; of alternatives all that are there, as apt counts them.</summary>
    public IEnumerable<string> Needs(string id, bool recommends)
    {
        var package = _packages[id];
        return package.PreDepends.Concat(package.Depends).Concat(recommends ? package.Recommends : [])
            .SelectMany(static dependency => dependency.Alternatives)
            .SelectMany(relation => _byName[relation.Name].Where(other => relation.Allows(_packages[other].Version)).Concat(_providers[relation.Name]))
            .Where(other => other != id);
    }
}
