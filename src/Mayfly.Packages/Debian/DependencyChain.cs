namespace Mayfly.Packages.Debian;

/// <summary>Why a package is in a set: from what was asked for, link by link, to it.</summary>
public static class DependencyChain
{
    /// <summary>
    /// The shortest chain from something that was asked for, or that every Debian system has, to a package; empty when the set does not have it. Among
    /// chains of one length the first in order of the requests and of the fields wins.
    /// </summary>
    /// <param name="set">All packages of the set and of what lies below it.</param>
    /// <param name="roots">Those that are there for their own sake, each with the reason in words.</param>
    /// <param name="name">The package to be explained.</param>
    public static IReadOnlyList<ChainLink> To(IReadOnlyList<PackageRelations> set, IEnumerable<(string Name, string Reason)> roots, string name)
    {
        var byName = set.DistinctBy(static package => package.Name).ToDictionary(static package => package.Name, StringComparer.Ordinal);
        var providers = set.SelectMany(static package => package.Provides.Select(provided => (provided.Alternatives[0].Name, Package: package)))
            .ToLookup(static pair => pair.Name, static pair => pair.Package, StringComparer.Ordinal);
        var reached = new Dictionary<string, ChainLink>(StringComparer.Ordinal);
        var pending = new Queue<string>();
        foreach (var (root, reason) in roots)
        {
            foreach (var package in byName.TryGetValue(root, out var own) ? [own] : providers[root])
                Reach(package, null, reason);
        }

        while (pending.TryDequeue(out var next) && !reached.ContainsKey(name))
        {
            var package = byName[next];
            foreach (var (verb, field) in (ReadOnlySpan<(string, IReadOnlyList<Dependency>)>)[("pre-depends on", package.PreDepends), ("depends on", package.Depends), ("recommends", package.Recommends)])
            {
                foreach (var dependency in field)
                {
                    // Whatever of it is there counts, also what a later alternative brought.
                    foreach (var relation in dependency.Alternatives)
                    {
                        foreach (var target in Targets(relation))
                            Reach(target, package, $"{verb} {dependency}");
                    }
                }
            }
        }

        var chain = new List<ChainLink>();
        for (var at = reached.GetValueOrDefault(name); at is not null; at = at.From is { } from ? reached[from.Name] : null)
            chain.Insert(0, at);
        return chain;

        void Reach(PackageRelations package, PackageRelations? from, string reason)
        {
            if (reached.TryAdd(package.Name, new ChainLink(package, from, reason)))
                pending.Enqueue(package.Name);
        }

        IEnumerable<PackageRelations> Targets(Relation relation)
        {
            if (byName.TryGetValue(relation.Name, out var own) && relation.Allows(own.Version))
                yield return own;
            foreach (var provider in providers[relation.Name].Where(provider => provider.Name != relation.Name))
                yield return provider;
        }
    }
}

/// <summary>One link: a package, and what brought it.</summary>
/// <param name="From">Null for the first one.</param>
/// <param name="Reason">In words: <c>depends on libc6 (&gt;= 2.36)</c>, or why it is there for its own sake.</param>
public sealed record ChainLink(PackageRelations Package, PackageRelations? From, string Reason);

/// <summary>What a package says of others.</summary>
public sealed record PackageRelations(string Name, DebianVersion Version)
{
    public IReadOnlyList<Dependency> PreDepends { get; init; } = [];

    public IReadOnlyList<Dependency> Depends { get; init; } = [];

    public IReadOnlyList<Dependency> Recommends { get; init; } = [];

    public IReadOnlyList<Dependency> Provides { get; init; } = [];

    public bool Essential { get; init; }

    public PackagePriority Priority { get; init; }

    public static PackageRelations Of(BinaryPackage package) => new(package.Name, package.Version)
    {
        PreDepends = package.PreDepends,
        Depends = package.Depends,
        Recommends = package.Recommends,
        Provides = package.Provides,
        Essential = package.Essential,
        Priority = package.Priority,
    };

    public override string ToString() => $"{Name} {Version}";
}
