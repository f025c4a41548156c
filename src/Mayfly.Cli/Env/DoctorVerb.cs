using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env doctor</c></summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var command = new ExampledCommand("doctor", "Look for what is wrong in an environment: its interpreter, its files, what does not fit together", "mayfly env doctor --env shop") { environment };
        command.SetAction(result =>
        {
            var opened = VirtualEnvironment.Read(environment.PathIn(result), Store.Open());
            var findings = EnvironmentCheck.Of(opened);
            foreach (var finding in findings)
                result.InvocationConfiguration.Output.WriteLine(finding);
            if (findings is [])
                result.InvocationConfiguration.Output.WriteLine($"{EnvironmentPlaces.OfHost().NameOf(opened.Root)} is as it should be: {Counted.Of(opened.Installed().Count, "package")}, {opened.Interpreter.Name}");
            return findings is [] ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
