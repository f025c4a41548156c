using System.CommandLine;
using System.Text;
using Mayfly.Graph;
using Mayfly.Spec;

namespace Mayfly.Verbs;

/// <summary><c>graph</c>: the topology as a picture.</summary>
internal static class GraphVerb
{
    public static Command Describe(Stack stack)
    {
        var format = new Option<string>("--format") { Description = "mermaid or svg", DefaultValueFactory = _ => "mermaid" };
        format.AcceptOnlyFromAmong("mermaid", "svg");
        var output = new Option<string?>("--output", "-o") { Description = "Write to a file; its ending .svg chooses the format too" };
        var command = new Command("graph", "Draw machines, components and who uses whom.\n\nExample: mayfly graph examples/shop -o shop.svg") { format, output };
        command.SetAction(parsed =>
        {
            var topology = Topology.Of(StackReader.Read(stack));
            var file = parsed.GetValue(output);
            var svg = parsed.GetValue(format) == "svg" || file?.EndsWith(".svg", StringComparison.OrdinalIgnoreCase) == true;
            var picture = svg ? SvgPicture.Draw(topology) : Mermaid.Write(topology);
            if (file is null)
                Console.Out.WriteLine(picture);
            else
                OutputFile.Write(file, Encoding.UTF8.GetBytes(picture));
            return 0;
        });
        return command;
    }
}
