namespace Mayfly.Machines.Local;

/// <summary>An instance as it is on the host at the time of asking.</summary>
/// <param name="ProcessId">The main process, while it runs.</param>
/// <param name="Exit">How it ended, once it has.</param>
public sealed record RunningInstance(InstanceLabel Label, RunPhase Phase, int? ProcessId, DateTimeOffset? StartedAt, InstanceExit? Exit)
{
    public string Id => Label.Id;
}

public enum RunPhase
{
    /// <summary>Its creator has not finished starting it, or died while doing so: delete it.</summary>
    Created,

    Running,

    /// <summary>Its main process has ended; it keeps its state until it is deleted or started again.</summary>
    Ended,
}

/// <summary>How a main process ended.</summary>
/// <param name="Code">The exit code, 128 + n for signal n, or -1 when the monitor was killed before it could tell.</param>
/// <param name="OutOfMemory">The kernel ended one of its processes for want of memory.</param>
public sealed record InstanceExit(int Code, DateTimeOffset At, bool OutOfMemory);
