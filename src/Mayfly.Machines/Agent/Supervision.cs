using System.Globalization;

namespace Mayfly.Machines.Agent;

/// <summary>
/// What the agent knows of one instance's health and what it does next: a state and its transitions, without clock and effects.
/// </summary>
/// <remarks>
/// What it keeps: the phase, when the next check or start is due, and the failures in a row. How it changes: every event (started,
/// ended, checked, time passed) gives a new state and at most one action for the caller to carry out. Why pure: the rules
/// (backoff, giving up, killing what stays unhealthy) are all tested as data, with times that no test waits for.
/// A failure is an end that nobody asked for, a start that did not get healthy in its grace, or an unhealthy spell that lasted.
/// </remarks>
internal sealed record Supervision
{
    private Supervision(HealthCheck? health, SupervisionPolicy policy)
    {
        Health = health;
        Policy = policy;
    }

    public HealthCheck? Health { get; }

    public SupervisionPolicy Policy { get; }

    public InstancePhase Phase { get; private init; } = InstancePhase.Starting;

    public DateTimeOffset? StartedAt { get; private init; }

    public DateTimeOffset? HealthySince { get; private init; }

    public DateTimeOffset? UnhealthySince { get; private init; }

    /// <summary>When the next check or start is due; null while one is under way and when nothing is to come.</summary>
    public DateTimeOffset? DueAt { get; private init; }

    /// <summary>Starts again since the instance was created.</summary>
    public int Restarts { get; private init; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; private init; }

    public int? ExitCode { get; private init; }

    public string? Reason { get; private init; }

    /// <summary>Why we end it ourselves; it explains the end that follows better than the exit code does.</summary>
    private string? Verdict { get; init; }

    /// <summary>An instance that is about to be started for the first time, or was found by a new agent with what the old one had noted.</summary>
    public static Supervision Begin(HealthCheck? health, SupervisionPolicy? policy = null, int restarts = 0, int failures = 0) =>
        new(health, policy ?? SupervisionPolicy.Default) { Restarts = restarts, Failures = failures };

    /// <summary>An instance that an earlier agent had given up.</summary>
    public static Supervision GivenUp(HealthCheck? health, string reason, int restarts) =>
        Begin(health, restarts: restarts) with { Phase = InstancePhase.Failed, Reason = reason };

    /// <summary>Its main process runs.</summary>
    public Supervision Started(DateTimeOffset now) => this with
    {
        Phase = InstancePhase.Starting,
        StartedAt = now,
        HealthySince = null,
        UnhealthySince = null,
        DueAt = Health is null ? now + Policy.Surviving : now,
        ExitCode = null,
    };

    /// <summary>Time has passed: is something due?</summary>
    public (Supervision State, SupervisionAction Action) Tick(DateTimeOffset now)
    {
        if (DueAt is not { } due || now < due)
            return (this, SupervisionAction.None);
        return Phase switch
        {
            InstancePhase.Restarting => (this with { DueAt = null, Restarts = Restarts + 1 }, SupervisionAction.Start),
            InstancePhase.Starting when Health is null => (this with { Phase = InstancePhase.Healthy, HealthySince = now, DueAt = null, Reason = null }, SupervisionAction.None),
            InstancePhase.Starting or InstancePhase.Healthy or InstancePhase.Unhealthy => (this with { DueAt = null }, SupervisionAction.Check),
            _ => (this with { DueAt = null }, SupervisionAction.None),
        };
    }

