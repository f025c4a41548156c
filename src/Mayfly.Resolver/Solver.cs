using System.Runtime.InteropServices;

namespace Mayfly.Resolver;

/// <summary>
/// Chooses candidates that meet all requests: conflict-driven clause learning over clauses that are made only for candidates
/// that come into question.
/// </summary>
/// <remarks>
/// The order of decisions is a walk: the requests first, then the requirements of each selected candidate in depth, each by the first of its
/// candidates that is not ruled out. What is merely implied but not yet walked to does not count as meeting a requirement. This is how apt marks
/// packages, so without conflicts the outcome is apt's own; with conflicts, learning takes back the decision that is to blame.
/// The walk starts anew after a conflict and meets its old decisions still made. No randomness, no clock: the same questions give the same answer.
/// Who asks several questions of one provider asks one solver: of what a question examined the clauses are kept for the next, and nothing else, so that it is answered as if it were the first.
/// </remarks>
/// <param name="provider">Knows the packages.</param>
public sealed class Solver(ICandidateProvider provider)
{
    private readonly Assignment _assignment = new(provider);
    private readonly Dictionary<int, (CandidateRelations Relations, Clause[] Clauses)> _known = [];
    private readonly HashSet<int> _examined = [];
    private readonly List<Requirement> _requests = [];
    private readonly List<int> _installed = [];
    private readonly List<bool> _walked = []; // by candidate
    private readonly List<int> _order = [];
    private readonly List<(Requirement Requirement, int Chosen)> _passedOver = [];
    private readonly Stack<(IReadOnlyList<Requirement> Requirements, int Next)> _walk = new();

    private readonly List<int> _literals = []; // these two are of one call, and here so that they are made once
    private readonly HashSet<int> _met = [];

    /// <summary>How many conflicts had to be learned from.</summary>
    private int _conflicts;

    /// <summary>Chooses candidates.</summary>
    /// <param name="provider">Knows the packages.</param>
    /// <param name="requests">What must be met, in order.</param>
    /// <param name="installed">Candidates that are selected already and stay; their own requirements are taken as met.</param>
    public static Resolution Solve(ICandidateProvider provider, IEnumerable<Requirement> requests, IEnumerable<int>? installed = null) => new Solver(provider).Solve(requests, installed);

    /// <summary>Chooses candidates; what it was asked before does not matter.</summary>
    /// <param name="requests">What must be met, in order.</param>
    /// <param name="installed">Candidates that are selected already and stay; their own requirements are taken as met.</param>
    public Resolution Solve(IEnumerable<Requirement> requests, IEnumerable<int>? installed = null)
    {
        Ask(requests, installed ?? []);
        return Run(out var conflict) ?? new Resolution([], _conflicts) { Failure = new DerivationBuilder(provider, _assignment, conflict!).Build() };
    }

    /// <summary>The same for whom an answer is enough: null when there is none, and nobody asks why.</summary>
    /// <param name="requests">What must be met, in order.</param>
    public Resolution? TrySolve(IEnumerable<Requirement> requests)
    {
        Ask(requests, []);
        return Run(out _);
    }

    private void Ask(IEnumerable<Requirement> requests, IEnumerable<int> installed)
    {
        _assignment.Clear();
        _examined.Clear();
        _requests.Clear();
        _requests.AddRange(requests);
        _installed.Clear();
        _installed.AddRange(installed);
        _conflicts = 0;
    }

    /// <param name="conflict">What cannot be, and nothing can be taken back for; null with an answer.</param>
    private Resolution? Run(out Clause? conflict)
    {
        conflict = Begin();
        while (true)
        {
            conflict ??= Imply();
            if (conflict is not null)
            {
                _conflicts++;
                if (_assignment.Learn(conflict) is null)
                    return null;
                conflict = null;
                Restart();
                continue;
            }

            if (Next(out conflict) is not { } decision)
            {
                if (conflict is not null)
                    continue;
                return new Resolution([.. _order], _conflicts) { PassedOver = [.. _passedOver] };
            }

            _assignment.Decide(decision);
        }
    }

    private Clause? Begin()
    {
        foreach (var candidate in _installed)
        {
            if (_assignment.Add(new Clause(ClauseKind.Installed, [candidate * 2]) { Subject = candidate }) is { } conflict)
                return conflict;
        }

        foreach (var request in _requests)
        {
            var clause = new Clause(ClauseKind.Request, [.. request.Candidates.Distinct().Select(candidate => candidate * 2)]) { Requirement = request };
            if (!request.Optional && _assignment.Add(clause) is { } conflict)
                return conflict;
        }

        Restart();
        return null;
    }

    /// <summary>Draws consequences, examining what they select, until there are no more.</summary>
    private Clause? Imply()
    {
        while (true)
        {
            if (_assignment.Propagate() is { } conflict)
                return conflict;
            if (!_assignment.Fresh.TryDequeue(out var candidate))
                return null;
            if (_assignment.IsSelected(candidate) && Examine(candidate) is { } contradiction)
                return contradiction;
        }
    }

