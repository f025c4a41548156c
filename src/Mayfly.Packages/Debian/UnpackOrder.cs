namespace Mayfly.Packages.Debian;

/// <summary>
/// The order in which apt unpacks new packages (its order list, reduced to what can happen when nothing is upgraded or removed):
/// four passes over the list, each visiting what must or should come before in depth first.
/// </summary>
internal sealed class UnpackOrder(PackageGraph graph, IReadOnlySet<BinaryPackage> immediate)
{
    private readonly HashSet<BinaryPackage> listed = [];
    private readonly HashSet<BinaryPackage> added = [];
    private readonly HashSet<BinaryPackage> pending = [];
    private List<BinaryPackage> order = [];
    private Visit primary = Visit.Critical;
    private bool secondary;
    private int depth;

    /// <summary>Which dependencies must be placed before the package at hand.</summary>
    private enum Visit
    {
        /// <summary>Pre-Depends alone.</summary>
        Critical,

        /// <summary>Pre-Depends and Depends: the package will be configured at once.</summary>
        CriticalWithDepends,

        /// <summary>Pre-Depends, and Depends below the first level or of packages to be configured at once.</summary>
        PreDepends,
    }

    public IReadOnlyList<BinaryPackage> Of(IEnumerable<BinaryPackage> packages)
    {
        order = [.. packages.OrderByDescending(Score).ThenBy(package => package.Name, StringComparer.Ordinal)];
        listed.UnionWith(order);
        Pass(Visit.Critical, withDepends: true);
        Pass(Visit.Critical, withDepends: false);
        Pass(Visit.Critical, withDepends: false);
        Pass(Visit.PreDepends, withDepends: false);
        return order;
    }

    private void Pass(Visit visit, bool withDepends)
    {
        primary = visit;
        secondary = withDepends;
        added.Clear();
        pending.Clear();
        depth = 0;
        var before = order;
        order = new List<BinaryPackage>(before.Count);
        foreach (var package in before)
            VisitNode(package);
    }

    private int Score(BinaryPackage package) =>
        (package.Essential ? 200 : 0) + (immediate.Contains(package) ? 10 : 0) + (package.PreDepends.Count > 0 ? 50 : 0)
        + package.Priority switch
        {
            PackagePriority.Required => 5,
            PackagePriority.Important => 4,
            PackagePriority.Standard => 3,
            PackagePriority.Optional => 1,
            _ => 0,
        };

    private void VisitNode(BinaryPackage package)
    {
        if (added.Contains(package) || pending.Contains(package) || !listed.Contains(package))
            return;
        depth++;
        pending.Add(package);
        var old = primary;
        if (immediate.Contains(package) && primary != Visit.PreDepends)
            primary = Visit.CriticalWithDepends;

        foreach (var relation in package.PreDepends.SelectMany(dependency => dependency.Alternatives))
            VisitPrimary(package, relation, isPreDepends: true);
        foreach (var relation in package.Depends.SelectMany(dependency => dependency.Alternatives))
            VisitPrimary(package, relation, isPreDepends: false);
        if (secondary)
        {
            foreach (var relation in package.Depends.SelectMany(dependency => dependency.Alternatives))
                VisitTargets(relation);
        }

        if (added.Add(package))
        {
            pending.Remove(package);
            order.Add(package);
        }

        primary = old;
        depth--;
    }

    private void VisitPrimary(BinaryPackage package, Relation relation, bool isPreDepends)
    {
        if (!isPreDepends)
        {
            if (primary == Visit.Critical || (primary == Visit.PreDepends && depth == 1 && !immediate.Contains(package)))
                return;
        }

        var named = graph.Named(relation.Name);
        if (graph.Targets(relation).Any(target => added.Contains(target) || graph.IsInstalled(target)))
            return;
        if (named is not null && (added.Contains(named) || pending.Contains(named)))
            return;
        var old = primary;
        if (primary == Visit.Critical)
            primary = Visit.CriticalWithDepends;
        VisitTargets(relation);
        primary = old;
    }

    private void VisitTargets(Relation relation)
    {
        foreach (var target in graph.Targets(relation))
            VisitNode(target);
    }
}
