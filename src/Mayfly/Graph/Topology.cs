using Mayfly.Spec;

namespace Mayfly.Graph;

/// <summary>What a picture of a stack shows: machines with replicas, who uses whom, what is published. Pure.</summary>
internal sealed record Topology(string Stack, IReadOnlyList<TopologyMachine> Machines, IReadOnlyList<TopologyUse> Uses, IReadOnlyList<TopologyPort> Published)
{
    public static Topology Of(StackSpec spec) => new(
        spec.Name,
        [.. spec.Machines.Select(machine => new TopologyMachine(machine.Name,
            [.. spec.Placement.Where(placed => placed.Machine == machine.Name).Select(placed => Node(spec, placed))]))],
        [.. spec.Components.SelectMany(component => component.Uses.Select(used => new TopologyUse(component.Name, used)))],
        [.. spec.Published.Select(published => new TopologyPort(published.HostPort, published.Component))]);

    /// <summary>How many steps of use lead to the component at most; the column that a picture draws it in.</summary>
    public int Depth(string component) => Uses.Where(use => use.Used == component).Select(use => 1 + Depth(use.User)).DefaultIfEmpty(0).Max();

    private static TopologyNode Node(StackSpec spec, Placed placed)
    {
        var instance = spec[placed.Component].Instance;
        var alone = spec.Placement.Count(other => other.Component == placed.Component) == 1;
        return new TopologyNode(placed.Component, alone ? placed.Component : $"{placed.Component}-{placed.Replica}",
            string.Join(' ', instance.Ports.Select(port => $"{port.Name}:{port.Port}")), instance.Volumes.Count > 0);
    }
}

internal sealed record TopologyMachine(string Name, IReadOnlyList<TopologyNode> Nodes);

/// <param name="HasData">It owns a volume.</param>
internal sealed record TopologyNode(string Component, string Label, string Ports, bool HasData);

internal sealed record TopologyUse(string User, string Used);

internal sealed record TopologyPort(int HostPort, string Component);
