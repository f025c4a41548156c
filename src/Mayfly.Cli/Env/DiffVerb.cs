using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env diff</c></summary>
internal static class DiffVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var other = new Argument<string?>("OTHER") { Description = "Another environment, or a lock (a file that ends in .toml); without it, the state before the last change", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new ExampledCommand("diff", "Show what an environment has that another one, a lock or its own past has not", "mayfly env diff", "mayfly env diff pylock.toml --env shop") { other, environment, json };
        command.SetAction(result =>
        {
            var store = Store.Open();
            var opened = environment.Read(result, store);
            var before = result.GetValue(other) switch
            {
                null => Versions(opened.InstalledBefore() ?? throw new MayflyException($"{opened.Root} has no state before this one", "name an environment or a lock to compare it with")),
                var file when file.EndsWith(".toml", StringComparison.Ordinal) => LockFiles.Read(file).For(opened.Interpreter.Target, file, LockFiles.VersionOf(store, opened.Interpreter)).ToDictionary(static one => one.Project, static one => one.Version),
                var name => Versions(EnvironmentOption.Read(EnvironmentOption.PathOf(name), store).Installed()),
            };
            ChangeData[] changes = [.. LockDifference.Changes(before, Versions(opened.Installed()))];
            var output = result.InvocationConfiguration.Output;
            if (result.TryTell(json, changes, EnvironmentJson.Default.ChangeDataArray))
                return ExitCode.Done;

            foreach (var change in changes)
                output.WriteLine(change);
            if (changes is [])
                Console.Error.WriteLine("no differences");
            return ExitCode.Done;
        });
        return command;
    }

    private static Dictionary<ProjectName, PythonVersion> Versions(IReadOnlyList<InstalledDistribution> installed) => installed.DistinctBy(static one => one.Project).ToDictionary(static one => one.Project, static one => one.Version);
}
