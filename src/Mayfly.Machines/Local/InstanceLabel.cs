namespace Mayfly.Machines.Local;

/// <summary>What an instance is, kept beside it as <c>spec.json</c> for as long as it exists: a new agent reads what runs from here.</summary>
public sealed record InstanceLabel
{
    /// <summary>Unique on the host: <c>shop-web-1-3f9a</c>. At most 60 letters, digits and hyphens.</summary>
    public required string Id { get; init; }

    public required InstanceSpec Spec { get; init; }

    public required MachineSpec Machine { get; init; }

    /// <summary><c>live</c> or a rehearsal's: which volumes it sees, and which names.</summary>
    public required string View { get; init; }

    /// <summary>Its address on the stack's network, from <see cref="Network.AllocateAddress"/>.</summary>
    public required string Address { get; init; }

    /// <summary>What the agent notes about it and wants to find again after its own death: trial, restarts.</summary>
    public IReadOnlyDictionary<string, string> Marks { get; init; } = new Dictionary<string, string>();
}
