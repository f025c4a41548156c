using System.Net;
using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>The effects on this very host.</summary>
internal sealed class LocalHost(Store store, RuntimePrograms programs, string runFolder) : IInstanceHost
{
    private readonly Runtime runtime = new(store, programs, runFolder);
    private readonly Network network = new(store, programs, runFolder);
    private readonly Volumes volumes = new(store, runFolder);

    public Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken) => runtime.StartAsync(label, cancellationToken);

    public IReadOnlyList<RunningInstance> List() => runtime.List();

    public void Mark(string id, IReadOnlyDictionary<string, string> marks) => runtime.Mark(id, marks);

    public Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken) => runtime.WaitAsync(id, cancellationToken);

    public Task StopAsync(string id, CancellationToken cancellationToken) =>
        // One that could not be started again is listed as failed, and nothing of it is on the host.
        runtime.Find(id) is null ? Task.CompletedTask : runtime.StopAsync(id, cancellationToken);

    public Task DeleteAsync(string id, bool log, CancellationToken cancellationToken) => runtime.DeleteAsync(id, cancellationToken, log);

    public async Task<string?> CheckAsync(InstanceLabel label, HealthCheck health, CancellationToken cancellationToken)
    {
        if (health.Kind != HealthCheckKind.Command)
            return await HealthProbe.CheckAsync(IPAddress.Parse(label.Address), label.Spec.Component, health, cancellationToken);
        var result = await runtime.ExecAsync(label.Id, health.Command, health.Timeout, cancellationToken);
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

    public IPAddress EnsureNetwork(string stack) => network.Ensure(stack).Prefix.BaseAddress;

    public string AllocateAddress(string stack) => network.AllocateAddress(stack);

    public Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken) => network.PublishAsync(stack, ports, cancellationToken);

    public Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken) => volumes.CopyAsync(stack, view, cancellationToken);

    public void RemoveView(string stack, string view) => volumes.RemoveView(stack, view);

    public async Task RemoveAsync(string stack, bool removeVolumes, CancellationToken cancellationToken)
    {
        await Leftovers.RemoveAsync(runtime, network, volumes, stack, cancellationToken);
        if (!removeVolumes)
            return;
        volumes.Remove(stack);
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
            runtime.RotateLogs();
            foreach (var stack in runtime.List().Select(instance => instance.Label.Spec.Stack).Distinct())
            {
                volumes.Thaw(stack);
                if (await network.RepairAsync(stack, cancellationToken))
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
