namespace Mayfly.Packages.Debian;

/// <summary>
/// The order in which apt unpacks new packages (its order list, reduced to what can happen when nothing is upgraded or removed):
/// four passes over the list, each visiting what must or should come before in depth first.
/// </summary>
internal sealed class UnpackOrder(PackageGraph graph, IReadOnlySet<BinaryPackage> immediate, Func<BinaryPackage, bool> isEssential)
{
    private readonly HashSet<BinaryPackage> _listed = [];
    private readonly HashSet<BinaryPackage> _added = [];
    private readonly HashSet<BinaryPackage> _pending = [];
    private List<BinaryPackage> _order = [];
    private Visit _primary = Visit.Critical;
    private bool _secondary;
    private int _depth;

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
        _order = [.. packages.OrderByDescending(Score).ThenBy(package => package.Name, StringComparer.Ordinal)];
        _listed.UnionWith(_order);
        Pass(Visit.Critical, withDepends: true);
        Pass(Visit.Critical, withDepends: false);
        Pass(Visit.Critical, withDepends: false);
        Pass(Visit.PreDepends, withDepends: false);
        return _order;
    }

    private void Pass(Visit visit, bool withDepends)
    {
        _primary = visit;
        _secondary = withDepends;
        _added.Clear();
        _pending.Clear();
        _depth = 0;
        var before = _order;
        _order = new List<BinaryPackage>(before.Count);
        foreach (var package in before)
            VisitNode(package);
    }

    private int Score(BinaryPackage package) =>
        (isEssential(package) ? 200 : 0) + (immediate.Contains(package) ? 10 : 0) + (package.PreDepends.Count > 0 ? 50 : 0)
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
        if (_added.Contains(package) || _pending.Contains(package) || !_listed.Contains(package))
            return;
        _depth++;
        _pending.Add(package);
        var old = _primary;
        if (immediate.Contains(package) && _primary != Visit.PreDepends)
            _primary = Visit.CriticalWithDepends;

        foreach (var relation in package.PreDepends.SelectMany(dependency => dependency.Alternatives))
            VisitPrimary(package, relation, isPreDepends: true);
        foreach (var relation in package.Depends.SelectMany(dependency => dependency.Alternatives))
            VisitPrimary(package, relation, isPreDepends: false);
        if (_secondary)
        {
            foreach (var relation in package.Depends.SelectMany(dependency => dependency.Alternatives))
                VisitTargets(package, relation);
        }

        if (_added.Add(package))
        {
            _pending.Remove(package);
            _order.Add(package);
        }

        _primary = old;
        _depth--;
    }

    private void VisitPrimary(BinaryPackage package, Relation relation, bool isPreDepends)
    {
        if (!isPreDepends)
        {
            if (_primary == Visit.Critical || (_primary == Visit.PreDepends && _depth == 1 && !immediate.Contains(package)))
                return;
        }

        var named = graph.Named(relation, package);
        if (graph.Targets(relation, package).Any(target => _added.Contains(target) || graph.IsInstalled(target)))
            return;
        if (named is not null && (_added.Contains(named) || _pending.Contains(named)))
            return;
        var old = _primary;
        if (_primary == Visit.Critical)
            _primary = Visit.CriticalWithDepends;
        VisitTargets(package, relation);
        _primary = old;
    }

    private void VisitTargets(BinaryPackage package, Relation relation)
    {
        foreach (var target in graph.Targets(relation, package))
            VisitNode(target);
    }
}
