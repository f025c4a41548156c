using System.Net;
using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>The effects on this very host.</summary>
internal sealed class LocalHost(Store store, RuntimePrograms programs, string runFolder) : IInstanceHost
{
    private readonly Runtime _runtime = new(store, programs, runFolder);
    private readonly Network _network = new(store, programs, runFolder);
    private readonly Volumes _volumes = new(store, runFolder);

    public Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken) => _runtime.StartAsync(label, cancellationToken);

    public IReadOnlyList<RunningInstance> List() => _runtime.List();

    public void Mark(string id, IReadOnlyDictionary<string, string> marks) => _runtime.Mark(id, marks);

    public Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken) => _runtime.WaitAsync(id, cancellationToken);

    public Task StopAsync(string id, CancellationToken cancellationToken) =>
        // One that could not be started again is listed as failed, and nothing of it is on the host.
        _runtime.Find(id) is null ? Task.CompletedTask : _runtime.StopAsync(id, cancellationToken);

    public Task DeleteAsync(string id, bool log, CancellationToken cancellationToken) => _runtime.DeleteAsync(id, cancellationToken, log);

    public async Task<string?> CheckAsync(InstanceLabel label, HealthCheck health, CancellationToken cancellationToken)
    {
        if (health.Kind != HealthCheckKind.Command)
            return await HealthProbe.CheckAsync(IPAddress.Parse(label.Address), label.Spec.Component, health, cancellationToken);
        var result = await _runtime.ExecAsync(label.Id, health.Command, health.Timeout, cancellationToken);
        return result.ExitCode == 0 ? null : $"'{string.Join(' ', health.Command)}' {Supervision.Exit(result.ExitCode)}{LastLine(result.Output)}";
    }

    public async Task<IReadOnlyList<string>> ReadLogAsync(InstanceLabel label, int? last, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        try
        {
            await foreach (var line in InstanceLog.ReadAsync(InstanceLog.PathOf(store, label.Spec.Stack, label.Id), label.Id, last, follow: false, cancellationToken))
                lines.Add(line.Text);
        }
        catch (IOException)
        {
            // It printed nothing, or died before there was a log.
        }

        return lines;
    }

    public IPAddress EnsureNetwork(string stack) => _network.Ensure(stack).Prefix.BaseAddress;

    public string AllocateAddress(string stack) => _network.AllocateAddress(stack);

    public Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken) => _network.PublishAsync(stack, ports, cancellationToken);

    public Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken) => _volumes.CopyAsync(stack, view, cancellationToken);

    public void RemoveView(string stack, string view) => _volumes.RemoveView(stack, view);

    public async Task RemoveAsync(string stack, bool removeVolumes, CancellationToken cancellationToken)
    {
        await Leftovers.RemoveAsync(_runtime, _network, _volumes, stack, cancellationToken);
        if (!removeVolumes)
            return;
        _volumes.Remove(stack);
        // Secrets, generations and logs are the stack's own too; with its data they have nothing left to belong to.
        var folder = store.PathOf(StoreArea.Stacks, stack);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>What must be looked after now and then; a failure is said and tried again.</summary>
    public async Task MaintainAsync(CancellationToken cancellationToken)
    {
        try
        {
            _runtime.RotateLogs();
            foreach (var stack in _runtime.List().Select(instance => instance.Label.Spec.Stack).Distinct())
            {
                _volumes.Thaw(stack);
                if (await _network.RepairAsync(stack, cancellationToken))
                    AgentLog.Write($"{stack}: the rules of its network were gone and are back");
            }
        }
        catch (Exception e) when (e is MayflyException or IOException)
        {
            AgentLog.Write(e.Message);
        }
    }

    private static string LastLine(string output) => output.TrimEnd().Split('\n')[^1] is { Length: > 0 } line ? $": {line}" : "";
}
