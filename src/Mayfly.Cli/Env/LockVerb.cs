using System.CommandLine;
using System.Text;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Python.Universal;
using Mayfly.Terminal;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env lock</c></summary>
internal static class LockVerb
{
    public static Command Create()
    {
        var file = new Option<string>("--output", "-o") { Description = "The file to write", HelpName = "FILE", DefaultValueFactory = static _ => LockFiles.Usual };
        var python = new Option<string?>("--python", "-p") { Description = "The interpreter that it is for; that of the environment in effect unless given, else the host's", HelpName = "PYTHON" };
        var upgrade = new Option<bool>("--upgrade", "-U") { Description = "Take the newest of everything, and not what the file has already" };
        var command = new ExampledCommand("lock", "Choose exact versions for what a project needs, and write them down", "mayfly env lock", "mayfly env lock -r requirements.txt --upgrade", "mayfly env lock --universal") { file, python, upgrade };
        var wide = UniversalOptions.AddTo(command);
        var requirements = RequirementOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (store, path) = (Store.Open(), result.GetValue(file)!);
            var interpreter = result.GetValue(python) is null && EnvironmentPlaces.OfHost().FindCurrent() is { } active ? VirtualEnvironment.Open(active, store).Interpreter : InterpreterSearch.OfHost(store).Find(result.GetValue(python));
            string[] usual = [.. requirements.IsEmpty(result) ? RequirementFiles.Usual(Directory.GetCurrentDirectory()) : []];
            if (usual is [] && requirements.IsEmpty(result))
                throw new MayflyException("nothing is named to lock, and there is neither a pyproject.toml with a project nor a requirements.txt here", "name a file with -r, or packages");
            var before = LockFiles.Find(path);
            var (wanted, overrides, kept) = (requirements.Read(result, null, usual), new PythonSources { Overrides = requirements.Overrides(result), Bound = requirements.Bound(result), Known = before?.Origins(Path.GetFileName(path)) ?? new Dictionary<ProjectName, KnownOrigin>() }, result.GetValue(upgrade) ? null : before);
            var environments = wide.Read(result, wanted, interpreter, before, stays: result.GetValue(python) is null);
            var made = await Screen.ShowAsync(async progress =>
            {
                using var held = store.LockShared(progress, cancellationToken);
                if (environments is null)
                    interpreter.Target.Require(wanted);
                var named = await DirectNames.FindAsync(store, wanted, interpreter.Target, sources => new SourceBuilder(store, interpreter, sources, progress), progress, null, cancellationToken);
                return environments is var (pythons, platforms)
                    ? await UniversalResolution.ResolveAsync(store, new UniversalRequest { Requirements = named, Pythons = pythons, Platforms = platforms, Usual = overrides, Before = kept }, progress, null, new SourceBuilder(store, interpreter, PythonRequirements.Of(named, overrides, interpreter.Target).Sources, progress), cancellationToken)
                    : await OfOneAsync(store, named, overrides, kept, interpreter, progress, cancellationToken);
            });
            var text = (made with { Folder = Path.GetDirectoryName(Path.GetFullPath(path)) }).ToString();
            if (!File.Exists(path) || File.ReadAllText(path) != text)
                OutputFile.Write(path, Encoding.UTF8.GetBytes(text));
            var changes = LockDifference.Of(before, made);
            foreach (var change in changes)
                result.InvocationConfiguration.Output.WriteLine(change);
            result.InvocationConfiguration.Output.WriteLine($"{path}: {Counted.Of(made.Packages.Count, "package")} for Python {(environments is var (versions, systems) ? $"{versions} on {string.Join(", ", systems)}" : interpreter.Target.Markers.PythonVersion)}{(changes.Count == 0 ? ", as before" : "")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<Pylock> OfOneAsync(Store store, RequirementsFile wanted, PythonSources usual, Pylock? before, Interpreter interpreter, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var asked = PythonRequirements.Of(wanted, usual with
        {
            Preferred = (before?.Packages ?? []).Where(static one => one.Version is not null).OrderByDescending(one => one.Marker?.Holds(interpreter.Target.Markers) ?? true)
                .GroupBy(static one => one.Name).ToDictionary(static group => group.Key, static group => (IReadOnlyList<PythonVersion>)[.. group.Select(static one => one.Version!)]),
        }, interpreter.Target);
        var chosen = await PythonResolution.ResolveAsync(store, asked.Wanted, interpreter.Target, asked.Sources, progress, null, cancellationToken, new SourceBuilder(store, interpreter, asked.Sources, progress));
        // What sources are built with is locked too, and known when they were built.
        var built = chosen.Where(static one => one.IsSource && one.Direct is not { IsFolder: true }).ToArray();
        var with = DistributionFetch.Locked(built, await DistributionFetch.WheelsAsync(store, built, asked.Sources, new SourceBuilder(store, interpreter, asked.Sources, progress), progress, null, cancellationToken)).ToDictionary(static one => one.Project);
        chosen = [.. chosen.Select(one => with.GetValueOrDefault(one.Project) ?? one)];
        // A lock without digests would lock nothing: what an index does not say of a file, the file itself says.
        var silent = chosen.Where(static one => one.Direct is null && one.File is { } wheel && !wheel.Hashes.ContainsKey("sha256")).ToArray();
        var fetched = await PythonDownload.AllAsync(store, [.. silent.Select(static one => one.File!)], asked.Sources.Access, progress, null, cancellationToken);
        var digests = silent.Zip(fetched).ToDictionary(static pair => pair.First.Project, static pair => pair.Second.Sha256);
        return Pylock.Of([.. chosen.Select(one => digests.TryGetValue(one.Project, out var digest) ? one with { File = one.File! with { Hashes = new Dictionary<string, string> { ["sha256"] = digest } } } : one)], interpreter.Target);
    }
}
