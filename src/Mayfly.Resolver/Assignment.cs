using System.Runtime.InteropServices;

namespace Mayfly.Resolver;

/// <summary>
/// What is selected, what is ruled out and why: unit propagation with two watched literals, and learning from conflicts (first unique implication point).
/// </summary>
/// <remarks>
/// Clauses arrive while the search is under way (candidates are examined lazily), so a clause may be unit or false when it is added;
/// an implication found late keeps the level at which it was found, which is sound though not the earliest.
/// </remarks>
internal sealed class Assignment(ICandidateProvider provider)
{
    private readonly List<sbyte> _values = []; // by candidate: 1 selected, -1 ruled out, 0 open
    private readonly List<int> _levels = [];
    private readonly List<Clause?> _reasons = [];
    private readonly List<int> _rivalOf = []; // of one that another version rules out: that one, else -1; the clause is made when somebody asks for it
    private readonly List<List<Clause>?> _watches = []; // by literal: clauses to look at when it becomes false
    private readonly Dictionary<int, List<int>> _rivals = []; // candidates met so far, by package
    private readonly List<int> _trail = [];
    private readonly List<int> _levelStarts = [];
    private readonly List<Clause> _suspects = []; // clauses that were false when they were added: no watch reports them
    private readonly List<Clause> _units = []; // of one literal: they have no second watch to bring them back after a decision is taken back
    private bool _unitsLost;
    private int _propagated;

    public int Level => _levelStarts.Count;

    /// <summary>Candidates that became selected and were not yet examined, in order.</summary>
    public Queue<int> Fresh { get; } = new();

    public bool IsSelected(int candidate) => candidate < _values.Count && _values[candidate] > 0;

    public bool IsRuledOut(int candidate) => candidate < _values.Count && _values[candidate] < 0;

    public Clause? ReasonOf(int candidate) => _reasons[candidate] ??= _rivalOf[candidate] < 0 ? null : Rivals(_rivalOf[candidate], candidate);

    /// <summary>Nothing is known, selected or ruled out any more; room that was taken is kept.</summary>
    public void Clear()
    {
        CollectionsMarshal.AsSpan(_values).Clear();
        CollectionsMarshal.AsSpan(_levels).Fill(-1);
        CollectionsMarshal.AsSpan(_reasons).Clear();
        CollectionsMarshal.AsSpan(_rivalOf).Fill(-1);
        foreach (var watching in _watches)
            watching?.Clear();
        foreach (var members in _rivals.Values)
            members.Clear();
        _trail.Clear();
        _levelStarts.Clear();
        _suspects.Clear();
        _units.Clear();
        (_unitsLost, _propagated) = (false, 0);
        Fresh.Clear();
    }

    /// <summary>Makes the candidate known, with its rivals of the same package.</summary>
    public void Meet(int candidate)
    {
        while (_values.Count <= candidate)
        {
            _values.Add(0);
            _levels.Add(-1);
            _reasons.Add(null);
            _rivalOf.Add(-1);
            _watches.Add(null);
            _watches.Add(null);
        }

        if (_levels[candidate] != -1)
            return;
        _levels[candidate] = 0;
        ref var members = ref CollectionsMarshal.GetValueRefOrAddDefault(_rivals, provider.PackageOf(candidate), out _);
        members ??= [];
        members.Add(candidate);
        foreach (var other in members)
        {
            if (other != candidate && _values[other] > 0)
                RuleOut(candidate, other);
        }
    }

    /// <summary>Opens a level with a decision.</summary>
    public void Decide(int candidate)
    {
        _levelStarts.Add(_trail.Count);
        Set(candidate * 2, null);
    }

    /// <summary>Adds a clause; returns it when it is false already.</summary>
    public Clause? Add(Clause clause)
    {
        var literals = clause.Literals;
        foreach (var literal in literals)
            Meet(literal >> 1);
        // Watch what is true or open, else what was falsified last.
        for (var watch = 0; watch < Math.Min(2, literals.Length); watch++)
        {
            var best = watch;
            for (var i = watch + 1; i < literals.Length; i++)
            {
                if (Rank(literals[i]) > Rank(literals[best]))
                    best = i;
            }

            (literals[watch], literals[best]) = (literals[best], literals[watch]);
        }

        if (literals.Length == 1)
        {
            _units.Add(clause);
        }
        else if (literals.Length > 1)
        {
            Watch(literals[0], clause);
            Watch(literals[1], clause);
        }

        if (literals.Length == 0 || IsFalse(literals[0]))
        {
            _suspects.Add(clause);
            return clause;
        }

        if ((literals.Length == 1 || IsFalse(literals[1])) && !IsTrue(literals[0]))
            Set(literals[0], clause);
        return null;
    }

