namespace Mayfly.Machines.Agent;

/// <summary>How patient supervision is.</summary>
internal sealed record SupervisionPolicy
{
    public static SupervisionPolicy Default { get; } = new();

    /// <summary>Pause before the first start again; it doubles with each failure in a row.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>So many failures in a row are answered with a start; the next one is the end.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Healthy for so long, an instance has a clean slate.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An instance without a health check is taken for healthy when it has run for so long: one that ends at once never was.</summary>
    public TimeSpan Surviving { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Pause between two checks until the first healthy one, at the beginning; it grows with the time that the start takes.</summary>
    public TimeSpan StartingInterval { get; init; } = TimeSpan.FromMilliseconds(25);

    public TimeSpan LongestStartingInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Unhealthy for so long, and at least for so many of its own intervals, an instance is ended and started again.</summary>
    public TimeSpan UnhealthyPatience { get; init; } = TimeSpan.FromSeconds(30);

    public int UnhealthyChecks { get; init; } = 3;
}
