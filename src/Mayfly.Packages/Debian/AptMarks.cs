namespace Mayfly.Packages.Debian;

/// <summary>
/// apt's own choice: packages are marked as its dependency cache marks them for <c>apt-get install</c>. What is asked for comes first and is protected; then
/// what each marked package needs is marked in depth, by the first alternative that can be, and what conflicts with it is unmarked again.
/// </summary>
/// <remarks>
/// This is a greedy walk with little memory, and its outcome need not hold: that is looked at in the end, relation by relation. Where it does hold it is
/// what apt installs; where not, apt's problem resolver tries to put it right and mostly gives up: of what it does, only its first step is followed, and
/// then the solver takes over. The walk follows apt 2.6's depcache,
/// also where that is odd, such as marks that stay though the package that needed them could not be marked. Nothing installed is upgraded or removed.
/// </remarks>
internal sealed class AptMarks
{
    private const int DeepestWalk = 3000;

    private readonly DebianCandidates _candidates;
    private readonly bool _recommends;
    private readonly Dictionary<string, AptMark> _marks = new(StringComparer.Ordinal);
    private readonly List<AptMark> _installed = [];
    private readonly Dictionary<Relation, List<AptMark>> _meeting = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BinaryPackage, IReadOnlyList<Conflict>> _conflicts = new(ReferenceEqualityComparer.Instance);
    private readonly List<AptMark> _order = [];
    private int _clock;

    /// <summary>One thing that a package excludes, and the candidates that it means.</summary>
    private sealed record Conflict(List<AptMark> With);

    private AptMarks(DebianCandidates candidates, bool recommends, IReadOnlyList<BinaryPackage> installed)
    {
        _candidates = candidates;
        _recommends = recommends;
        foreach (var package in installed)
        {
            var mark = new AptMark(package.Key, package) { IsInstalled = true };
            _marks.Add(package.Key, mark);
            _installed.Add(mark);
        }
    }

    /// <summary>What apt marks, in the order in which it does; null when that does not hold, or would remove something installed, with the reason in words.</summary>
    /// <param name="candidates">One version for each name.</param>
    /// <param name="recommends">True to follow Recommends.</param>
    /// <param name="installed">What is there.</param>
    /// <param name="asked">What is asked for, in order.</param>
    /// <param name="unwanted">Keys of what must not be marked.</param>
    public static IReadOnlyList<BinaryPackage>? Choose(
        DebianCandidates candidates, bool recommends, IReadOnlyList<BinaryPackage> installed, IReadOnlyList<BinaryPackage> asked, IEnumerable<string> unwanted,
        out string? fault)
    {
        var marks = new AptMarks(candidates, recommends, installed);
        foreach (var key in unwanted)
            marks.Mark(key).IsProtected = true;
        var requests = asked.Select(package => marks.Mark(package.Key)).Distinct().ToList();
        foreach (var request in requests)
        {
            request.IsProtected = true;
            marks.Install(request, withNeeds: false, 0, asked: true);
        }

        foreach (var request in requests)
            marks.Install(request, withNeeds: true, 0, asked: true);
        if ((fault = marks.Fault(requests)) is not null)
        {
            marks.HoldBack(requests);
            if ((fault = marks.Fault(requests)) is not null)
                return null;
        }

        marks.Sweep(requests);
        return (fault = marks.Fault(requests)) is null ? [.. marks._order.Where(static mark => mark is { IsThere: true, IsInstalled: false }).Select(static mark => mark.Candidate!)] : null;
    }

    /// <summary>
    /// Takes back what is broken and not needed: marks stay though what they were made for was unmarked, and then stand in the way. apt's problem resolver
    /// rates them lowest, so it begins with them, and need mostly do nothing else.
    /// </summary>
    private void HoldBack(IReadOnlyList<AptMark> requests)
    {
        for (var found = true; found;)
        {
            var needed = new HashSet<AptMark>();
            var pending = new Stack<AptMark>(_installed.Concat(requests));
            while (pending.TryPop(out var mark))
            {
                if (!mark.IsThere || !needed.Add(mark))
                    continue;
                foreach (var relation in mark.Candidate!.PreDepends.Concat(mark.Candidate.Depends).SelectMany(static dependency => dependency.Alternatives))
                {
                    foreach (var target in Meeting(relation, mark.Candidate))
                        pending.Push(target);
                }
            }

            found = false;
            foreach (var mark in _order.Where(mark => mark.IsThere && !needed.Contains(mark) && IsBroken(mark)).ToList())
            {
                mark.State = AptState.Kept;
                found = true;
            }
        }
    }