    private Clause? Examine(int candidate)
    {
        if (!_examined.Add(candidate))
            return null;
        if (_known.TryGetValue(candidate, out var known))
        {
            foreach (var clause in known.Clauses)
                Renew(clause);
        }
        else
        {
            var relations = provider.Examine(candidate);
            _known.Add(candidate, known = (relations, [.. ClausesOf(relations, candidate)]));
        }

        Clause? conflict = null;
        foreach (var clause in known.Clauses)
            conflict = _assignment.Add(clause) ?? conflict;
        return conflict;
    }

    private IEnumerable<Clause> ClausesOf(CandidateRelations relations, int candidate)
    {
        foreach (var requirement in relations.Requirements)
        {
            if (!requirement.Optional && LiteralsOf(requirement, candidate) is { } literals)
                yield return new Clause(ClauseKind.Requires, literals) { Subject = candidate, Requirement = requirement };
        }

        foreach (var exclusion in relations.Exclusions)
        {
            foreach (var other in exclusion.Candidates)
                yield return new Clause(ClauseKind.Excludes, [(candidate * 2) + 1, (other * 2) + 1]) { Subject = candidate, Exclusion = exclusion };
        }
    }

    /// <summary>The one is not selected, or one of those that it requires is; null when it is one of them itself.</summary>
    private int[]? LiteralsOf(Requirement requirement, int candidate)
    {
        _literals.Clear();
        _literals.Add((candidate * 2) + 1);
        _met.Clear();
        foreach (var other in requirement.Each)
        {
            if (other == candidate)
                return null;
            if (_met.Add(other))
                _literals.Add(other * 2);
        }

        return [.. _literals];
    }

    /// <summary>Brings the literals, which watching moves about, into the order in which they were made.</summary>
    private void Renew(Clause clause)
    {
        var literals = clause.Literals;
        var own = (clause.Subject * 2) + 1;
        if (clause.Requirement is not { } requirement)
        {
            // Of two the other one stays the other one.
            (literals[0], literals[1]) = (own, literals[0] == own ? literals[1] : literals[0]);
            return;
        }

        var each = requirement.Each;
        if (each.Length + 1 != literals.Length)
        {
            LiteralsOf(requirement, clause.Subject)!.CopyTo(literals, 0);
            return;
        }

        literals[0] = own;
        for (var at = 0; at < each.Length; at++)
            literals[at + 1] = each[at] * 2;
    }

    private void Restart()
    {
        CollectionsMarshal.AsSpan(_walked).Clear();
        foreach (var candidate in _installed)
            Walk(candidate);
        _order.Clear();
        _passedOver.Clear();
        _walk.Clear();
        // All requests count as marked before the first dependency is followed, as apt marks them.
        _walk.Push((_requests, 0));
    }

    /// <summary>False when it was walked to before.</summary>
    private bool Walk(int candidate)
    {
        while (_walked.Count <= candidate)
            _walked.Add(false);
        return !_walked[candidate] && (_walked[candidate] = true);
    }

    /// <summary>The next candidate to decide for; null when all is walked, or on a conflict that examining brought to light.</summary>
    private int? Next(out Clause? conflict)
    {
        while (_walk.TryPop(out var frame))
        {
            var (requirements, next) = frame;
            if (next == requirements.Count)
            {
                if (ReferenceEquals(requirements, _requests))
                    PushRequested();
                continue;
            }

            var requirement = requirements[next];
            var chosen = Choose(requirement, out var decided, out conflict);
            if (conflict is not null || (chosen >= 0 && !decided))
            {
                _walk.Push(frame);
                return conflict is null ? chosen : null;
            }

            _walk.Push((requirements, next + 1));
            if (chosen < 0 && requirement.Candidates.Count > 0 && AreRuledOut(requirement.Each))
                _passedOver.Add((requirement, -1));
            if (chosen >= 0 && Walk(chosen))
            {
                _order.Add(chosen);
                if (requirement.Candidates[0] != chosen)
                    _passedOver.Add((requirement, chosen));
                if (!ReferenceEquals(requirements, _requests))
                    _walk.Push((_known[chosen].Relations.Requirements, 0));
            }
        }

        conflict = null;
        return null;
    }

    private bool AreRuledOut(ReadOnlySpan<int> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (!_assignment.IsRuledOut(candidate))
                return false;
        }

        return true;
    }

    private void PushRequested()
    {
        foreach (var candidate in Enumerable.Reverse(_order))
            _walk.Push((_known[candidate].Relations.Requirements, 0));
    }

    /// <summary>What meets the requirement: something walked already (-1, decided), else its first candidate that is not ruled out.</summary>
    private int Choose(Requirement requirement, out bool decided, out Clause? conflict)
    {
        conflict = null;
        decided = true;
        foreach (var candidate in requirement.Each)
        {
            if (candidate < _walked.Count && _walked[candidate])
                return -1;
        }

        foreach (var candidate in requirement.Each)
        {
            _assignment.Meet(candidate);
            if (_assignment.IsRuledOut(candidate))
                continue;
            // Examined before it is decided for, its own exclusions may rule it out without a conflict.
            if ((conflict = Examine(candidate) ?? Imply()) is not null)
                return -1;
            if (_assignment.IsRuledOut(candidate))
                continue;
            decided = _assignment.IsSelected(candidate);
            return candidate;
        }

        return -1;
    }
}
