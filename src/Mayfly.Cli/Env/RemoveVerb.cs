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
        var command = new ExampledCommand("remove", "Remove packages, and what nothing needs any more", "mayfly env remove django") { packages, environment, force };
        var plan = PlanOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var store = Store.Open();
            var opened = environment.Open(result, store);
            ProjectName[] projects = [.. result.GetValue(packages)!.Select(static name => ProjectName.Parse(name))];
            await plan.RunAsync(result, store, opened, _ => Task.FromResult(EnvironmentPlan.Without(opened, projects, result.GetValue(force))), null, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
