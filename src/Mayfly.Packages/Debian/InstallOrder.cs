namespace Mayfly.Packages.Debian;

/// <summary>
/// Plans the stages of installing: what is placed and configured together, and in which order it is handed to dpkg.
/// </summary>
/// <remarks>
/// The stages are apt's own calls of <c>dpkg --unpack</c> and <c>dpkg --configure</c>, because their borders and order decide which user and group ids
/// are given, how often triggers run and in which order they are noted. apt places packages until one of them must be configured before the next
/// can be placed: for its Pre-Depends, or because it is essential. What is left is configured by one last <c>dpkg --configure --pending</c>, which
/// takes the packages in the order of dpkg's own hash table. Inside a call dpkg defers what is not ready and breaks cycles itself; given the same
/// queue it ends with the same order.
/// </remarks>
public sealed class InstallOrder
{
    /// <summary>Packages that pre-depend on one another let the rounds never end: apt gives up after 5000 of them, here what is left is placed as it comes.</summary>
    private const int MostRounds = 100;

    private readonly PackageGraph _graph;
    private readonly HashSet<BinaryPackage> _immediate = [];
    private readonly HashSet<BinaryPackage> _unpacked = [];
    private readonly HashSet<BinaryPackage> _configured = [];
    private readonly HashSet<BinaryPackage> _looping = [];
    private readonly List<(bool Configure, BinaryPackage Package)> _steps = [];

    private readonly Func<BinaryPackage, bool> _isEssential;

    private InstallOrder(IReadOnlyCollection<BinaryPackage> packages, IReadOnlyCollection<BinaryPackage> installed, bool countsItself)
    {
        _isEssential = package => package.Essential || (countsItself && package.Name == DebianBase.ForcedEssential);
        _graph = new PackageGraph(packages, installed);
        // Essential packages and all that their dependencies name are configured as soon as they are placed.
        var pending = new Stack<BinaryPackage>(packages.Concat(installed).Where(_isEssential));
        while (pending.TryPop(out var package))
        {
            if (!_immediate.Add(package))
                continue;
            foreach (var relation in package.PreDepends.Concat(package.Depends).SelectMany(dependency => dependency.Alternatives))
            {
                if (relation.Qualifier is null && _graph.Named(relation, package) is { } named)
                    pending.Push(named);
            }
        }
    }

    /// <summary>
    /// The stages of packages over a configured system. apt counts itself among the essential packages where it is there; where it is yet to be installed it was driven
    /// from outside, and told not to: mmdebstrap sets <c>pkgCacheGen::ForceEssential</c> to no name for all variants but <c>apt</c>, which begins with it.
    /// </summary>
    public static IReadOnlyList<LockedStage> Plan(IReadOnlyCollection<BinaryPackage> packages, IReadOnlyCollection<BinaryPackage> installed)
    {
        if (packages.Count == 0)
            return [];
        var order = new InstallOrder(packages, installed, countsItself: installed.Any(static package => package.Name == DebianBase.ForcedEssential));
        order.Run(packages);
        return order.Stages();
    }

    /// <summary>
    /// The one stage of the essential packages, where nothing is there to run scripts with: all are placed in apt's order and
    /// configured by a single dpkg that is told to overlook dependencies (policy does not define bootstrapping).
    /// </summary>
    public static LockedStage Bootstrap(IReadOnlyCollection<BinaryPackage> essential) => new([.. Unpacking(essential, []).Select(package => package.Id)]);

    /// <summary>apt's order of unpacking.</summary>
    internal static IReadOnlyList<BinaryPackage> Unpacking(IReadOnlyCollection<BinaryPackage> packages, IReadOnlyCollection<BinaryPackage> installed)
    {
        var order = new InstallOrder(packages, installed, countsItself: true);
        order.Run(packages);
        return [.. order._steps.Where(step => !step.Configure).Select(step => step.Package)];
    }

    /// <summary>apt's steps: unpacking and explicit configuring, as <c>apt-get --simulate</c> shows them.</summary>
    internal static IReadOnlyList<(bool Configure, BinaryPackage Package)> Steps(IReadOnlyCollection<BinaryPackage> packages, IReadOnlyCollection<BinaryPackage> installed)
    {
        var order = new InstallOrder(packages, installed, countsItself: true);
        order.Run(packages);
        return order._steps;
    }

    private void Run(IReadOnlyCollection<BinaryPackage> packages)
    {
        foreach (var package in new UnpackOrder(_graph, _immediate, _isEssential).Of(packages))
        {
            if (IsUntouched(package))
                Unpack(package, _immediate.Contains(package));
        }
    }

