using System.Globalization;
using System.Net;
using System.Text;

namespace Mayfly.Graph;

/// <summary>
/// A topology as a picture of its own: a column for each depth of use, machines as frames around what they host, and a curve
/// for each use. A component that others use stands to their right.
/// </summary>
internal static class SvgPicture
{
    private const int NodeWidth = 150, NodeHeight = 52, ColumnGap = 90, RowGap = 22, Frame = 18, Title = 22, Margin = 24, PortWidth = 90;

    public static string Draw(Topology topology)
    {
        var places = new Dictionary<TopologyNode, (int X, int Y)>();
        var body = new StringBuilder();
        var right = 0;
        var y = Margin + 34;
        foreach (var machine in topology.Machines)
        {
            // Rows of a machine's frame: nodes of one column are stacked, columns share the frame's height.
            var rows = new Dictionary<int, int>();
            foreach (var node in machine.Nodes)
            {
                var column = topology.Depth(node.Component);
                var row = rows.GetValueOrDefault(column);
                rows[column] = row + 1;
                places[node] = (Margin + PortWidth + Frame + column * (NodeWidth + ColumnGap), y + Title + Frame + row * (NodeHeight + RowGap));
            }

            var height = Title + 2 * Frame + Math.Max(1, rows.Values.DefaultIfEmpty(1).Max()) * (NodeHeight + RowGap) - RowGap;
            var left = machine.Nodes.Select(node => places[node].X).DefaultIfEmpty(Margin + PortWidth + Frame).Min() - Frame;
            var end = machine.Nodes.Select(node => places[node].X + NodeWidth).DefaultIfEmpty(left + NodeWidth).Max() + Frame;
            body.Append(Invariant($"<rect class=\"machine\" x=\"{left}\" y=\"{y}\" width=\"{end - left}\" height=\"{height}\" rx=\"12\"/>\n"));
            body.Append(Invariant($"<text class=\"name\" x=\"{left + 12}\" y=\"{y + 20}\">{WebUtility.HtmlEncode(machine.Name)}</text>\n"));
            right = Math.Max(right, end);
            y += height + RowGap;
        }

        var nodes = places.Keys.ToLookup(node => node.Component);
        foreach (var use in topology.Uses)
        {
            foreach (var user in nodes[use.User])
            {
                foreach (var used in nodes[use.Used])
                    Curve(body, (places[user].X + NodeWidth, places[user].Y + NodeHeight / 2), (places[used].X, places[used].Y + NodeHeight / 2));
            }
        }

        foreach (var (node, (x, top)) in places)
        {
            body.Append(Invariant($"<rect class=\"{(node.HasData ? "data" : "node")}\" x=\"{x}\" y=\"{top}\" width=\"{NodeWidth}\" height=\"{NodeHeight}\" rx=\"8\"/>\n"));
            body.Append(Invariant($"<text class=\"label\" x=\"{x + NodeWidth / 2}\" y=\"{top + 23}\">{WebUtility.HtmlEncode(node.Label)}</text>\n"));
            body.Append(Invariant($"<text class=\"port\" x=\"{x + NodeWidth / 2}\" y=\"{top + 40}\">{WebUtility.HtmlEncode(node.Ports)}{(node.HasData ? " · data" : "")}</text>\n"));
        }

        foreach (var port in topology.Published)
        {
            foreach (var node in nodes[port.Component])
            {
                var (x, top) = places[node];
                var middle = top + NodeHeight / 2;
                body.Append(Invariant($"<text class=\"published\" x=\"{Margin}\" y=\"{middle + 5}\">:{port.HostPort}</text>\n"));
                Curve(body, (Margin + 56, middle), (x, middle));
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + Margin} {y + Margin}" width="{right + Margin}" height="{y + Margin}" role="img" aria-label="The stack {WebUtility.HtmlEncode(topology.Stack)}">
            <style>
            text {"{"} font-family: system-ui, sans-serif; fill: #1f2933 {"}"}
            .title {"{"} font-size: 18px; font-weight: 600 {"}"} .name {"{"} font-size: 13px; fill: #52606d {"}"}
            .label {"{"} font-size: 15px; font-weight: 600; text-anchor: middle {"}"} .port {"{"} font-size: 11px; text-anchor: middle; fill: #52606d {"}"}
            .published {"{"} font-size: 15px; font-weight: 600; fill: #0b69a3 {"}"}
            .machine {"{"} fill: #f5f7fa; stroke: #cbd2d9 {"}"} .node {"{"} fill: #fff; stroke: #0b69a3 {"}"} .data {"{"} fill: #e3f8ff; stroke: #0b69a3; stroke-width: 2 {"}"}
            .use {"{"} fill: none; stroke: #829ab1; stroke-width: 1.5; marker-end: url(#arrow) {"}"}
            </style>
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#829ab1"/></marker></defs>
            <rect width="100%" height="100%" fill="#fff"/>
            <text class="title" x="{Margin}" y="{Margin + 14}">{WebUtility.HtmlEncode(topology.Stack)}</text>
            {body.ToString().TrimEnd('\n')}
            </svg>
            """);
    }

    private static void Curve(StringBuilder body, (int X, int Y) from, (int X, int Y) to)
    {
        var bend = Math.Max(30, Math.Abs(to.X - from.X) / 2);
        body.Append(Invariant($"<path class=\"use\" d=\"M{from.X} {from.Y}C{from.X + bend} {from.Y} {to.X - bend} {to.Y} {to.X - 2} {to.Y}\"/>\n"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
