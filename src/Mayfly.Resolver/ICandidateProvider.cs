namespace Mayfly.Resolver;

/// <summary>
/// The packages of one ecosystem, as the solver asks for them. A candidate is one package at one version, known by a small number
/// that the provider gives it (they index arrays: keep them dense).
/// </summary>
public interface ICandidateProvider
{
    /// <summary>What the candidate needs and excludes. Asked at most once a candidate, when it is first considered: this makes resolving lazy.</summary>
    CandidateRelations Examine(int candidate);

    /// <summary>The package that this candidate is a version of; of one package at most one candidate is ever selected.</summary>
    int PackageOf(int candidate);

    /// <summary>Name and version for people: <c>nginx 1.22.1-9</c>.</summary>
    string Describe(int candidate);

    /// <summary>Why a requirement has no candidate, as the end of a sentence.</summary>
    string WhyNone(Requirement requirement) => "nothing offers it";

    /// <summary>How a candidate stands that no other requires: <c>installed already</c>.</summary>
    string Standing(int candidate) => "asked for or installed already";
}

/// <summary>What one candidate says of others.</summary>
/// <param name="Requirements">In the order in which they are to be met, which decides between equal choices.</param>
/// <param name="Exclusions">What may not be selected beside it.</param>
public sealed record CandidateRelations(IReadOnlyList<Requirement> Requirements, IReadOnlyList<Exclusion> Exclusions);

/// <summary>One of these candidates must be selected.</summary>
/// <param name="Origin">The relation that says so; its text is what people read.</param>
/// <param name="Candidates">Everything that meets it, the preferred first; empty when nothing does.</param>
public sealed record Requirement(object Origin, IReadOnlyList<int> Candidates)
{
    private readonly int[] _candidates = Candidates as int[] ?? [.. Candidates];

    /// <summary>Everything that meets it, the preferred first; empty when nothing does.</summary>
    public IReadOnlyList<int> Candidates
    {
        get => _candidates;
        init => _candidates = value as int[] ?? [.. value];
    }

    /// <summary>The same to be gone through by the million: an enumerator would be an object each time.</summary>
    internal ReadOnlySpan<int> Each => _candidates;

    /// <summary>True when it may stay unmet, such as a recommendation: it is met when that costs nothing.</summary>
    public bool Optional { get; init; }

    /// <summary>What the candidate does that has it: <c>depends on</c>.</summary>
    public string Verb { get; init; } = "requires";
}

/// <summary>None of these candidates may be selected.</summary>
/// <param name="Origin">The relation that says so; its text is what people read.</param>
/// <param name="Candidates">All candidates that it is about, without the one that says it.</param>
public sealed record Exclusion(object Origin, IReadOnlyList<int> Candidates);
