namespace Mayfly.Resolver;

/// <summary>Why a clause holds.</summary>
internal enum ClauseKind
{
    /// <summary>Asked for from outside.</summary>
    Request,

    /// <summary>Selected beforehand.</summary>
    Installed,

    /// <summary>A candidate requires one of others.</summary>
    Requires,

    /// <summary>A candidate excludes another.</summary>
    Excludes,

    /// <summary>Two versions of one package.</summary>
    SamePackage,

    /// <summary>Follows from other clauses.</summary>
    Learned,
}

/// <summary>A disjunction of literals; the first two are watched. A literal is <c>candidate * 2</c>, plus 1 when it is negated.</summary>
internal sealed class Clause(ClauseKind kind, int[] literals)
{
    public ClauseKind Kind { get; } = kind;

    public int[] Literals { get; } = literals;

    /// <summary>The candidate whose relation this is; -1 for none.</summary>
    public int Subject { get; init; } = -1;

    public Requirement? Requirement { get; init; }

    public Exclusion? Exclusion { get; init; }

    /// <summary>Of a learned clause: what it was learned from.</summary>
    public IReadOnlyList<Clause> Causes { get; init; } = [];
}
