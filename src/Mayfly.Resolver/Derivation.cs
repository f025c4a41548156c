namespace Mayfly.Resolver;

/// <summary>Why requests cannot be met: a tree from a request down to facts. Pure data; <see cref="DerivationText"/> puts it into sentences.</summary>
/// <param name="Requirement">What cannot be met.</param>
/// <param name="RequiredBy">The candidate that requires it; null for a request.</param>
/// <param name="Attempts">Each candidate that would meet it, with what is against it; empty when there is none.</param>
public sealed record Derivation(Requirement Requirement, int? RequiredBy, IReadOnlyList<Attempt> Attempts)
{
    /// <summary>The provider that the candidates' numbers belong to.</summary>
    public required ICandidateProvider Provider { get; init; }

    /// <summary>This node and all below it.</summary>
    public IEnumerable<Derivation> All() => Attempts.SelectMany(attempt => attempt.Obstacles).OfType<Unmet>()
        .SelectMany(unmet => unmet.Derivation.All()).Prepend(this);

    /// <summary>Every candidate that it speaks of.</summary>
    public IEnumerable<int> Candidates() => All().SelectMany(static node => node.Attempts).SelectMany(static attempt => attempt.Obstacles.SelectMany(static obstacle => obstacle switch
    {
        Excluded excluded => [excluded.By, excluded.Other, .. excluded.Chain],
        Superseded superseded => [superseded.Version, .. superseded.Chain],
        _ => (IEnumerable<int>)[],
    }).Prepend(attempt.Candidate));
}

/// <summary>A candidate that would meet a requirement, and why it cannot be selected.</summary>
public sealed record Attempt(int Candidate, IReadOnlyList<Obstacle> Obstacles);

/// <summary>One thing against a candidate.</summary>
public abstract record Obstacle;

/// <summary>It requires something that cannot be met.</summary>
public sealed record Unmet(Derivation Derivation) : Obstacle;

/// <summary>It and another candidate exclude each other.</summary>
/// <param name="By">The one whose relation says so.</param>
/// <param name="Other">The one that it is said of.</param>
/// <param name="Exclusion">The relation.</param>
/// <param name="Chain">Why the other side is there: from a request down to it, or empty when it is installed or requested itself.</param>
public sealed record Excluded(int By, int Other, Exclusion Exclusion, IReadOnlyList<int> Chain) : Obstacle;

/// <summary>Another version of the same package is there.</summary>
/// <param name="Version">The candidate that is there.</param>
/// <param name="Chain">Why it is there: from a request down to it.</param>
public sealed record Superseded(int Version, IReadOnlyList<int> Chain) : Obstacle;
