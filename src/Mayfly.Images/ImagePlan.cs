namespace Mayfly.Images;

/// <summary>What building an image would do: its layers, lowest first.</summary>
public sealed record ImagePlan(string Name, IReadOnlyList<PlannedLayer> Layers)
{
    /// <summary>True when the store has every layer.</summary>
    public bool IsBuilt => Layers.All(static layer => layer.IsBuilt);

    /// <summary>
    /// True when the keys are those that building will give: all packages are installed, and the lock has the ids of the accounts that
    /// they make, which later keys depend on.
    /// </summary>
    public bool IsCertain { get; init; }
}

/// <summary>One layer of a planned image.</summary>
/// <param name="Key">The store's key.</param>
/// <param name="Origin">What makes it: <c>packages nginx</c>.</param>
/// <param name="IsBuilt">The store has it.</param>
/// <param name="Reason">Why it is built or not, for people: <c>in the store</c>, <c>its contents changed</c>.</param>
public sealed record PlannedLayer(string Key, string Origin, bool IsBuilt, string Reason);