    /// <summary>Why the marks do not hold, as a sentence; null where they do.</summary>
    private string? Fault(IEnumerable<AptMark> requests)
    {
        if (requests.FirstOrDefault(static request => !request.IsThere) is { } left)
            return $"apt's first choices leave out {left.First?.ToString() ?? left.Key}, which is asked for";
        if (_installed.Find(static mark => !mark.IsThere) is { } removed)
            return $"apt's first choices would remove {removed.First}, which the base has";
        if (_order.Concat(_installed).FirstOrDefault(mark => mark.IsThere && IsBroken(mark))?.Candidate is not { } broken)
            return null;
        return broken.PreDepends.Concat(broken.Depends).FirstOrDefault(dependency => !IsMet(dependency, broken)) is { } unmet
            ? $"apt's first choices leave {broken} without {unmet}, which it depends on"
            : $"apt's first choices put {broken} beside {Conflicts(broken).SelectMany(static conflict => conflict.With).First(static other => other.IsThere).Candidate}, which exclude each other";
    }

    /// <summary>
    /// Takes back what was marked and is not needed after all: nothing that stays depends on it, recommends or suggests it. apt sweeps so before it installs,
    /// and spares what a package that stays names in any version.
    /// </summary>
    private void Sweep(IEnumerable<AptMark> requests)
    {
        var reached = new HashSet<AptMark>();
        var pending = new Stack<AptMark>(_installed.Concat(requests));
        while (pending.TryPop(out var mark))
        {
            if (!mark.IsThere || !reached.Add(mark))
                continue;
            var package = mark.Candidate!;
            foreach (var relation in package.PreDepends.Concat(package.Depends).Concat(package.Recommends).Concat(package.Suggests).SelectMany(static dependency => dependency.Alternatives))
            {
                foreach (var target in Meeting(relation, package))
                    pending.Push(target);
            }
        }

        var swept = _order.Where(mark => mark.IsThere && !reached.Contains(mark)).OrderBy(static mark => mark.First!.Ordinal).ToList();
        foreach (var mark in swept)
            mark.State = AptState.Kept;
        while (swept.Find(mark => _order.Concat(_installed).Any(other => other.IsThere && Names(other.Candidate!, mark.First!))) is { } spared)
        {
            spared.State = AptState.Marked;
            swept.Remove(spared);
        }
    }

    private bool Names(BinaryPackage package, BinaryPackage other) => Needs(package).SelectMany(static need => need.Dependency.Alternatives)
        .Any(relation => relation.Name == other.Name || other.Provides.Any(provided => provided.Alternatives[0].Name == relation.Name));

    private AptMark Mark(string key)
    {
        if (!_marks.TryGetValue(key, out var mark))
            _marks.Add(key, mark = new AptMark(key, _candidates.Versions(key).FirstOrDefault()));
        return mark;
    }

    private bool Install(AptMark mark, bool withNeeds, int depth, bool asked)
    {
        if (!(mark.IsProtected && mark is { IsInstalled: true, State: AptState.Kept }) && !MayBecome(mark, AptState.Marked, depth, asked))
            return false;
        if (mark.Candidate is not { } package)
            return false;
        if (!mark.IsProtected && mark.IsThere && !IsBroken(mark) && !(_recommends && LacksRecommended(mark)))
            return true;
        if (!IsInSync(mark, asked) || (withNeeds && !CanBeMet(mark, package)))
            return false;
        if (asked)
            Set(mark);

        var early = !mark.IsProtected && !asked;
        var failed = false;
        var needs = new List<(Dependency Dependency, bool Optional)>();
        var removals = new List<AptMark>();
        if (withNeeds)
        {
            needs = [.. Needs(package).Where(need => mark.IsProtected || !IsMet(need.Dependency, package))];
            var conflicts = Conflicts(package).Where(conflict => mark.IsProtected || conflict.With.Exists(static other => other.IsThere)).ToList();
            if (!Unmark(mark, conflicts, removals, depth, asked))
            {
                if (early)
                    return false;
                failed = true;
            }
        }

        if (!asked)
            Set(mark);
        if (!withNeeds)
            return !failed;

        var already = mark.IsProtected;
        mark.IsProtected = true;
        try
        {
            if (!InstallNeeds(mark, package, needs, already, depth, asked))
            {
                if (early)
                {
                    Discard(mark);
                    return false;
                }

                failed = true;
            }

            foreach (var removal in removals)
            {
                if (Become(removal, AptState.Removed, depth))
                    continue;
                if (early)
                {
                    Discard(mark);
                    return false;
                }

                failed = true;
            }

            return !failed;
        }
        finally
        {
            mark.IsProtected = already;
        }
    }

