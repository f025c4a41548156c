using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Runs instances on this host: starts, watches, stops and removes them, and finds again those that run.</summary>
/// <remarks>
/// What it keeps: a folder an instance, see <see cref="InstanceFolder"/>; nothing in memory that another process could not
/// find. How it changes: an instance is created, started, ends, and is deleted; its monitor (conmon), not this process, is
/// its parent, so that it goes on when this process is killed, with its log, and leaves its exit code.
/// Why the OCI runtime's own state is not asked: it takes a process start for each look, and knows no labels.
/// </remarks>
public sealed class Runtime(Store store, RuntimePrograms programs, string runFolder = Runtime.DefaultRunFolder)
{
    /// <summary>Where what runs is kept; it does not outlive a reboot, as what runs does not.</summary>
    public const string DefaultRunFolder = "/run/mayfly";

    private readonly Crun _crun = new(programs, runFolder);
    private readonly Network _network = new(store, programs, runFolder);
    private readonly ControlGroups _groups = ControlGroups.OfHost();
    private readonly Lock _machines = new();
    private readonly ExitWatch _exits = new(Path.Combine(runFolder, "exits"));

    internal RuntimePrograms Programs => programs;

    internal string RunFolder => runFolder;

    /// <summary>
    /// Starts an instance on a fresh writable layer: its network and its volumes are made when they are missing. An ended
    /// instance of the same id is started anew (a restart); a running one is refused.
    /// </summary>
    /// <exception cref="MayflyException">It could not be started; nothing of it is left but its log.</exception>
    public Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        _ = Task.Run(_groups.Anticipate, CancellationToken.None);
        var folder = Folder(label.Id);
        if (Find(label.Id) is { } before)
        {
            if (before.Phase == RunPhase.Running)
                throw new MayflyException($"the instance {label.Id} runs already");
            await DeleteAsync(label.Id, cancellationToken);
        }

