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
        var (builds, settings) = (BuildOption.Create(), BuildOption.Settings());
        var command = new ExampledCommand("sync", "Make an environment exactly what the lock says: what is not in it goes", "mayfly env sync --env shop --lock pylock.toml") { environment, file, builds, settings };
        var (network, plan) = (NetworkOptions.AddTo(command), PlanOptions.AddTo(command));
        var placement = PlacementOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var placed = placement.Read(result);
            var store = Store.Open();
            var opened = environment.Open(result, store);
            var read = LockFiles.Read(result.GetValue(file)!);
            // Folders are named by a file of one's own, as in a requirements file.
            var permitted = BuildOption.Read(result, builds).And(new BuildPermission { Addresses = read.Packages.Select(static one => one.Direct?.Direct).OfType<DirectReference>().Where(static one => one.IsFolder).Select(static one => one.Text).ToHashSet() });
            var asked = PipConfiguration.OfHost(opened.Root).Options.And(new RequirementsFile { Access = network.Read(result), Settings = BuildOption.ReadSettings(result, settings) });
            await plan.RunAsync(result, store, opened, async progress =>
            {
                var chosen = await Task.Run(() => read.For(opened.Interpreter.Target, result.GetValue(file)!, LockFiles.VersionOf(store, opened.Interpreter, progress, cancellationToken)), cancellationToken);
                // What a folder is built with is nowhere locked.
                return EnvironmentPlan.Exactly(opened, chosen) with { Sources = PythonRequirements.Of(asked, new PythonSources { Builds = permitted }, opened.Interpreter.Target).Sources };
            }, placed, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
