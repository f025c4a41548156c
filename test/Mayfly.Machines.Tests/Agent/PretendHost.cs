using System.Collections.Concurrent;
using System.Net;
using Mayfly.Machines.Agent;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Agent;

/// <summary>A host in memory: processes end when the test says so, and outlive agents as real ones do.</summary>
internal sealed class PretendHost : IInstanceHost
{
    private readonly ConcurrentDictionary<string, Process> _processes = new();
    private int _addresses = 1;

    /// <summary>Component names and why their checks fail.</summary>
    public ConcurrentDictionary<string, string> Sick { get; } = new();

    /// <summary>Components whose process ends with this code as soon as it starts.</summary>
    public ConcurrentDictionary<string, int> Crashing { get; } = new();

    /// <summary>No deletion ends before this does.</summary>
    public Task Deleting { get; set; } = Task.CompletedTask;

    public ConcurrentDictionary<string, IReadOnlyList<PublishedTarget>> Published { get; } = new();

    public ConcurrentQueue<string> Events { get; } = new();

    /// <summary>A port of the host that somebody else has.</summary>
    public int TakenPort { get; set; }

    public Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken)
    {
        Events.Enqueue($"start {label.Spec.Component}-{label.Spec.Replica}");
        var process = _processes[label.Id] = new Process(label);
        if (Crashing.TryGetValue(label.Spec.Component, out var code))
            process.Exit.SetResult(new InstanceExit(code, DateTimeOffset.UtcNow, false));
        return Task.FromResult(process.Describe());
    }

    public IReadOnlyList<RunningInstance> List() => [.. _processes.Values.Select(process => process.Describe())];

    public void Mark(string id, IReadOnlyDictionary<string, string> marks)
    {
        if (_processes.TryGetValue(id, out var process))
            process.Label = process.Label with { Marks = marks };
    }

    public Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken) => _processes[id].Exit.Task.WaitAsync(cancellationToken);

    public Task StopAsync(string id, CancellationToken cancellationToken)
    {
        if (_processes.TryGetValue(id, out var process))
            Events.Enqueue($"stop {process.Label.Spec.Component}-{process.Label.Spec.Replica}");
        Kill(id, 143);
        return Task.CompletedTask;
    }

    public async Task DeleteAsync(string id, bool log, CancellationToken cancellationToken)
    {
        Kill(id, 137);
        await Deleting;
        if (_processes.TryRemove(id, out var process))
            Events.Enqueue($"delete {process.Label.Spec.Component}-{process.Label.Spec.Replica}");
    }

    public Task<string?> CheckAsync(InstanceLabel label, HealthCheck health, CancellationToken cancellationToken) =>
        Task.FromResult(Sick.TryGetValue(label.Spec.Component, out var why) ? why : null);

    public Task<IReadOnlyList<string>> ReadLogAsync(InstanceLabel label, int? last, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([$"{label.Spec.Component} says hello"]);

    public IPAddress EnsureNetwork(string stack) => IPAddress.Parse("10.77.3.0");

    public string AllocateAddress(string stack) => $"10.77.3.{Interlocked.Increment(ref _addresses)}";

    public Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken)
    {
        if (ports.Any(port => port.HostPort == TakenPort))
            throw new MayflyException($"port {TakenPort} is taken by 'cat'", "choose another");
        Published[stack] = ports;
        return Task.CompletedTask;
    }

    public Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken)
    {
        Events.Enqueue($"copy {view}");
        return Task.CompletedTask;
    }

    public void RemoveView(string stack, string view) => Events.Enqueue($"remove {view}");

    public Task RemoveAsync(string stack, bool volumes, CancellationToken cancellationToken)
    {
        Published.TryRemove(stack, out _);
        Events.Enqueue($"remove {stack}");
        return Task.CompletedTask;
    }

    /// <summary>Ends a main process.</summary>
    public void Kill(string id, int code)
    {
        if (_processes.TryGetValue(id, out var process))
            process.Exit.TrySetResult(new InstanceExit(code, DateTimeOffset.UtcNow, false));
    }

    private sealed class Process(InstanceLabel label)
    {
        public InstanceLabel Label { get; set; } = label;

        public TaskCompletionSource<InstanceExit> Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RunningInstance Describe() => Exit.Task.IsCompleted
            ? new RunningInstance(Label, RunPhase.Ended, null, DateTimeOffset.UtcNow, Exit.Task.Result)
            : new RunningInstance(Label, RunPhase.Running, 4711, DateTimeOffset.UtcNow, null);
    }
}