    /// <summary>A check has answered.</summary>
    /// <param name="failure">Why it is not healthy; null when it is.</param>
    public (Supervision State, SupervisionAction Action) Checked(string? failure, DateTimeOffset now)
    {
        if (Health is null || Phase is not (InstancePhase.Starting or InstancePhase.Healthy or InstancePhase.Unhealthy))
            return (this, SupervisionAction.None);
        if (failure is null)
        {
            return (this with
            {
                Phase = InstancePhase.Healthy,
                HealthySince = HealthySince is { } since && UnhealthySince is null ? since : now,
                UnhealthySince = null,
                DueAt = now + Health.Interval,
                Reason = null,
            }, SupervisionAction.None);
        }

        if (Phase == InstancePhase.Starting)
        {
            return now - StartedAt >= Health.Grace
                ? (this with { DueAt = null, Verdict = $"not healthy {Seconds(Health.Grace)} after its start: {failure}" }, SupervisionAction.End)
                : (this with { DueAt = now + StartingPause(now), Reason = failure }, SupervisionAction.None);
        }

        var began = UnhealthySince ?? now;
        var unhealthy = this with { Phase = InstancePhase.Unhealthy, UnhealthySince = began, Reason = failure };
        var patience = TimeSpan.FromTicks(Math.Max(Policy.UnhealthyPatience.Ticks, Health.Interval.Ticks * Policy.UnhealthyChecks));
        return now - began >= patience
            ? (unhealthy with { DueAt = null, Verdict = $"unhealthy for {Seconds(patience)}: {failure}" }, SupervisionAction.End)
            : (unhealthy with { DueAt = now + Shorter(Health.Interval, TimeSpan.FromSeconds(1)) }, SupervisionAction.None);
    }

    /// <summary>Its main process has ended, and nobody had asked for it; or it could not be started again.</summary>
    /// <param name="exitCode">Null when it did not start.</param>
    /// <param name="reason">What is known besides; a reason to end it that was decided here goes before it.</param>
    public (Supervision State, SupervisionAction Action) Ended(int? exitCode, string? reason, DateTimeOffset now)
    {
        var why = Verdict ?? reason ?? (exitCode is { } code ? Exit(code) : "did not start");
        var settled = HealthySince is { } since && now - since >= Policy.Settled && Phase == InstancePhase.Healthy;
        var failures = settled ? 1 : Failures + 1;
        var ended = this with { HealthySince = null, UnhealthySince = null, Failures = failures, ExitCode = exitCode, Reason = why, Verdict = null, DueAt = null };
        if (failures > Policy.Attempts)
        {
            return (ended with
            {
                Phase = InstancePhase.Failed,
                Reason = string.Create(CultureInfo.InvariantCulture, $"given up after {failures} failures in a row: {why}"),
            }, SupervisionAction.GiveUp);
        }

        return (ended with { Phase = InstancePhase.Restarting, DueAt = now + Pause(failures) }, SupervisionAction.None);
    }

    /// <summary>Adds the end of its log to the reason of a giving up.</summary>
    public Supervision WithLastWords(IReadOnlyList<string> lines) =>
        lines.Count == 0 ? this : this with { Reason = $"{Reason}; its last words:\n{string.Join('\n', lines)}" };

    /// <summary>It is stopped on purpose: nothing more is due.</summary>
    public Supervision Stopped() => this with { Phase = InstancePhase.Stopped, DueAt = null };

    /// <summary>An exit code in words: <c>exited with code 1</c>, <c>was ended by signal 9 (SIGKILL)</c>.</summary>
    public static string Exit(int code) => code switch
    {
        -1 => "ended while nobody watched",
        > 128 and <= 128 + 64 => string.Create(CultureInfo.InvariantCulture, $"was ended by signal {code - 128}{SignalName(code - 128)}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"exited with code {code}"),
    };

    private static string SignalName(int signal) => signal switch
    {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        31 => " (SIGSYS)",
        _ => "",
    };

    private TimeSpan Pause(int failures)
    {
        var doubled = Policy.FirstPause * Math.Pow(2, Math.Min(failures - 1, 20));
        return Shorter(doubled, Policy.LongestPause);
    }

    /// <summary>A tenth of what it has waited: a quick start is seen at once, and a long one is not kept busy with being asked.</summary>
    private TimeSpan StartingPause(DateTimeOffset now)
    {
        var tenth = (now - StartedAt ?? TimeSpan.Zero) / 10;
        return tenth < Policy.StartingInterval ? Policy.StartingInterval : Shorter(tenth, Policy.LongestStartingInterval);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s");
}

/// <summary>What the caller is to do.</summary>
internal enum SupervisionAction
{
    None,

    /// <summary>Run the health check and report with <see cref="Supervision.Checked"/>.</summary>
    Check,

    /// <summary>Start it again and report with <see cref="Supervision.Started"/> or <see cref="Supervision.Ended"/>.</summary>
    Start,

    /// <summary>End its processes; <see cref="Supervision.Ended"/> follows.</summary>
    End,

    /// <summary>Say so, and leave it.</summary>
    GiveUp,
}