    private bool IsUntouched(BinaryPackage package) => !_graph.IsInstalled(package) && !_unpacked.Contains(package) && !_configured.Contains(package);

    /// <summary>Unpacks a package, after all that it pre-depends on is configured.</summary>
    private bool Unpack(BinaryPackage package, bool configureToo)
    {
        var inLoop = _looping.Contains(package);
        bool changed, bad;
        var rounds = 0;
        do
        {
            changed = bad = false;
            foreach (var dependency in package.PreDepends)
                bad |= !Ready(package, dependency, inLoop, ref changed);
        }
        while (changed && ++rounds < MostRounds);

        if (bad)
            return false;
        if (inLoop)
            return true;
        _unpacked.Add(package);
        _steps.Add((false, package));
        if (configureToo)
            Configure(package); // What fails here is configured later.
        return true;
    }

    private bool Ready(BinaryPackage package, Dependency dependency, bool inLoop, ref bool changed)
    {
        if (dependency.Alternatives.Any(relation => _graph.Targets(relation, package).Any(_graph.IsInstalled)))
            return true;
        foreach (var relation in dependency.Alternatives)
        {
            foreach (var target in _graph.Targets(relation, package))
            {
                if (_configured.Contains(target))
                    return true;
                if (!_unpacked.Contains(target))
                {
                    if (_looping.Contains(target) && inLoop)
                        continue;
                    if (!WithoutLooping(package, inLoop, target, ref changed, () => Unpack(target, configureToo: true)))
                        return false;
                }
                else if (!WithoutLooping(package, inLoop, target, ref changed, () => Configure(target)))
                {
                    return false;
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Configures an unpacked package, after all that it depends on is unpacked and as far as cycles allow configured.</summary>
    private bool Configure(BinaryPackage package)
    {
        var inLoop = _looping.Contains(package);
        var open = new List<Dependency>();
        bool changed;
        var rounds = 0;
        do
        {
            changed = false;
            foreach (var dependency in package.PreDepends.Concat(package.Depends))
            {
                var targets = dependency.Alternatives.SelectMany(relation => _graph.Targets(relation, package)).ToList();
                if (targets.Any(_graph.IsInstalled))
                    continue;
                var helped = false;
                if (!inLoop)
                {
                    foreach (var relation in dependency.Alternatives)
                    {
                        if (_graph.Targets(relation, package).FirstOrDefault(IsUntouched) is not { } target)
                            continue;
                        if (!WithoutLooping(package, inLoop, target, ref changed, () => Unpack(target, configureToo: true)))
                            return false;
                        helped = true;
                        break;
                    }
                }

                if (!helped)
                    open.Add(dependency);
            }
        }
        while (changed && ++rounds < MostRounds);

        var bad = false;
        rounds = 0;
        do
        {
            changed = false;
            foreach (var dependency in open)
            {
                bad = true;
                foreach (var relation in dependency.Alternatives)
                {
                    foreach (var target in _graph.Targets(relation, package))
                    {
                        if (_configured.Contains(target))
                        {
                            bad = false;
                            break;
                        }

                        if (!_unpacked.Contains(target))
                            continue;
                        if (_looping.Contains(target) && inLoop)
                        {
                            bad = false;
                            break;
                        }

                        if (!WithoutLooping(package, inLoop, target, ref changed, () => Configure(target)))
                            return false;
                        bad = false;
                        break;
                    }

                    if (!bad)
                        break;
                }
            }
        }
        while (changed && ++rounds < MostRounds);

        if (bad)
            return false;
        if (inLoop)
            return true;
        if (_configured.Contains(package))
            return false;
        _unpacked.Remove(package);
        _configured.Add(package);
        _steps.Add((true, package));
        return true;
    }

    private bool WithoutLooping(BinaryPackage package, bool inLoop, BinaryPackage target, ref bool changed, Func<bool> act)
    {
        if (!inLoop)
            _looping.Add(package);
        var done = act();
        if (!inLoop)
            _looping.Remove(package);
        if (done && !_looping.Contains(target))
            changed = true;
        return done;
    }

    private List<LockedStage> Stages()
    {
        var stages = new List<LockedStage>();
        for (var at = 0; at < _steps.Count;)
        {
            var placed = Run(configure: false);
            stages.Add(new LockedStage(placed) { Configured = Run(configure: true) });

            List<string> Run(bool configure)
            {
                var run = new List<string>();
                for (; at < _steps.Count && _steps[at].Configure == configure; at++)
                    run.Add(_steps[at].Package.Id);
                return run;
            }
        }

        return stages;
    }
}
