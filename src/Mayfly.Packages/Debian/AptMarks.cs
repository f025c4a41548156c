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

    private readonly AptMarkTable _table;
    private readonly bool _recommends;
    private readonly List<AptMark> _order = [];
    private int _clock;

    private AptMarks(AptMarkTable table, bool recommends) => (_table, _recommends) = (table, recommends);

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
        var marks = new AptMarks(new AptMarkTable(candidates, recommends, installed), recommends);
        foreach (var key in unwanted)
            marks._table.Mark(key).IsProtected = true;
        var requests = asked.Select(package => marks._table.Mark(package.Key)).Distinct().ToList();
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
            var pending = new Stack<AptMark>(_table.Installed.Concat(requests));
            while (pending.TryPop(out var mark))
            {
                if (!mark.IsThere || !needed.Add(mark))
                    continue;
                foreach (var relation in mark.Candidate!.PreDepends.Concat(mark.Candidate.Depends).SelectMany(static dependency => dependency.Alternatives))
                {
                    foreach (var target in _table.Meeting(relation, mark.Candidate))
                        pending.Push(target);
                }
            }

            found = false;
            foreach (var mark in _order.Where(mark => mark.IsThere && !needed.Contains(mark) && _table.IsBroken(mark)).ToList())
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
        if (_table.Installed.FirstOrDefault(static mark => !mark.IsThere) is { } removed)
            return $"apt's first choices would remove {removed.First}, which the base has";
        if (_order.Concat(_table.Installed).FirstOrDefault(mark => mark.IsThere && _table.IsBroken(mark))?.Candidate is not { } broken)
            return null;
        return broken.PreDepends.Concat(broken.Depends).FirstOrDefault(dependency => !_table.IsMet(dependency, broken)) is { } unmet
            ? $"apt's first choices leave {broken} without {unmet}, which it depends on"
            : $"apt's first choices put {broken} beside {_table.Conflicts(broken).SelectMany(static conflict => conflict.With).First(static other => other.IsThere).Candidate}, which exclude each other";
    }

    /// <summary>
    /// Takes back what was marked and is not needed after all: nothing that stays depends on it, recommends or suggests it. apt sweeps so before it installs,
    /// and spares what a package that stays names in any version.
    /// </summary>
    private void Sweep(IEnumerable<AptMark> requests)
    {
        var reached = new HashSet<AptMark>();
        var pending = new Stack<AptMark>(_table.Installed.Concat(requests));
        while (pending.TryPop(out var mark))
        {
            if (!mark.IsThere || !reached.Add(mark))
                continue;
            var package = mark.Candidate!;
            foreach (var relation in package.PreDepends.Concat(package.Depends).Concat(package.Recommends).Concat(package.Suggests).SelectMany(static dependency => dependency.Alternatives))
            {
                foreach (var target in _table.Meeting(relation, package))
                    pending.Push(target);
            }
        }

        var swept = _order.Where(mark => mark.IsThere && !reached.Contains(mark)).OrderBy(static mark => mark.First!.Ordinal).ToList();
        foreach (var mark in swept)
            mark.State = AptState.Kept;
        while (swept.Find(mark => _order.Concat(_table.Installed).Any(other => other.IsThere && _table.Names(other.Candidate!, mark.First!))) is { } spared)
        {
            spared.State = AptState.Marked;
            swept.Remove(spared);
        }
    }

    private bool Install(AptMark mark, bool withNeeds, int depth, bool asked)
    {
        if (!(mark.IsProtected && mark is { IsInstalled: true, State: AptState.Kept }) && !MayBecome(mark, AptState.Marked, depth, asked))
            return false;
        if (mark.Candidate is not { } package)
            return false;
        if (!mark.IsProtected && mark.IsThere && !_table.IsBroken(mark) && !(_recommends && _table.LacksRecommended(mark)))
            return true;
        if (!_table.IsInSync(mark, asked) || (withNeeds && !CanBeMet(mark, package)))
            return false;
        if (asked)
            Set(mark);

        var early = !mark.IsProtected && !asked;
        var failed = false;
        var needs = new List<(Dependency Dependency, bool Optional)>();
        var removals = new List<AptMark>();
        if (withNeeds)
        {
            needs = [.. _table.Needs(package).Where(need => mark.IsProtected || !_table.IsMet(need.Dependency, package))];
            var conflicts = _table.Conflicts(package).Where(conflict => mark.IsProtected || conflict.With.Exists(static other => other.IsThere)).ToList();
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
            var met = _table.IsMet(dependency, package);
            if (met && (!protect || optional))
                continue;
            if (met)
            {
                if (_table.Solutions(dependency, package, sorted: false) is [{ IsProtected: false } only])
                {
                    only.IsProtected = true;
                    failed |= !Install(only, withNeeds: true, depth + 1, asked: false);
                }

                continue;
            }

            // Recommends of what is installed were not followed before and are not now.
            if (mark.IsInstalled && optional)
                continue;
            var solutions = _table.Solutions(dependency, package, sorted: true);
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
    private bool Unmark(AptMark mark, List<AptMarkTable.Conflict> conflicts, List<AptMark> removals, int depth, bool asked)
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

    /// <summary>As far as apt looks ahead: each dependency has a candidate, or had one when it was last looked at. Else the package is out of the question.</summary>
    private bool CanBeMet(AptMark mark, BinaryPackage package)
    {
        if (mark.IsInstalled || package.PreDepends.Concat(package.Depends).All(dependency => dependency.Alternatives.Any(relation => _table.HasCandidate(relation, package))))
            return true;
        if (!mark.IsProtected)
        {
            mark.State = AptState.Kept;
            mark.Candidate = Forgotten(mark);
        }

        return false;
    }
}
