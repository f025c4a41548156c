using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Mayfly.Cli;

/// <summary>A verb whose help ends in examples; where it is one of a list, its one line stands alone.</summary>
/// <param name="name">What is typed.</param>
/// <param name="description">One line.</param>
/// <param name="examples">Whole commands.</param>
internal sealed class ExampledCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>The option that shows the help of every verb.</summary>
    public static HelpOption Help()
    {
        var option = new HelpOption();
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
        return option;
    }

    private sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = usual.Invoke(parseResult);
            if (parseResult.CommandResult.Command is ExampledCommand command)
                parseResult.InvocationConfiguration.Output.Write($"{(command.Examples.Length == 1 ? "Example" : "Examples")}:\n{string.Concat(command.Examples.Select(static line => $"  {line}\n"))}\n");
            return code;
        }
    }

    private string[] Examples => examples;
}
