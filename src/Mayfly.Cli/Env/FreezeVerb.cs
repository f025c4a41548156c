using System.CommandLine;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env freeze</c></summary>
internal static class FreezeVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var command = new ExampledCommand("freeze", "Print what is installed as requirements", "mayfly env freeze > requirements.txt") { environment };
        command.SetAction(result =>
        {
            foreach (var one in environment.Open(result, Store.Open()).Installed().Where(static one => !one.IsSeed))
                result.InvocationConfiguration.Output.WriteLine($"{one.Project}=={one.Version}");
            return ExitCode.Done;
        });
        return command;
    }
}