    /// <summary>Draws all consequences; returns the clause that they contradict, or null.</summary>
    public Clause? Propagate()
    {
        for (var i = _suspects.Count - 1; i >= 0; i--)
        {
            var literals = _suspects[i].Literals;
            var open = literals.Count(literal => !IsFalse(literal));
            if (open == 0)
                return _suspects[i];
            if (open == 1 && literals.First(literal => !IsFalse(literal)) is var last && !IsTrue(last))
                Set(last, _suspects[i]);
            _suspects.RemoveAt(i);
        }

        for (var i = 0; _unitsLost && i < _units.Count; i++)
        {
            if (IsFalse(_units[i].Literals[0]))
                return _units[i];
            if (!IsTrue(_units[i].Literals[0]))
                Set(_units[i].Literals[0], _units[i]);
        }

        _unitsLost = false;
        while (_propagated < _trail.Count)
        {
            var literal = _trail[_propagated++];
            if ((literal & 1) == 0)
            {
                var candidate = literal >> 1;
                Fresh.Enqueue(candidate);
                foreach (var other in _rivals[provider.PackageOf(candidate)])
                {
                    if (other == candidate || _values[other] < 0)
                        continue;
                    if (_values[other] > 0)
                        return Rivals(candidate, other);
                    RuleOut(other, candidate);
                }
            }

            if (Visit(literal ^ 1) is { } conflict)
                return conflict;
        }

        return null;
    }

    /// <summary>Learns from a conflict, takes back decisions and draws the learned conclusion; null when nothing can be taken back.</summary>
    public Clause? Learn(Clause conflict)
    {
        var top = conflict.Literals.Max(literal => (int?)_levels[literal >> 1]) ?? 0;
        if (top == 0)
            return null;
        BackTo(top);

        var causes = new List<Clause> { conflict };
        var seen = new HashSet<int>();
        var learned = new List<int> { 0 };
        var open = 0;
        var clause = conflict;
        var at = _trail.Count - 1;
        while (true)
        {
            foreach (var literal in clause.Literals)
            {
                var candidate = literal >> 1;
                if (_values[candidate] == 0 || !seen.Add(candidate))
                    continue;
                if (_levels[candidate] == Level)
                    open++;
                else
                    learned.Add(literal); // Level 0 stays in the clause too: the derivation of a failure needs it.
            }

            while (!seen.Contains(_trail[at] >> 1) || _levels[_trail[at] >> 1] != Level)
                at--;
            var implied = _trail[at--];
            if (--open == 0)
            {
                learned[0] = implied ^ 1;
                break;
            }

            clause = ReasonOf(implied >> 1)!;
            causes.Add(clause);
        }

        BackTo(learned.Skip(1).Select(literal => _levels[literal >> 1]).DefaultIfEmpty(0).Max());
        var result = new Clause(ClauseKind.Learned, [.. learned]) { Causes = causes };
        Add(result);
        return result;
    }

    private void BackTo(int level)
    {
        if (level >= Level)
            return;
        var start = _levelStarts[level];
        for (var i = _trail.Count - 1; i >= start; i--)
        {
            _values[_trail[i] >> 1] = 0;
            _reasons[_trail[i] >> 1] = null;
            _rivalOf[_trail[i] >> 1] = -1;
        }

        _trail.RemoveRange(start, _trail.Count - start);
        _levelStarts.RemoveRange(level, _levelStarts.Count - level);
        _propagated = Math.Min(_propagated, start);
        _unitsLost = true;
    }

    private Clause? Visit(int falsified)
    {
        if (_watches[falsified] is not { } list)
            return null;
        var kept = 0;
        for (var i = 0; i < list.Count; i++)
        {
            var clause = list[i];
            var literals = clause.Literals;
            if (literals[0] == falsified)
                (literals[0], literals[1]) = (literals[1], literals[0]);
            if (!IsTrue(literals[0]) && Replacement(literals) is var next and > 0)
            {
                (literals[1], literals[next]) = (literals[next], literals[1]);
                Watch(literals[1], clause);
                continue;
            }

            list[kept++] = clause;
            if (IsTrue(literals[0]))
                continue;
            if (IsFalse(literals[0]))
            {
                for (i++; i < list.Count; i++)
                    list[kept++] = list[i];
                list.RemoveRange(kept, list.Count - kept);
                return clause;
            }

            Set(literals[0], clause);
        }

        list.RemoveRange(kept, list.Count - kept);
        return null;
    }

    private int Replacement(int[] literals)
    {
        for (var i = 2; i < literals.Length; i++)
        {
            if (!IsFalse(literals[i]))
                return i;
        }

        return 0;
    }

    private void Set(int literal, Clause? reason)
    {
        var candidate = literal >> 1;
        _values[candidate] = (sbyte)((literal & 1) == 0 ? 1 : -1);
        _levels[candidate] = Level;
        _reasons[candidate] = reason;
        _rivalOf[candidate] = -1;
        _trail.Add(literal);
    }

    private void RuleOut(int candidate, int selected)
    {
        Set((candidate * 2) + 1, null);
        _rivalOf[candidate] = selected;
    }

    private void Watch(int literal, Clause clause) => (_watches[literal] ??= []).Add(clause);

    private static Clause Rivals(int one, int other) => new(ClauseKind.SamePackage, [(one * 2) + 1, (other * 2) + 1]);

    private bool IsTrue(int literal) => _values[literal >> 1] == ((literal & 1) == 0 ? 1 : -1);

    private bool IsFalse(int literal) => _values[literal >> 1] == ((literal & 1) == 0 ? -1 : 1);

    private int Rank(int literal) => IsFalse(literal) ? _levels[literal >> 1] : int.MaxValue;
}
