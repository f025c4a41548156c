using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

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
        var placement = PlacementOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var placed = placement.Read(result);
            var store = Store.Open();
            var opened = environment.Open(result, store);
            var read = LockFiles.Read(result.GetValue(file)!);
            // Folders are named by a file of one's own, as in a requirements file.
            var permitted = BuildOption.Read(result, builds).And(new BuildPermission { Addresses = read.Packages.Select(static one => one.Direct?.Direct).OfType<DirectReference>().Where(static one => one.IsFolder).Select(static one => one.Text).ToHashSet() });
            await PlanText.RunAsync(store, opened, async progress =>
            {
                var chosen = await Task.Run(() => read.For(opened.Interpreter.Target, result.GetValue(file)!, LockFiles.VersionOf(store, opened.Interpreter, progress, cancellationToken)), cancellationToken);
                // What a folder is built with is nowhere locked.
                return EnvironmentPlan.Exactly(opened, chosen) with { Sources = PythonRequirements.Of(PipConfiguration.OfHost(opened.Root).Options, new PythonSources { Builds = permitted }, opened.Interpreter.Target).Sources };
            }, result.GetValue(dry), placed, result.InvocationConfiguration.Output, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
