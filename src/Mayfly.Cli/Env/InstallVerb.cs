using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env install</c></summary>
internal static class InstallVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var upgrade = new Option<bool>("--upgrade", "-U") { Description = "Take the newest of them, although older ones that would do are there" };
        var anew = new Option<bool>("--force-reinstall") { Description = "Install them anew, although they are there" };
        var alone = new Option<bool>("--no-deps") { Description = "Without what they need" };
        var command = new ExampledCommand("install", "Install packages: all of them, or nothing changes", "mayfly env install django 'psycopg[binary]>=3'", "mayfly env install -r requirements.txt --env shop") { environment, upgrade, anew, alone };
        var plan = PlanOptions.AddTo(command);
        var requirements = RequirementOptions.AddTo(command);
        var placement = PlacementOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.Tokens.Count == 0 && result.Children.All(static child => child is not System.CommandLine.Parsing.ArgumentResult { Tokens.Count: > 0 } and not System.CommandLine.Parsing.OptionResult { Option.Name: "--requirement" or "--editable" }))
                result.AddError("nothing is named to install");
        });
        command.SetAction(async (result, cancellationToken) =>
        {
            var placed = placement.Read(result);
            var store = Store.Open();
            var opened = environment.Open(result, store);
            var request = new EnvironmentRequest
            {
                Requirements = requirements.Read(result, opened.Root),
                Overrides = requirements.Overrides(result),
                Bound = requirements.Bound(result),
                Upgrade = result.GetValue(upgrade),
                Reinstall = result.GetValue(anew),
                WithoutDependencies = result.GetValue(alone),
            };
            await plan.RunAsync(result, store, opened, progress => EnvironmentPlan.OfAsync(store, opened.Interpreter, opened.Installed(), request with { Known = EnvironmentRecord.Origins(opened) }, progress, cancellationToken), placed, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
