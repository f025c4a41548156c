using System.CommandLine;
using Mayfly.Cli.Pip;
using Mayfly.Packages;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env freeze</c></summary>
internal static class FreezeVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var json = CommonOptions.Json();
        var command = new ExampledCommand("freeze", "Print what is installed as requirements", "mayfly env freeze > requirements.txt") { environment, json };
        command.SetAction(result =>
        {
            PipDistribution[] all = [.. PipDistribution.All(environment.Read(result, Store.Open())).Where(static one => !one.Installed.IsSeed).OrderBy(static one => one.Name.ToLowerInvariant(), StringComparer.Ordinal)];
            var output = result.InvocationConfiguration.Output;
            if (result.TryTell(json, [.. all.Select(static one => new FrozenData(one.Installed.Project.Text, one.Version, one.Frozen()))], EnvironmentJson.Default.FrozenDataArray))
                return ExitCode.Done;

            foreach (var one in all)
                output.WriteLine(one.Frozen());
            return ExitCode.Done;
        });
        return command;
    }
}
