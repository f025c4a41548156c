using Mayfly.Machines.Agent;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>
/// This host: asks its agent, which is started when it does not run.
/// </summary>
/// <remarks>
/// What it keeps: one connection, made at the first need. Instances on trial belong to it and end with it, so a lost connection is an
/// error for whatever changes something; questions are simply asked again. Logs, drift and commands inside instances need
/// no agent and are served in this process, which leaves them working should the agent ever not.
/// </remarks>
public sealed class LocalProvider : IProvider, IAsyncDisposable
{
    private readonly Store _store;
    private readonly string _runFolder;
    private readonly AgentLauncher _launcher;
    private readonly Runtime _runtime;
    private readonly SemaphoreSlim _connecting = new(1);
    private AgentConnection? _connection;

    public LocalProvider(Store store, RuntimePrograms programs, string runFolder = Runtime.DefaultRunFolder)
        : this(store, programs, runFolder, new AgentLauncher(store, programs, runFolder))
    {
    }

    internal LocalProvider(Store store, RuntimePrograms programs, string runFolder, AgentLauncher launcher)
    {
        _store = store;
        _runFolder = runFolder;
        _launcher = launcher;
        _runtime = new Runtime(store, programs, runFolder);
    }

    /// <summary>Makes the connection that the first question would make; for callers that have something to do meanwhile.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => Task.Run(() => ConnectedAsync(cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<InstanceState>> ListAsync(string stack, CancellationToken cancellationToken) =>
        ((InstancesReply)await QuestionAsync(new ListRequest(stack), cancellationToken)).Instances;

    public async Task<Generation?> ReadGenerationAsync(string stack, CancellationToken cancellationToken) =>
        ((GenerationReply)await QuestionAsync(new ReadGenerationRequest(stack), cancellationToken)).Generation;

    public Task BeginAsync(string stack, CancellationToken cancellationToken) => AskAsync(new BeginRequest(stack), null, cancellationToken);

    public Task RequirePortsAsync(string stack, IReadOnlyList<PublishedPort> ports, CancellationToken cancellationToken) =>
        Task.Run(() => Published.Check(_runFolder, stack, ports), cancellationToken);

    public async Task<InstanceState> StartAsync(InstanceSpec instance, MachineSpec machine, string view, IProgress<Activity> progress, CancellationToken cancellationToken) =>
        ((InstanceReply)await AskAsync(new StartRequest(instance, machine, view), progress.Report, cancellationToken)).Instance;

    public async Task<CommandResult> RunAsync(InstanceSpec instance, MachineSpec machine, string view, CancellationToken cancellationToken) =>
        ((CommandReply)await AskAsync(new RunRequest(instance, machine, view), null, cancellationToken)).Result;

    public Task<CommandResult> ExecAsync(string instanceId, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        _runtime.ExecAsync(instanceId, command, timeout: null, cancellationToken);

    public Task<int> AttachAsync(string instanceId, IReadOnlyList<string> command, bool terminal, CancellationToken cancellationToken) =>
        Task.Run(() => _runtime.ExecAttached(instanceId, command, terminal, cancellationToken), cancellationToken);

    public IAsyncEnumerable<LogLine> ReadLogsAsync(string stack, IReadOnlyList<string> components, bool follow, CancellationToken cancellationToken) =>
        StackLogs.ReadAsync(_store, _runtime, stack, components, follow, cancellationToken);

    public Task<IReadOnlyList<string>> ReadDriftAsync(string instanceId, CancellationToken cancellationToken) =>
        Task.Run<IReadOnlyList<string>>(() => [.. _runtime.Drift(instanceId).Select(entry => entry.Path)], cancellationToken);

    public Task StopAsync(string instanceId, TimeSpan drain, CancellationToken cancellationToken) =>
        AskAsync(new StopRequest(instanceId, drain), null, cancellationToken);

    public Task SetNamesAsync(string stack, string view, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        AskAsync(new SetNamesRequest(stack, view, instanceIds), null, cancellationToken);

    public Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken) =>
        AskAsync(new CopyVolumesRequest(stack, view), null, cancellationToken);

    public Task EndViewAsync(string stack, string view, CancellationToken cancellationToken) =>
        AskAsync(new EndViewRequest(stack, view), null, cancellationToken);

    public Task CommitAsync(Generation generation, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        AskAsync(new CommitRequest(generation, instanceIds), null, cancellationToken);

    public Task RemoveAsync(string stack, bool volumes, CancellationToken cancellationToken) =>
        AskAsync(new RemoveRequest(stack, volumes), null, cancellationToken);

    /// <summary>Ends the connection, and with it every instance that is still on trial.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connecting.Dispose();
    }

    /// <summary>Changes nothing, so it may be asked again of the next agent.</summary>
    private async Task<AgentReply> QuestionAsync(AgentRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(request, null, cancellationToken);
        }
        catch (AgentGoneException)
        {
            return await AskAsync(request, null, cancellationToken);
        }
    }

    private async Task<AgentReply> AskAsync(AgentRequest request, Action<Activity>? progress, CancellationToken cancellationToken) =>
        await (await ConnectedAsync(cancellationToken)).AskAsync(request, progress, cancellationToken);

    private async Task<AgentConnection> ConnectedAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            if (_connection is { IsOpen: true })
                return _connection;
            if (_connection is not null)
                await _connection.DisposeAsync();
            return _connection = await _launcher.ConnectAsync(cancellationToken);
        }
        finally
        {
            _connecting.Release();
        }
    }
}