        var subnet = _network.Ensure(label.Spec.Stack);
        try
        {
            lock (_machines)
            {
                Directory.CreateDirectory(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                folder.WriteLabel(label); // from here on its machine is in use
                _groups.Set(Bundle.MachineGroupOf(label), label.Machine);
            }

            var process = new Launch(store, _crun, folder, label, runFolder).Run(subnet, cancellationToken);
            return new RunningInstance(label, RunPhase.Running, process.Id, process.StartedAt, null);
        }
        catch (Exception e)
        {
            await DeleteAsync(label.Id, CancellationToken.None);
            if (e is LinuxException or IOException or UnauthorizedAccessException)
                throw new MayflyException($"{label.Spec.Component} cannot start: {e.Message}", "mayfly doctor tells what this host lacks", e);
            throw;
        }
    }, cancellationToken);

    /// <summary>Every instance on the host, or of one stack.</summary>
    public IReadOnlyList<RunningInstance> List(string? stack = null) =>
        [.. InstanceFolder.All(runFolder).Select(Look).OfType<RunningInstance>().Where(instance => stack is null || instance.Label.Spec.Stack == stack)];

    public RunningInstance? Find(string id) => Look(Folder(id));

    /// <summary>Rewrites the marks of an instance.</summary>
    public void Mark(string id, IReadOnlyDictionary<string, string> marks)
    {
        var folder = Folder(id);
        if (folder.ReadLabel() is { } label)
            folder.WriteLabel(label with { Marks = marks });
    }

    /// <summary>Waits until the main process has ended.</summary>
    public async Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = _exits.Next();
            if ((Find(id) ?? throw NoInstance(id)) is { Phase: RunPhase.Ended, Exit: { } exit })
                return exit;
            await change.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends a signal (<c>SIGHUP</c>) to the main process; does nothing when it has ended.</summary>
    public void Signal(string id, string signal)
    {
        var number = Signals.Number(signal);
        (Folder(id).ReadProcess() ?? Folder(id).CreatedProcess())?.Signal(number);
    }

    /// <summary>Ends an instance: its stop signal, then SIGKILL when its stop timeout has passed. It stays listed, as ended.</summary>
    public async Task<InstanceExit> StopAsync(string id, CancellationToken cancellationToken)
    {
        var instance = Find(id) ?? throw NoInstance(id);
        if (instance.Phase == RunPhase.Running)
        {
            Signal(id, instance.Label.Spec.StopSignal);
            try
            {
                return await WaitAsync(id, cancellationToken).WaitAsync(instance.Label.Spec.StopTimeout, cancellationToken);
            }
            catch (TimeoutException)
            {
            }
        }

        Signal(id, "SIGKILL");
        return instance.Phase == RunPhase.Created ? new InstanceExit(-1, DateTimeOffset.UtcNow, false) : await WaitAsync(id, cancellationToken);
    }

    /// <summary>Removes an instance and all that the host holds for it, killing it first when it runs. No error when there is none.</summary>
    /// <param name="log">Remove its log too.</param>
    public Task DeleteAsync(string id, CancellationToken cancellationToken, bool log = false) => Task.Run(() =>
    {
        var folder = Folder(id);
        var label = folder.ReadLabel();
        if (!Directory.Exists(folder.Path) && !Directory.Exists(Path.Combine(_crun.State, id)))
            return;
        (folder.ReadProcess() ?? folder.CreatedProcess())?.Signal(Signals.Kill);
        folder.CreatedProcess()?.Signal(Signals.Kill);
        if (folder.ReadProcess() is null)
            EndStart(folder);
        EndMonitor(folder);
        if (Directory.Exists(Path.Combine(_crun.State, id)))
        {
            using var thread = _crun.Enter("removal of " + id);
            var (code, output) = Crun.Run(thread, _crun.Delete(id));
            if (code != 0 && Directory.Exists(Path.Combine(_crun.State, id)))
                throw new MayflyException($"the instance {id} cannot be removed: {output}", "see whether a process of it hangs in the kernel: ps -eo pid,stat,wchan,args");
        }

        using (var links = new NetworkLinks())
            links.Delete(folder.Link);
        Trees.Remove(folder.ExitFile);
        if (label is not null)
        {
            _groups.Remove(Bundle.ControlGroupOf(label));
            Trees.Remove(Launch.Writable(store, label));
            if (log)
            {
                Trees.Remove(InstanceLog.PathOf(store, label.Spec.Stack, id));
                Trees.Remove(InstanceLog.PathOf(store, label.Spec.Stack, id) + ".1");
            }
        }

        lock (_machines)
        {
            Trees.Remove(folder.Path);
            // The pod's group goes with its last instance, the stack's with its last pod: removing leaves what is in use.
            if (label is not null && !List(label.Spec.Stack).Any(other => other.Label.Machine.Name == label.Machine.Name))
                _groups.Remove(Bundle.MachineGroupOf(label));
        }
    }, cancellationToken);

    /// <summary>What changed in its writable layer since its start.</summary>
    public IReadOnlyList<DriftEntry> Drift(string id)
    {
        var folder = Folder(id);
        if (folder.ReadLabel() is not { } label || InstanceFolder.Read(folder.File("baseline")) is not { } baseline)
            return [];
        string[] trees = [.. label.Spec.Layers.Select(key => Path.Combine(store.PathOf(StoreArea.Layers, key), "tree")), .. OwnLayer.Find(store, label.Spec) is { } own ? [own] : (string[])[]];
        return WritableLayer.Drift(Path.Combine(Launch.Writable(store, label), "upper"), trees, baseline.Split('\n').ToHashSet());
    }

    /// <summary>Rotates the logs that have reached <see cref="InstanceLog.Limit"/>; to be called from time to time.</summary>
    public void RotateLogs()
    {
        foreach (var instance in List())
            InstanceLog.Rotate(InstanceLog.PathOf(store, instance.Label.Spec.Stack, instance.Id), Folder(instance.Id).File("ctl"));
    }

    /// <summary>Runs a command inside, as the instance's user with its environment, and captures what it prints (both streams, in order).</summary>
    /// <param name="timeout">It is killed after this and the exit code is 124; null waits for ever.</param>
    public Task<CommandResult> ExecAsync(string id, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Exec.RunAsync(_crun, Running(id), command, timeout, cancellationToken);

    /// <summary>Runs a command inside on the caller's own standard streams, and waits for it: for the command line.</summary>
    /// <param name="terminal">Give it a terminal of its own, of the size of the caller's, if that has one.</param>
    /// <param name="hangUp">Once it is cancelled a command with a terminal gets SIGHUP.</param>
    /// <returns>The exit code.</returns>
    public int ExecAttached(string id, IReadOnlyList<string> command, bool terminal, CancellationToken hangUp) =>
        Exec.Attach(_crun, Running(id), command, terminal, hangUp);

    private InstanceFolder Folder(string id) =>
        id.Length is > 0 and <= 60 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? new InstanceFolder(runFolder, id)
            : throw new ArgumentException($"no instance is named '{id}'", nameof(id));

    private InstanceFolder Running(string id) => Find(id) is { Phase: RunPhase.Running } ? Folder(id) : throw NoInstance(id);

    private static MayflyException NoInstance(string id) => new($"no instance {id} runs on this host", "mayfly status lists what runs");

    private RunningInstance? Look(InstanceFolder folder)
    {
        if (folder.ReadLabel() is not { } label)
            return null;
        if (folder.ReadProcess() is not { } process)
            return new RunningInstance(label, RunPhase.Created, folder.CreatedProcess()?.Id, null, null);
        var exit = folder.ReadExit();
        if (exit is null && process.Lives)
            return new RunningInstance(label, RunPhase.Running, process.Id, process.StartedAt, null);
        // Between the end of the process and the monitor's note of it there is a moment.
        if (exit is null && folder.Monitor() is not null)
            return new RunningInstance(label, RunPhase.Running, null, null, null);
        exit ??= folder.ReadExit() ?? (-1, DateTimeOffset.UtcNow);
        return new RunningInstance(label, RunPhase.Ended, null, null,
            new InstanceExit(exit.Value.Code, exit.Value.At, _groups.OutOfMemoryKills(Bundle.ControlGroupOf(label)) > 0));
    }

    /// <summary>What a killed start has left would go on creating the instance after it was removed.</summary>
    private static void EndStart(InstanceFolder folder)
    {
        var deadline = Environment.TickCount64 + 5_000;
        while (folder.Starters() is { Count: > 0 } starters && Environment.TickCount64 < deadline)
        {
            foreach (var starter in starters)
                starter.Signal(Signals.Kill);
            Thread.Sleep(1);
        }
    }

    /// <summary>The monitor ends by itself soon after the main process; one that does not is killed.</summary>
    private static void EndMonitor(InstanceFolder folder)
    {
        if (folder.Monitor() is not { } monitor)
            return;
        var deadline = Environment.TickCount64 + 5_000;
        while (monitor.Lives)
        {
            if (Environment.TickCount64 > deadline)
                monitor.Signal(Signals.Kill);
            Thread.Sleep(1);
        }
    }
}

/// <summary>A path of an instance's writable layer.</summary>
public sealed record DriftEntry(string Path, DriftKind Kind);

public enum DriftKind
{
    Added,
    Changed,
    Removed,
}
