using System.CommandLine;
using Mayfly.Environments;

namespace Mayfly.Cli.Env;

/// <summary>How an environment gets the files of what comes, for every verb that installs.</summary>
internal sealed class PlacementOptions
{
    private readonly Option<bool> _compile = new("--compile") { Description = "Compile modules as they come; else Python does as it first loads them" };

    private PlacementOptions()
    {
    }

    public static PlacementOptions AddTo(Command command)
    {
        var options = new PlacementOptions();
        command.Add(options._compile);
        return options;
    }

    public Placement Read(ParseResult result) => new() { Compiles = result.GetValue(_compile) };
}
