namespace Mayfly.Machines;

/// <summary>
/// Where machines run. The seam for other hosts and clouds; <c>local</c> is the embedded default. A provider is told one
/// step at a time and reports what really runs; it decides nothing about placement or order.
/// </summary>
public interface IProvider
{
    /// <summary>What runs of a stack now, in any view; empty when nothing does.</summary>
    Task<IReadOnlyList<InstanceState>> ListAsync(string stack, CancellationToken cancellationToken);

    /// <summary>The generation that should run, or null when the stack is down.</summary>
    Task<Generation?> ReadGenerationAsync(string stack, CancellationToken cancellationToken);

    /// <summary>Waits until no other command changes the stack; from then on it is this provider's to change until it is disposed.</summary>
    Task BeginAsync(string stack, CancellationToken cancellationToken);

    /// <summary>Whether these ports could be published, asked before anything is begun; a commit asks again.</summary>
    /// <exception cref="MayflyException">One is taken; the message names its holder.</exception>
    Task RequirePortsAsync(string stack, IReadOnlyList<PublishedPort> ports, CancellationToken cancellationToken);

    /// <summary>
    /// Starts one instance in a view and waits until it is healthy. Until a generation that names it is committed it is on
    /// trial: it ends with the connection that started it.
    /// </summary>
    /// <exception cref="MayflyException">It did not become healthy; the message holds the end of its log. The instance is gone.</exception>
    Task<InstanceState> StartAsync(InstanceSpec instance, MachineSpec machine, string view, IProgress<Activity> progress, CancellationToken cancellationToken);

    /// <summary>Runs a command to its end in an instance made for it alone, in a view: migrations and tasks.</summary>
    /// <returns>The exit code and what it printed.</returns>
    Task<CommandResult> RunAsync(InstanceSpec instance, MachineSpec machine, string view, CancellationToken cancellationToken);

    /// <summary>Runs a command to its end inside a running instance, as its user and with its environment.</summary>
    Task<CommandResult> ExecAsync(string instanceId, IReadOnlyList<string> command, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a command inside a running instance with this process's own standard streams: for people. With a terminal the
    /// command gets one too.
    /// </summary>
    /// <returns>Its exit code.</returns>
    Task<int> AttachAsync(string instanceId, IReadOnlyList<string> command, bool terminal, CancellationToken cancellationToken);

    /// <summary>What instances of a stack have printed, merged by time; with <paramref name="follow"/> it goes on until cancelled.</summary>
    IAsyncEnumerable<LogLine> ReadLogsAsync(string stack, IReadOnlyList<string> components, bool follow, CancellationToken cancellationToken);

    /// <summary>Paths that were changed in the instance's throw-away layer since its start.</summary>
    Task<IReadOnlyList<string>> ReadDriftAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>Stops an instance for good, after <paramref name="drain"/> during which its name no longer leads to it.</summary>
    Task StopAsync(string instanceId, TimeSpan drain, CancellationToken cancellationToken);

    /// <summary>
    /// Sets which instances answer for their component's name in a view; all others of the view vanish from its names.
    /// One change: no reader sees half of it.
    /// </summary>
    Task SetNamesAsync(string stack, string view, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken);

    /// <summary>Makes a consistent copy of the stack's live volumes for a view, seen by instances started in it; and throws it away.</summary>
    Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken);

    /// <summary>Ends every instance of a view and removes its volumes' copies and its names.</summary>
    Task EndViewAsync(string stack, string view, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a generation the one that should run: its record is durable, its instances lose their trial, its ports are
    /// published, and instances of the live view that it does not name are drained and stopped.
    /// </summary>
    Task CommitAsync(Generation generation, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken);

    /// <summary>Ends everything of a stack and leaves nothing of it on the host; volumes and secrets only go when asked.</summary>
    Task RemoveAsync(string stack, bool volumes, CancellationToken cancellationToken);
}

/// <summary>How a command in an instance ended.</summary>
public sealed record CommandResult(int ExitCode, string Output);

/// <summary>One line that an instance printed.</summary>
/// <param name="Instance">The replica's hostname label: <c>web-1</c>.</param>
/// <param name="Error">True when it came from standard error.</param>
public sealed record LogLine(string Instance, DateTimeOffset Time, bool Error, string Text);