    /// <summary>Marks what the package needs. Where it is protected itself, so is what alone can meet a dependency of it.</summary>
    private bool InstallNeeds(AptMark mark, BinaryPackage package, List<(Dependency Dependency, bool Optional)> needs, bool protect, int depth, bool asked)
    {
        var failed = false;
        foreach (var (dependency, optional) in needs)
        {
            var met = IsMet(dependency, package);
            if (met && (!protect || optional))
                continue;
            if (met)
            {
                if (Solutions(dependency, package, sorted: false) is [{ IsProtected: false } only])
                {
                    only.IsProtected = true;
                    failed |= !Install(only, withNeeds: true, depth + 1, asked: false);
                }

                continue;
            }

            // Recommends of what is installed were not followed before and are not now.
            if (mark.IsInstalled && optional)
                continue;
            var solutions = Solutions(dependency, package, sorted: true);
            foreach (var solution in solutions)
            {
                if (solution.Candidate is null)
                    continue;
                if (protect && !optional && solutions.Count == 1)
                {
                    if (!Install(solution, withNeeds: false, depth + 1, asked: false))
                        continue;
                    solution.IsProtected = true;
                }

                if (Install(solution, withNeeds: true, depth + 1, asked: false))
                {
                    met = true;
                    break;
                }
            }

            if (met || optional)
                continue;
            failed = true;
            if (!protect && !asked)
                break;
        }

        return !failed;
    }

    /// <summary>Unmarks what conflicts with a package; where that is protected, the others can never be marked again.</summary>
    private bool Unmark(AptMark mark, List<Conflict> conflicts, List<AptMark> removals, int depth, bool asked)
    {
        var (protect, failed) = (mark.IsProtected, false);
        foreach (var conflict in conflicts)
        {
            foreach (var other in conflict.With.Where(static other => other.Candidate is not null).OrderBy(static other => other.IsProtected ? 0 : 1).ToList())
            {
                if (!other.IsInstalled)
                {
                    if (other.IsThere && !Become(other, AptState.Kept, depth))
                        failed = true;
                    else if (protect)
                        (other.Candidate, other.IsProtected) = (Forgotten(other), true);
                }
                else if (protect)
                {
                    failed |= other.State != AptState.Removed && !Become(other, AptState.Removed, depth + 1);
                }
                else if (other.State != AptState.Removed)
                {
                    if (MayBecome(other, AptState.Removed, depth, asked: false))
                        removals.Add(other);
                    else
                        failed = true;
                }

                if (failed && !protect && !asked)
                    return false;
            }
        }

        return !failed;
    }

    private BinaryPackage? Forgotten(AptMark mark)
    {
        mark.Discarded = ++_clock;
        return null;
    }

    private void Set(AptMark mark)
    {
        if (mark.IsInstalled || (mark.IsProtected && mark.IsThere))
            return;
        mark.State = AptState.Marked;
        _order.Remove(mark);
        _order.Add(mark);
        mark.Updated = ++_clock;
    }

    private bool Become(AptMark mark, AptState state, int depth)
    {
        if (!MayBecome(mark, state, depth, asked: false))
            return false;
        mark.State = state;
        mark.Updated = ++_clock;
        return true;
    }

    private void Discard(AptMark mark)
    {
        if (mark.IsInstalled)
            return;
        mark.State = AptState.Kept;
        mark.Updated = ++_clock;
        mark.Candidate = Forgotten(mark);
    }

