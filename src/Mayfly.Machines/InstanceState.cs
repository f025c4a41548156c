namespace Mayfly.Machines;

/// <summary>What a provider says of one instance, read from what runs.</summary>
public sealed record InstanceState
{
    /// <summary>Unique on the host: <c>shop-web-1-3f9a</c>.</summary>
    public required string Id { get; init; }

    public required InstanceSpec Spec { get; init; }

    public required InstancePhase Phase { get; init; }

    /// <summary>The address on the stack's network.</summary>
    public required string Address { get; init; }

    /// <summary>The view of the names that it sees and answers in: <c>live</c>, or a rehearsal's.</summary>
    public required string View { get; init; }

    public int? ProcessId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How often the agent has started it again since it was created.</summary>
    public int Restarts { get; init; }

    /// <summary>The last exit code, once it has ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Why it is not healthy, for people.</summary>
    public string? Reason { get; init; }
}

public enum InstancePhase
{
    /// <summary>Runs, and has not been healthy yet.</summary>
    Starting,

    Healthy,

    /// <summary>Was healthy, and its checks fail now.</summary>
    Unhealthy,

    /// <summary>Ended, and waits to be started again.</summary>
    Restarting,

    /// <summary>Ended too often; the agent has given it up.</summary>
    Failed,

    /// <summary>Stopped on purpose.</summary>
    Stopped,
}
