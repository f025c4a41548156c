using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env doctor</c></summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var json = CommonOptions.Json();
        var command = new ExampledCommand("doctor", "Look for what is wrong in an environment: its interpreter, its files, what does not fit together", "mayfly env doctor --env shop") { environment, json };
        command.SetAction(result =>
        {
            var opened = VirtualEnvironment.Read(environment.PathIn(result), Store.Open());
            var (findings, name, output) = (EnvironmentCheck.Of(opened), EnvironmentPlaces.OfHost().NameOf(opened.Root), result.InvocationConfiguration.Output);
            if (result.TryTell(json, new CheckData(name, opened.Root, [.. findings]), EnvironmentJson.Default.CheckData))
                return findings is [] ? ExitCode.Done : ExitCode.Failed;

            foreach (var finding in findings)
                output.WriteLine(finding);
            if (findings is [])
                output.WriteLine($"{name} is as it should be: {Counted.Of(opened.Installed().Count, "package")}, {opened.Interpreter.Name}");
            return findings is [] ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
