using System.Net;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Agent;

/// <summary>
/// The effects that supervision has on the host. A seam, so that the whole agent is tried without root, and with a clock and processes of the test's.
/// </summary>
internal interface IInstanceHost
{
    Task<RunningInstance> StartAsync(InstanceLabel label, CancellationToken cancellationToken);

    IReadOnlyList<RunningInstance> List();

    void Mark(string id, IReadOnlyDictionary<string, string> marks);

    Task<InstanceExit> WaitAsync(string id, CancellationToken cancellationToken);

    Task StopAsync(string id, CancellationToken cancellationToken);

    Task DeleteAsync(string id, bool log, CancellationToken cancellationToken);

    /// <summary>Runs one health check.</summary>
    /// <returns>Why it is not healthy; null when it is.</returns>
    Task<string?> CheckAsync(InstanceLabel label, HealthCheck health, CancellationToken cancellationToken);

    /// <summary>The end of what it has printed.</summary>
    Task<IReadOnlyList<string>> ReadLogAsync(InstanceLabel label, int? last, CancellationToken cancellationToken);

    /// <summary>The stack's network, made when it is missing.</summary>
    /// <returns>Its first address.</returns>
    IPAddress EnsureNetwork(string stack);

    string AllocateAddress(string stack);

    Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken);

    Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken);

    void RemoveView(string stack, string view);

    /// <summary>Removes everything of a stack from the host that is not an instance of the agent's own.</summary>
    Task RemoveAsync(string stack, bool volumes, CancellationToken cancellationToken);
}
