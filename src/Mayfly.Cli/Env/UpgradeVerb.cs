using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env upgrade</c></summary>
internal static class UpgradeVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var command = new ExampledCommand("upgrade", "Take newer versions of these packages, or of all that there are", "mayfly env upgrade", "mayfly env upgrade django --dry-run") { environment };
        var plan = PlanOptions.AddTo(command);
        var requirements = RequirementOptions.AddTo(command);
        var placement = PlacementOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var placed = placement.Read(result);
            var store = Store.Open();
            var opened = environment.Open(result, store);
            var wanted = requirements.Read(result, opened.Root);
            var all = requirements.IsEmpty(result);
            await plan.RunAsync(result, store, opened, progress => EnvironmentPlan.OfAsync(store, opened.Interpreter, opened.Installed(), Request(), progress, cancellationToken), placed, cancellationToken);
            return ExitCode.Done;

            EnvironmentRequest Request() => new()
            {
                Requirements = !all ? wanted : wanted with { Entries = [.. wanted.Entries, .. opened.Installed().Where(static one => one is { IsLeftAlone: false, Origin: null }).Select(static one => new RequirementsEntry { File = "environment", Line = 0, Text = one.Project.Text })] },
                Overrides = requirements.Overrides(result),
                Bound = requirements.Bound(result),
                Known = EnvironmentRecord.Origins(opened),
                Upgrade = true,
                UpgradeAll = all,
            };
        });
        return command;
    }
}