    private static bool MayBecome(AptMark mark, AptState state, int depth, bool asked) =>
        depth <= DeepestWalk && (asked || mark.State == state || (!mark.IsProtected && !(state == AptState.Removed && mark.Candidate is { Essential: true } or { Important: true })));

    /// <summary>Copies of a Multi-Arch: same package for several architectures have one version.</summary>
    private bool IsInSync(AptMark mark, bool asked) => asked || mark.IsThere || mark.Candidate is not { MultiArch: MultiArch.Same } package
        || _installed.TrueForAll(other => other == mark || other.Candidate!.Name != package.Name || other.Candidate.MultiArch != MultiArch.Same || other.Candidate.Version.Text == package.Version.Text);

    /// <summary>As far as apt looks ahead: each dependency has a candidate, or had one when it was last looked at. Else the package is out of the question.</summary>
    private bool CanBeMet(AptMark mark, BinaryPackage package)
    {
        if (mark.IsInstalled || package.PreDepends.Concat(package.Depends).All(dependency => dependency.Alternatives.Any(relation => HasCandidate(relation, package))))
            return true;
        if (!mark.IsProtected)
        {
            mark.State = AptState.Kept;
            mark.Candidate = Forgotten(mark);
        }

        return false;
    }

    private bool HasCandidate(Relation relation, BinaryPackage package)
    {
        var meeting = Meeting(relation, package);
        if (meeting.Exists(static mark => mark.Candidate is not null))
            return true;
        if (meeting.Count == 0)
            return false;
        var looked = meeting.Max(static mark => mark.Updated);
        return meeting.Exists(mark => mark.Discarded > looked);
    }

    private bool IsBroken(AptMark mark) => mark.Candidate is { } package && mark.IsThere
        && (package.PreDepends.Concat(package.Depends).Any(dependency => !IsMet(dependency, package)) || Conflicts(package).Any(static conflict => conflict.With.Exists(static other => other.IsThere)));

    private bool LacksRecommended(AptMark mark) => mark.Candidate is { } package && package.Recommends.Any(dependency => !IsMet(dependency, package));

    private bool IsMet(Dependency dependency, BinaryPackage package) => dependency.Alternatives.Any(relation => Meeting(relation, package).Exists(static mark => mark.IsThere));

    private IEnumerable<(Dependency Dependency, bool Optional)> Needs(BinaryPackage package) =>
        package.PreDepends.Concat(package.Depends).Select(static dependency => (dependency, false)).Concat(_recommends ? package.Recommends.Select(static dependency => (dependency, true)) : []);

    /// <summary>What could meet a dependency, without what is ruled out for good; sorted as apt tries it.</summary>
    private List<AptMark> Solutions(Dependency dependency, BinaryPackage package, bool sorted)
    {
        var found = dependency.Alternatives.Where(relation => HasCandidate(relation, package))
            .SelectMany(relation => Meeting(relation, package).Where(static mark => mark.Candidate is not null).OrderBy(static mark => mark.IsProtected ? 0 : 1));
        if (sorted)
            found = found.OrderBy(static mark => mark.IsInstalled ? 0 : 1);
        return [.. found.Distinct().Where(static mark => !mark.IsProtected || mark.IsThere)];
    }

    /// <summary>The candidates that a relation of a package means, in apt's order of preference.</summary>
    private List<AptMark> Meeting(Relation relation, BinaryPackage package)
    {
        if (!_meeting.TryGetValue(relation, out var found))
            _meeting.Add(relation, found = [.. _candidates.Meeting(relation, package.Home).DistinctBy(static other => other.Key).Select(other => (Mark: Mark(other.Key), other)).Where(static pair => pair.Mark.First == pair.other).Select(static pair => pair.Mark)]);
        return found;
    }

    private IReadOnlyList<Conflict> Conflicts(BinaryPackage package)
    {
        if (!_conflicts.TryGetValue(package, out var found))
        {
            _conflicts.Add(package, found = [.. _candidates.Exclusions(package)
                .Select(exclusion => new Conflict([.. exclusion.Others.Select(other => (Mark: Mark(other.Key), other)).Where(static pair => pair.Mark.First == pair.other).Select(static pair => pair.Mark).Distinct()]))
                .Where(static conflict => conflict.With.Count > 0)]);
        }

        return found;
    }
}
