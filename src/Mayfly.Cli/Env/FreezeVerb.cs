using System.CommandLine;
using Mayfly.Cli.Pip;
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
            foreach (var one in PipDistribution.All(environment.Read(result, Store.Open())).Where(static one => !one.Installed.IsSeed).OrderBy(static one => one.Name.ToLowerInvariant(), StringComparer.Ordinal))
                result.InvocationConfiguration.Output.WriteLine(one.Frozen());
            return ExitCode.Done;
        });
        return command;
    }
}
