namespace Mayfly.Resolver;

/// <summary>Makes the tree that explains a failure from the clauses that the contradiction at level 0 rests on.</summary>
internal sealed class DerivationBuilder
{
    private readonly ICandidateProvider _provider;
    private readonly List<Clause> _core = [];
    private readonly HashSet<int> _onPath = [];
    private readonly Dictionary<int, int> _parents = [];

    public DerivationBuilder(ICandidateProvider provider, Assignment assignment, Clause conflict)
    {
        _provider = provider;
        Collect(assignment, conflict);
        FindParents();
    }

    public Derivation Build()
    {
        var request = _core.FirstOrDefault(clause => clause.Kind == ClauseKind.Request && clause.Requirement!.Candidates.Count == 0)
            ?? _core.Where(clause => clause.Kind == ClauseKind.Request).MaxBy(clause => Depth(clause.Requirement!));
        return request is null
            ? throw new InvalidOperationException("the installed candidates contradict each other")
            : Explain(request.Requirement!, null);
    }

    /// <summary>The original clauses below a conflict: a learned one stands for those it came from.</summary>
    private void Collect(Assignment assignment, Clause conflict)
    {
        var seen = new HashSet<Clause>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<Clause>([conflict]);
        while (pending.TryPop(out var clause))
        {
            if (!seen.Add(clause))
                continue;
            if (clause.Kind != ClauseKind.Learned)
                _core.Add(clause);
            foreach (var cause in clause.Causes)
                pending.Push(cause);
            foreach (var literal in clause.Literals)
            {
                if (assignment.ReasonOf(literal >> 1) is { } reason)
                    pending.Push(reason);
            }
        }
    }

    /// <summary>Who brings each candidate in, nearest to the requests first, for the chains of conflicts.</summary>
    private void FindParents()
    {
        var queue = new Queue<int>();
        foreach (var clause in _core.Where(clause => clause.Kind is ClauseKind.Request or ClauseKind.Installed))
        {
            foreach (var candidate in clause.Requirement?.Candidates ?? [clause.Subject])
            {
                if (_parents.TryAdd(candidate, -1))
                    queue.Enqueue(candidate);
            }
        }

        while (queue.TryDequeue(out var candidate))
        {
            foreach (var clause in _core.Where(clause => clause.Kind == ClauseKind.Requires && clause.Subject == candidate))
            {
                foreach (var child in clause.Requirement!.Candidates)
                {
                    if (_parents.TryAdd(child, candidate))
                        queue.Enqueue(child);
                }
            }
        }
    }

    private int Depth(Requirement requirement) =>
        requirement.Candidates.Sum(candidate => _core.Count(clause => clause.Kind == ClauseKind.Requires && clause.Subject == candidate));

    private Derivation Explain(Requirement requirement, int? requiredBy) =>
        new(requirement, requiredBy, [.. requirement.Candidates.Select(Attempt)]) { Provider = _provider };

    private Attempt Attempt(int candidate)
    {
        if (!_onPath.Add(candidate))
            return new Attempt(candidate, []);
        var obstacles = new List<Obstacle>();
        foreach (var clause in _core)
        {
            switch (clause.Kind)
            {
                case ClauseKind.Excludes when clause.Literals.Any(literal => literal >> 1 == candidate):
                    var other = clause.Literals.Select(literal => literal >> 1).First(one => one != candidate);
                    obstacles.Add(new Excluded(clause.Subject, clause.Subject == candidate ? other : candidate, clause.Exclusion!, Chain(other)));
                    break;
                case ClauseKind.SamePackage when clause.Literals.Any(literal => literal >> 1 == candidate):
                    var version = clause.Literals.Select(literal => literal >> 1).First(one => one != candidate);
                    obstacles.Add(new Superseded(version, Chain(version)));
                    break;
            }
        }

        // What it requires explains more than what it excludes only when nothing excludes it.
        if (obstacles.Count == 0)
        {
            obstacles.AddRange(_core.Where(clause => clause.Kind == ClauseKind.Requires && clause.Subject == candidate)
                .Select(clause => new Unmet(Explain(clause.Requirement!, candidate))));
        }

        _onPath.Remove(candidate);
        return new Attempt(candidate, obstacles);
    }

    private List<int> Chain(int candidate)
    {
        var chain = new List<int>();
        for (var at = candidate; _parents.TryGetValue(at, out var parent) && parent >= 0; at = parent)
            chain.Insert(0, parent);
        return chain;
    }
}
