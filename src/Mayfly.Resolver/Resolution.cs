namespace Mayfly.Resolver;

/// <summary>What the solver found.</summary>
/// <param name="Selected">The candidates to add to those installed, in the order in which they were chosen; empty on failure.</param>
/// <param name="Conflicts">How many conflicts the solver learned from: a measure of how hard the question was.</param>
public sealed record Resolution(IReadOnlyList<int> Selected, int Conflicts)
{
    /// <summary>Choices that fell to another than the preferred candidate because that was ruled out: the requirement, and what meets it instead; -1 for an optional one that nothing meets.</summary>
    public IReadOnlyList<(Requirement Requirement, int Chosen)> PassedOver { get; init; } = [];

    /// <summary>Why there is no answer; null when there is one.</summary>
    public Derivation? Failure { get; init; }
}
