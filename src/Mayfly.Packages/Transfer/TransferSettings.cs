namespace Mayfly.Packages.Transfer;

/// <summary>How patient and how greedy transfers are.</summary>
public sealed record TransferSettings
{
    /// <summary>A connection that gives no byte for this long is given up.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often one place is tried when it fails in a way that may pass; attempts that got further do not count.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>The pause before the second attempt; each further one doubles it.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Transfers at the same time, which is also the number of connections to one host.</summary>
    public int Parallel { get; init; } = 8;
}
