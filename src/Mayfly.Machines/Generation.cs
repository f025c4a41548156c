namespace Mayfly.Machines;

/// <summary>What should run, whole: written durably when an <c>up</c> goes live, and enough to bring the stack back after a reboot.</summary>
public sealed record Generation
{
    /// <summary>Counts from 1 for each stack.</summary>
    public required int Number { get; init; }

    public required string Stack { get; init; }

    /// <summary>The digest of the whole plan input; an <c>up</c> that arrives at the same one has nothing to do.</summary>
    public required string Key { get; init; }

    public required IReadOnlyList<MachineSpec> Machines { get; init; }

    /// <summary>In the order of starting.</summary>
    public required IReadOnlyList<InstanceSpec> Instances { get; init; }

    public IReadOnlyList<PublishedPort> Published { get; init; } = [];
}

/// <summary>A port of the host that leads to a component.</summary>
/// <param name="HostPort">TCP port on the host.</param>
/// <param name="HostAddress">Null for every address of the host, else the one address that it is published on.</param>
public sealed record PublishedPort(int HostPort, string Component, int Port, string? HostAddress = null);
