using System.Text;

namespace Mayfly.Graph;

/// <summary>A topology as a Mermaid flowchart.</summary>
internal static class Mermaid
{
    public static string Write(Topology topology)
    {
        var text = new StringBuilder("flowchart LR\n");
        foreach (var machine in topology.Machines)
        {
            text.Append($"  subgraph {Id("machine", machine.Name)}[\"{machine.Name}\"]\n");
            foreach (var node in machine.Nodes)
                text.Append(node.HasData ? $"    {Id("c", node.Label)}[(\"{Label(node)}\")]\n" : $"    {Id("c", node.Label)}[\"{Label(node)}\"]\n");
            text.Append("  end\n");
        }

        var nodes = topology.Machines.SelectMany(machine => machine.Nodes).ToLookup(node => node.Component);
        foreach (var port in topology.Published)
        {
            text.Append($"  {Id("host", port.HostPort.ToString())}((\":{port.HostPort}\"))\n");
            foreach (var node in nodes[port.Component])
                text.Append($"  {Id("host", port.HostPort.ToString())} --> {Id("c", node.Label)}\n");
        }

        foreach (var use in topology.Uses)
        {
            foreach (var user in nodes[use.User])
            {
                foreach (var used in nodes[use.Used])
                    text.Append($"  {Id("c", user.Label)} --> {Id("c", used.Label)}\n");
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string Label(TopologyNode node) => node.Ports.Length == 0 ? node.Label : $"{node.Label}<br/>{node.Ports}";

    // Mermaid reserves words such as `end`; a prefix keeps names clear of them.
    private static string Id(string kind, string name) => $"{kind}_{name.Replace('-', '_')}";
}
