namespace Mayfly;

/// <summary>How much of its host a machine may use.</summary>
/// <param name="Cpus">Processors' worth of time; 0 means no limit.</param>
/// <param name="Memory">Bytes; 0 means no limit.</param>
/// <param name="Processes">Processes and threads; 0 means no limit.</param>
public sealed record Size(double Cpus, long Memory, int Processes)
{
    private const long GiB = 1L << 30;

    /// <summary>Half a processor, 512 MiB, 512 processes.</summary>
    public static Size Small { get; } = new(0.5, GiB / 2, 512);

    /// <summary>One processor, 2 GiB, 1,024 processes.</summary>
    public static Size Medium { get; } = new(1, 2 * GiB, 1024);

    /// <summary>Two processors, 8 GiB, 4,096 processes.</summary>
    public static Size Large { get; } = new(2, 8 * GiB, 4096);

    /// <summary>No limit but the host's own.</summary>
    public static Size Host { get; } = new(0, 0, 0);
}
