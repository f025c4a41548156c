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
    /// <param name="name">The package to be explained, by its key.</param>
    /// <param name="recommends">Whether Recommends bring packages into that set; where they do not, they are no reason.</param>
    public static IReadOnlyList<ChainLink> To(IReadOnlyList<PackageRelations> set, IEnumerable<(string Name, string Reason)> roots, string name, bool recommends = true)
    {
        var byKey = set.DistinctBy(static package => package.Key).ToDictionary(static package => package.Key, StringComparer.Ordinal);
        var byName = byKey.Values.ToLookup(static package => package.Name, StringComparer.Ordinal);
        var providers = set.SelectMany(static package => package.Provides.Select(provided => (provided.Alternatives[0].Name, Package: package)))
            .ToLookup(static pair => pair.Name, static pair => pair.Package, StringComparer.Ordinal);
        var reached = new Dictionary<string, ChainLink>(StringComparer.Ordinal);
        var pending = new Queue<string>();
        foreach (var (root, reason) in roots)
        {
            foreach (var package in byKey.TryGetValue(root, out var own) ? [own] : byName.Contains(root) ? byName[root].Take(1) : providers[root])
                Reach(package, null, reason);
        }

        while (pending.TryDequeue(out var next) && !reached.ContainsKey(name))
        {
            var package = byKey[next];
            foreach (var (verb, field) in (ReadOnlySpan<(string, IReadOnlyList<Dependency>)>)[("pre-depends on", package.PreDepends), ("depends on", package.Depends), ("recommends", recommends ? package.Recommends : [])])
            {
                foreach (var dependency in field)
                {
                    // Whatever of it is there counts, also what a later alternative brought.
                    foreach (var relation in dependency.Alternatives)
                    {
                        foreach (var target in Targets(relation, package))
                            Reach(target, package, $"{verb} {dependency}");
                    }
                }
            }
        }

        var chain = new List<ChainLink>();
        for (var at = reached.GetValueOrDefault(name); at is not null; at = at.From is { } from ? reached[from.Key] : null)
            chain.Insert(0, at);
        return chain;

        void Reach(PackageRelations package, PackageRelations? from, string reason)
        {
            if (reached.TryAdd(package.Key, new ChainLink(package, from, reason)))
                pending.Enqueue(package.Key);
        }

        IEnumerable<PackageRelations> Targets(Relation relation, PackageRelations by) =>
            byName[relation.Name].Where(own => relation.Allows(own.Version)).Concat(providers[relation.Name].Where(provider => provider.Name != relation.Name))
                .Where(target => relation.Qualifier switch
                {
                    null => target.Foreign == by.Foreign || target.MultiArch == MultiArch.Foreign,
                    "any" => target.MultiArch == MultiArch.Allowed,
                    "native" => target.Foreign is null,
                    var architecture => target.Foreign is null || target.Foreign == architecture,
                });
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

    /// <summary>Its architecture, where that is not the stack's own.</summary>
    public string? Foreign { get; init; }

    public MultiArch MultiArch { get; init; }

    /// <summary><c>libc6</c>, or <c>libc6:i386</c> when it is foreign.</summary>
    public string Key => Foreign is null ? Name : $"{Name}:{Foreign}";

    public static PackageRelations Of(BinaryPackage package) => new(package.Name, package.Version)
    {
        PreDepends = package.PreDepends,
        Depends = package.Depends,
        Recommends = package.Recommends,
        Provides = package.Provides,
        Essential = package.Essential,
        Priority = package.Priority,
        Foreign = package.IsForeign ? package.Home : null,
        MultiArch = package.MultiArch,
    };

    public override string ToString() => $"{Key} {Version}";
}
