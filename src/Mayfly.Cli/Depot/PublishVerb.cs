using System.CommandLine;
using System.Globalization;
using System.Text;
using Mayfly.Cli.Env;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Terminal;

namespace Mayfly.Cli.Depot;

/// <summary><c>mayfly depot publish</c></summary>
internal static class PublishVerb
{
    public static Command Create(Option<string?> key)
    {
        var named = new Argument<string>("LOCK") { Description = "A stack's folder, a stack.lock, a pylock.toml, or a requirements file with digests" };
        var to = new Option<string>("--to") { Description = "The depot's folder; made when missing", HelpName = "FOLDER", Required = true };
        var address = new Option<string?>("--address") { Description = "Where apt and pip find it, for depot.sources; the folder itself unless named", HelpName = "URL" };
        var test = new Option<string[]>("--test") { Description = "A command that must succeed in an environment of the wheels; their modules are imported unless one is given", HelpName = "COMMAND" };
        var limit = new Option<string>("--test-timeout") { Description = "How long each test may take, such as 90s or 2h; 0 for no limit", HelpName = "TIME", DefaultValueFactory = static _ => "10m" };
        var python = new Option<string?>("--python", "-p") { Description = "The interpreter that tries the wheels; one that the lock is for unless given", HelpName = "PYTHON" };
        var policy = new Option<string?>("--policy") { Description = "The stack.cs whose licence policy is asked for a pylock.toml; the one beside it unless given", HelpName = "STACK" };
        var builds = BuildOption.Create();
        var command = new ExampledCommand("publish", "Add a lock, its packages and its wheels to a depot",
            "mayfly depot publish examples/shop --to /srv/depot", "mayfly depot publish pylock.toml --to /srv/depot --test 'python -m unittest'") { named, to, key, address, test, limit, python, policy, builds };
        command.SetAction(async (result, cancellationToken) =>
        {
            var within = TimeLimit.Parse(result.GetValue(limit)!, limit.Name);
            var asked = PublishedLock.Of(result.GetValue(named)!);
            var signer = DepotVerb.Signer(result.GetValue(key));
            var (depot, store) = (new DepotFolder(result.GetValue(to)!), Store.Open());
            return asked.Kind == LockKind.Stack ? await StackAsync() : await PythonAsync();

            async Task<int> StackAsync()
            {
                var text = await File.ReadAllBytesAsync(asked.Path, cancellationToken);
                var locked = LockFile.Read(asked.Path)!;
                if (await StackPolicy.JudgeAsync(asked.Path, locked.Environments.Count > 0, cancellationToken) is var refused and not ExitCode.Done)
                    return refused;
                using var held = store.LockShared(new PlainProgress(Console.Error), cancellationToken);
                var (published, wheels) = await Screen.ShowAsync(async progress =>
                {
                    var sets = await WheelSet.OfStackAsync(store, locked, Path.GetDirectoryName(Path.GetFullPath(asked.Path))!, result.GetValue(python), progress, cancellationToken);
                    var wheels = await TriedAsync(sets, progress);
                    return (await Publication().RunAsync(asked.Name, text, result.GetValue(address), wheels, progress, cancellationToken), wheels);
                });
                var packages = $"{Counted.Of(locked.Packages.Count, "package")}{(wheels.Count == 0 ? "" : $" and {Counted.Of(wheels.Count, "wheel")}")}";
                Tell(published.Changed
                    ? $"published {asked.Name}: {packages}, {DepotVerb.Megabytes(locked.Packages.Sum(static package => package.Size) + SizeOf(wheels))}, in {string.Join(", ", published.Suites)}"
                    : $"{depot.Root} has {asked.Name} already: {packages}", published, wheels);
                return ExitCode.Done;
            }

            async Task<int> PythonAsync()
            {
                using var held = store.LockShared(new PlainProgress(Console.Error), cancellationToken);
                var (text, sets) = await Screen.ShowAsync(progress => PythonSetsAsync(progress));
                if (Script(asked, result.GetValue(policy)) is { } script && await StackPolicy.JudgeAsync(script, store, sets.SelectMany(static set => set.Files), cancellationToken) is var refused and not ExitCode.Done)
                    return refused;
                var (published, wheels) = await Screen.ShowAsync(async progress =>
                {
                    var wheels = await TriedAsync(sets, progress);
                    return (await Publication().RunPythonAsync(asked.Name, text, result.GetValue(address), wheels, progress, cancellationToken), wheels);
                });
                Tell(published.Changed ? $"published {asked.Name}: {Counted.Of(wheels.Count, "wheel")}, {DepotVerb.Megabytes(SizeOf(wheels))}, tried together with {sets[0].Interpreter.Name}"
                    : $"{depot.Root} has {asked.Name} already: {Counted.Of(wheels.Count, "wheel")}", published, wheels);
                return ExitCode.Done;
            }

            // A requirements file with digests says which files, and an index where they are; what follows from both is a pylock.
            async Task<(byte[] Text, IReadOnlyList<WheelSet> Sets)> PythonSetsAsync(IProgress<Activity> progress)
            {
                var options = PipConfiguration.OfHost().Options.And(new RequirementsFile { Builds = BuildOption.Read(result, builds) });
                if (asked.Kind == LockKind.Python)
                {
                    var pylock = LockFiles.Read(asked.Path);
                    var interpreter = WheelSet.InterpreterFor(store, asked.Path, result.GetValue(python), pylock);
                    return (await File.ReadAllBytesAsync(asked.Path, cancellationToken), [await WheelSet.OfPylockAsync(store, asked.Path, pylock, interpreter, options, progress, cancellationToken)]);
                }

                var host = InterpreterSearch.OfHost(store).Find(result.GetValue(python));
                var (wanted, sources) = PythonRequirements.Of(options.And(RequirementFiles.Read(asked.Path, PythonRequirements.AccessOf(options))), new PythonSources(), host.Target);
                if (!sources.RequireDigests)
                    throw new MayflyException($"{asked.Path} is no lock: its lines have no --hash", $"mayfly env lock -r {asked.Path} writes a pylock.toml, which can be published; or write the digests: mayfly env export");
                var chosen = await PythonResolution.ResolveAsync(store, wanted, host.Target, sources, progress, null, cancellationToken, new SourceBuilder(store, host, sources, progress));
                var made = Pylock.Of(chosen, host.Target);
                return (Encoding.UTF8.GetBytes(made.ToString()), [await WheelSet.OfPylockAsync(store, asked.Path, made, host, options.And(RequirementFiles.Read(asked.Path, PythonRequirements.AccessOf(options)) with { Entries = [] }), progress, cancellationToken)]);
            }

            async Task<IReadOnlyList<PublishedWheel>> TriedAsync(IReadOnlyList<WheelSet> sets, IProgress<Activity> progress)
            {
                foreach (var set in sets)
                    await new EnvironmentTrial(store, set.Interpreter, set.Name, within).RunAsync(set.Files, result.GetValue(test) ?? [], progress, cancellationToken);
                PublishedWheel[] all = [.. sets.SelectMany(static set => set.Wheels).DistinctBy(static wheel => (wheel.File, wheel.Sha256))];
                var licences = WheelLicences.Read(store, [.. all.Select(static wheel => new LockedWheel { File = wheel.File, Sha256 = wheel.Sha256, Size = 1, Index = "" }.AsPackage())]);
                return [.. all.Zip(licences, static (wheel, read) => wheel with { Licence = read.Licence?.Spdx })];
            }

            Publication Publication()
            {
                var configuration = DebianConfiguration.Read();
                return new Publication(depot, store, signer, [.. configuration.Keys, .. configuration.DepotKeys], DepotVerb.Sources);
            }

            long SizeOf(IReadOnlyList<PublishedWheel> wheels) => wheels.Sum(wheel => new FileInfo(store.PathOf(StoreArea.Artifacts, wheel.Sha256)).Length);

            void Tell(string first, Publication.Result published, IReadOnlyList<PublishedWheel> wheels)
            {
                var output = result.InvocationConfiguration.Output;
                output.WriteLine(first);
                if (published.FromPackages > 0)
                    output.WriteLine($"note: {published.FromPackages} of them are in no index that the store has read, so Priority and Section are the packages' own");
                foreach (var wheel in wheels.Where(static wheel => wheel.Origin is not null))
                    output.WriteLine($"built {wheel.File} from {wheel.Origin!.Sources.File} with {(wheel.Origin.With.Count == 0 ? "nothing else" : string.Join(", ", wheel.Origin.With.Select(static one => one.File)))}");
                foreach (var wheel in wheels.Where(static wheel => wheel.Yanked is not null))
                    output.WriteLine($"note: {wheel.File} was withdrawn by its project{(wheel.Yanked!.Length > 0 ? $" ({wheel.Yanked})" : "")}, and is published as withdrawn");
                if (wheels.Count(static wheel => !wheel.WasAsked) is > 0 and var silent)
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"note: of {silent} of the wheels no index could be asked whether they were withdrawn"));
                output.WriteLine($"signed with {signer.Fingerprint}");
                if (published.Suites.Count > 0)
                    output.WriteLine($"for apt: copy {depot.Root}/depot.sources to /etc/apt/sources.list.d/");
                if (wheels.Count > 0)
                    output.WriteLine($"for pip: --index-url {(result.GetValue(address) is { } place ? place.TrimEnd('/') : $"file://{depot.Root}")}/simple/");
                output.WriteLine($"for Mayfly: {depot.Root}/depot.asc is the key for [depot] keys");
            }
        });
        return command;
    }

    /// <summary>The script whose policy counts; null where there is none.</summary>
    private static string? Script(PublishedLock asked, string? named)
    {
        if (named is null)
            return Path.Combine(Path.GetDirectoryName(Path.GetFullPath(asked.Path))!, StackScript.FileName) is var beside && File.Exists(beside) ? beside : null;
        return StackScript.Find([named], out _);
    }
}
