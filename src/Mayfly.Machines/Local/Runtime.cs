using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Runs instances on this host: starts, watches, stops and removes them, and finds again those that run.</summary>
public sealed class Runtime(Store store, RuntimePrograms programs, string runFolder = Runtime.DefaultRunFolder)
{
    /// <summary>Where what runs is kept; it does not outlive a reboot, as what runs does not.</summary>
    public const string DefaultRunFolder = "/run/mayfly";

    internal Store Store => store;

    internal RuntimePrograms Programs => programs;

    internal string RunFolder => runFolder;

    /// <summary>
    /// Starts an instance on a fresh writable layer: its network and its volumes are made when they are missing. An ended
    /// instance of the same id is started anew (a restart); a running one is refused.
    /// </summary>
    /// <exception cref="MayflyException">It could not be started; nothing of it is left but its log.</exception>
    public Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Every instance on the host, or of one stack.</summary>
    public IReadOnlyList<RunningInstance> List(string? stack = null) => throw new NotImplementedException();

    public RunningInstance? Find(string id) => throw new NotImplementedException();

    /// <summary>Rewrites the marks of an instance.</summary>
    public void Mark(string id, IReadOnlyDictionary<string, string> marks) => throw new NotImplementedException();

    /// <summary>Waits until the main process has ended.</summary>
    public Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends a signal (<c>SIGHUP</c>) to the main process; does nothing when it has ended.</summary>
    public void Signal(string id, string signal) => throw new NotImplementedException();

    /// <summary>Ends an instance: its stop signal, then SIGKILL when its stop timeout has passed. It stays listed, as ended.</summary>
    public Task<InstanceExit> StopAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes an instance and all that the host holds for it, killing it first when it runs. No error when there is none.</summary>
    /// <param name="log">Remove its log too.</param>
    public Task DeleteAsync(string id, CancellationToken cancellationToken, bool log = false) => throw new NotImplementedException();

    /// <summary>What changed in its writable layer since its start.</summary>
    public IReadOnlyList<DriftEntry> Drift(string id) => throw new NotImplementedException();

    /// <summary>Runs a command inside, as the instance's user with its environment, and captures what it prints (both streams, in order).</summary>
    /// <param name="timeout">It is killed after this and the exit code is 124; null waits for ever.</param>
    public Task<CommandResult> ExecAsync(string id, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Runs a command inside on the caller's own standard streams, and waits for it: for the command line.</summary>
    /// <param name="terminal">Give it a terminal of its own (the caller's standard input must be one).</param>
    /// <returns>The exit code.</returns>
    public int ExecAttached(string id, IReadOnlyList<string> command, bool terminal) => throw new NotImplementedException();
}

/// <summary>A path of an instance's writable layer.</summary>
public sealed record DriftEntry(string Path, DriftKind Kind);

public enum DriftKind
{
    Added,
    Changed,
    Removed,
}
