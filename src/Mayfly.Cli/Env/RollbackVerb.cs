using System.CommandLine;
using Mayfly.Packages;
using Mayfly.Terminal;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env rollback</c></summary>
internal static class RollbackVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var command = new ExampledCommand("rollback", "Go back to the state before the last change; done twice, it is the state of now again", "mayfly env rollback --env shop") { environment };
        command.SetAction(async (result, cancellationToken) =>
        {
            var opened = environment.Read(result, Store.Open());
            var before = opened.Installed();
            await Screen.ShowAsync(progress =>
            {
                opened.RollBack(progress, cancellationToken);
                return Task.FromResult(0);
            });
            foreach (var change in LockDifference.Of(before.ToDictionary(static one => one.Project, static one => one.Version), opened.Installed().ToDictionary(static one => one.Project, static one => one.Version)))
                result.InvocationConfiguration.Output.WriteLine(change);
            return ExitCode.Done;
        });
        return command;
    }
}
