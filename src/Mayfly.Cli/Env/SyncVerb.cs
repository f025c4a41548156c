using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env sync</c></summary>
internal static class SyncVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var file = new Option<string>("--lock") { Description = "What it shall have", HelpName = "FILE", DefaultValueFactory = static _ => LockFiles.Usual };
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would change" };
        var builds = BuildOption.Create();
        var command = new ExampledCommand("sync", "Make an environment exactly what the lock says: what is not in it goes", "mayfly env sync --env shop --lock pylock.toml") { environment, file, dry, builds };
        command.SetAction(async (result, cancellationToken) =>
        {
            var store = Store.Open();
            var opened = environment.Open(result, store);
            var chosen = LockFiles.Read(result.GetValue(file)!).For(opened.Interpreter.Target, result.GetValue(file)!);
            await PlanText.RunAsync(store, opened, _ => Task.FromResult(EnvironmentPlan.Exactly(opened, chosen, builds: BuildOption.Read(result, builds))), result.GetValue(dry), result.InvocationConfiguration.Output, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
