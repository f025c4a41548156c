using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env remove</c></summary>
internal static class RemoveVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var packages = new Argument<string[]>("PACKAGES") { Description = "What goes, with what came for it alone", Arity = ArgumentArity.OneOrMore };
        var force = new Option<bool>("--force") { Description = "Although others need it" };
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would change" };
        var command = new ExampledCommand("remove", "Remove packages, and what nothing needs any more", "mayfly env remove django") { packages, environment, force, dry };
        command.SetAction(async (result, cancellationToken) =>
        {
            var store = Store.Open();
            var opened = environment.Open(result, store);
            ProjectName[] projects = [.. result.GetValue(packages)!.Select(static name => ProjectName.Parse(name))];
            await PlanText.RunAsync(store, opened, _ => Task.FromResult(EnvironmentPlan.Without(opened, projects, result.GetValue(force))), result.GetValue(dry), null, result.InvocationConfiguration.Output, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
