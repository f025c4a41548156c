using Mayfly.Cli.Env;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Pip;

/// <summary><c>pip install</c> and <c>pip download</c>.</summary>
internal static class PipInstall
{
    /// <summary>True when something is asked for that pip makes itself: what is in a repository; and what is downloaded of folders and addresses.</summary>
    public static bool IsForPip(PipArguments arguments) => arguments.Words.Concat(arguments.All("--editable")).Any(static word => DirectReference.IsVersionControl(word) || (word.IndexOf('@') is > 0 and var at && DirectReference.IsVersionControl(word[(at + 1)..].Trim())))
        || (arguments.Command == "download" && arguments.Words.Exists(static word => IsDirect(word)));

    /// <summary>A folder, a file or an address.</summary>
    private static bool IsDirect(string word) => word.Contains("://", StringComparison.Ordinal) || word.StartsWith('.') || word.Contains('/', StringComparison.Ordinal) || DirectReference.IsArchive(word.Split('[')[0].Split(';')[0].Trim());

    public static async Task<int> RunAsync(PipArguments arguments, VirtualEnvironment environment, Store store, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var wanted = Read(arguments, environment);
        Look(wanted, output);
        return arguments.Has("--dry-run") ? await InstallAsync(wanted, arguments, environment, store, output, error, cancellationToken)
            : await environment.AloneAsync(() => InstallAsync(wanted, arguments, environment, store, output, error, cancellationToken), new Terminal.PlainProgress(Console.Error), cancellationToken);
    }

    private static async Task<int> InstallAsync(RequirementsFile wanted, PipArguments arguments, VirtualEnvironment environment, Store store, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var (before, began) = (PipDistribution.All(environment), DateTime.UtcNow);
        var request = new EnvironmentRequest
        {
            Requirements = wanted,
            Upgrade = arguments.Has("--upgrade"),
            Reinstall = arguments.Has("--force-reinstall"),
            ReinstallNeeds = true,
            WithoutDependencies = arguments.Has("--no-deps"),
            KeepsVersions = true,
        };
        var plan = await ChooseAsync(() => EnvironmentPlan.OfAsync(store, environment.Interpreter, environment.Installed(), request, null, cancellationToken), store, wanted, environment, cancellationToken);
        var files = new Dictionary<ProjectName, (long Bytes, bool WasThere)>();
        var story = new PipStory(plan.Requirements, plan, before, environment) { Files = files };
        foreach (var line in story.Ignored())
            output.WriteLine(line);
        IReadOnlyList<WheelPlan> fetched = [];
        // Whoever has pip keep nothing is told of every file that it is fetched.
        var keeps = !arguments.Has("--no-cache-dir");
        foreach (var one in plan.Install.Select(static one => one.Chosen).Where(one => keeps && !one.IsSource && WasThere(store, one, began)))
            files.Add(one.Project, (LengthOf(store, one.File!.Hashes["sha256"]), true));
        if (!arguments.Has("--dry-run") && plan.Install.Count > 0)
        {
            try
            {
                fetched = await plan.FetchAsync(store, environment.Interpreter, environment.Root, null, cancellationToken);
            }
            catch (MayflyException)
            {
                // As far as pip would have come.
                Tell();
                throw;
            }

            foreach (var (one, wheel) in plan.Install.Zip(fetched).Where(static pair => !pair.First.Chosen.IsSource))
                files.TryAdd(one.Chosen.Project, (LengthOf(store, wheel.Wheel.Sha256), WasThere: false));
        }

        Tell();
        foreach (var (one, extra) in plan.LackingExtras.SelectMany(static one => one.UnknownExtras.Select(extra => (one, extra))))
            error.WriteLine($"WARNING: {one.Project} {one.Version} does not provide the extra '{extra}'");
        foreach (var one in plan.Install.Select(static one => one.Chosen).Where(static one => one.UnreadPython is not null))
            error.WriteLine($"WARNING: Package '{one.Project}' has an invalid Requires-Python: Invalid specifier: '{one.UnreadPython}'");
        if (plan.IsEmpty)
            return ExitCode.Done;
        if (arguments.Has("--dry-run"))
        {
            output.WriteLine($"Would install {string.Join(' ', plan.Install.Select(static one => $"{one.Chosen.Project}-{one.Chosen.Version}").Order(StringComparer.Ordinal))}");
            return ExitCode.Done;
        }

        // pip compiles unless it is told not to; here Python does as it first loads what is installed.
        var compiles = arguments.Options.LastOrDefault(static one => one.Name is "--compile" or "--no-compile").Name == "--compile";
        plan.Change(environment, fetched, null, new Placement { Compiles = compiles }, cancellationToken);
        Preparation.Begin(fetched, environment);
        foreach (var line in story.Changes(PipDistribution.All(environment)))
            output.WriteLine(line);
        return ExitCode.Done;

        void Tell()
        {
            foreach (var line in story.Choices(request.Upgrade && !request.Reinstall, request.WithoutDependencies))
                output.WriteLine(line);
        }
    }

    public static async Task<int> DownloadAsync(PipArguments arguments, VirtualEnvironment environment, Store store, TextWriter output, CancellationToken cancellationToken)
    {
        var wanted = Read(arguments, environment);
        Look(wanted, output);
        var (target, began) = (environment.Interpreter.Target, DateTime.UtcNow);
        var asked = PythonRequirements.Of(wanted, new PythonSources { WithoutDependencies = arguments.Has("--no-deps") }, target);
        var chosen = await ChooseAsync(() => PythonResolution.ResolveAsync(store, asked.Wanted, target, asked.Sources, null, null, cancellationToken), store, wanted, environment, cancellationToken);
        var folder = arguments.Last("--dest") ?? ".";
        Directory.CreateDirectory(folder);
        var missing = chosen.Where(one => !File.Exists(PathOf(one))).ToArray();
        var there = missing.Where(one => !arguments.Has("--no-cache-dir") && WasThere(store, one, began)).Select(static one => one.Project).ToHashSet();
        var fetched = await PythonDownload.AllAsync(store, [.. missing.Select(static one => one.File!)], asked.Sources.Access, null, null, cancellationToken);
        var story = new PipStory(wanted, new EnvironmentPlan { Install = [.. chosen.Select(static one => new PlannedInstall(one, null, IsRequested: false))] }, [], environment)
        {
            Files = missing.Zip(fetched).ToDictionary(static pair => pair.First.Project, pair => (LengthOf(store, pair.Second.Sha256), there.Contains(pair.First.Project))),
        };
        var files = story.Needed(upgrade: false, arguments.Has("--no-deps")).Where(static one => one.Chosen is not null).Select(static one => (one.Line, one.Name, Chosen: one.Chosen!)).ToArray();
        foreach (var (line, _, one) in files)
            output.WriteLine(missing.Contains(one) ? line : $"{line.Split('\n')[0]}\n  File was already downloaded {PathOf(one)}");
        foreach (var line in story.Wheels(files.Select(static one => one.Chosen).Where(missing.Contains)))
            output.WriteLine(line);
        foreach (var (path, digest) in files.Where(one => missing.Contains(one.Chosen)).Select(one => (PathOf(one.Chosen), fetched[Array.IndexOf(missing, one.Chosen)].Sha256)))
        {
            // Beside it first: a name that is there is whole.
            File.Copy(store.PathOf(StoreArea.Artifacts, digest), $"{path}.part", overwrite: true);
            File.Move($"{path}.part", path);
            output.WriteLine($"Saved {PipStory.Shown(path)}");
        }

        output.WriteLine($"Successfully downloaded {string.Join(' ', files.Select(one => arguments.Words.Exists(word => PipDistribution.NameOf(word) == one.Name) ? one.Name : one.Chosen.File!.Name.Split('-')[0]))}");
        return ExitCode.Done;

        string PathOf(ChosenDistribution one) => Path.GetFullPath($"{folder}/{one.File!.Name}");
    }

    /// <summary>True when the store had its file before this command began, which may have fetched it to read its metadata; the kernel's clock for files lags by a tick, of 10 ms at most.</summary>
    private static bool WasThere(Store store, ChosenDistribution one, DateTime began) => one.File is { } file && file.Hashes.GetValueOrDefault("sha256") is { } digest
        && store.PathOf(StoreArea.Artifacts, digest) is var path && File.Exists(path) && File.GetLastWriteTimeUtc(path) < began - TimeSpan.FromMilliseconds(10);

    /// <summary>Bytes of an archive; zero when it is not kept.</summary>
    private static long LengthOf(Store store, string sha256) => store.PathOf(StoreArea.Artifacts, sha256) is var path && File.Exists(path) ? new FileInfo(path).Length : 0;

    public static RequirementsFile ReadFile(string file, NetworkAccess access) => RemoteRequirements.IsAddress(file) || file.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || File.Exists(file) ? RequirementFiles.Read(file, access)
        : throw new PipFailure($"Could not open requirements file: [Errno 2] No such file or directory: '{file}'");

    /// <summary>pip's configuration, then what was typed, then the files.</summary>
    private static RequirementsFile Read(PipArguments arguments, VirtualEnvironment environment)
    {
        if (arguments.Words is [] && !arguments.Has("--requirement") && !arguments.Has("--editable"))
            throw new PipFailure(arguments.All("--find-links").Concat(PipConfiguration.OfHost(environment.Root).Options.FindLinks.Select(static one => one.Place)).ToArray() is { Length: > 0 } links ? $"You must give at least one requirement to {arguments.Command} (maybe you meant \"pip {arguments.Command} {string.Join(' ', links)}\"?)" : $"You must give at least one requirement to {arguments.Command} (see \"pip help {arguments.Command}\")");
        foreach (var word in arguments.Words.Where(static word => (word.StartsWith('.') || word.StartsWith('/')) && !DirectReference.IsArchive(word.Split('[')[0])))
        {
            var path = word.Split('[')[0];
            if (!Directory.Exists(path))
                throw new PipFailure($"Invalid requirement: '{word}'\nHint: It looks like a path. File '{word}' does not exist.");
            if (!File.Exists($"{path}/setup.py") && !File.Exists($"{path}/pyproject.toml"))
                throw new PipFailure($"Directory '{word}' is not installable. Neither 'setup.py' nor 'pyproject.toml' found.");
        }

        foreach (var word in arguments.Words.Where(static word => !IsDirect(word)))
        {
            try
            {
                DependencySpecifier.Parse(word);
            }
            catch (MayflyException)
            {
                // As pip, which finds an operator in ===, ==, ~=, !=, <=, >=, < and >.
                throw new PipFailure($"Invalid requirement: '{word}'{(word.Contains('=', StringComparison.Ordinal) && !word.Contains("==", StringComparison.Ordinal) && word.IndexOfAny(['~', '!', '<', '>']) < 0 ? "\nHint: = is not a valid operator. Did you mean == ?" : "")}");
            }
        }

        RequirementsEntry[] typed = [.. arguments.Words.Select(static word => new RequirementsEntry { File = "", Line = 1, Text = word }), .. arguments.All("--editable").Select(static word => new RequirementsEntry { File = "", Line = 1, Text = word, IsEditable = true })];
        var configuration = PipConfiguration.OfHost(environment.Root, arguments.Command);
        var all = configuration.Options.And(new RequirementsFile
        {
            Entries = typed,
            // pip knows no permission: whoever types the path or the address of something has it built.
            Builds = new BuildPermission { Addresses = DirectNames.Addresses(typed) },
            Index = arguments.Last("--index-url"),
            FurtherIndexes = arguments.All("--extra-index-url"),
            NoIndex = arguments.Has("--no-index"),
            FindLinks = [.. arguments.All("--find-links").Select(static place => ("command line", place))],
            Formats = [.. arguments.Options.Where(static one => one.Name is "--no-binary" or "--only-binary").Select(static one => (one.Name == "--only-binary", one.Value))],
            RequiresHashes = arguments.Has("--require-hashes"),
            PreReleases = arguments.Has("--pre"),
            Access = arguments.Access,
        });
        var access = PythonRequirements.AccessOf(all);
        foreach (var file in arguments.All("--requirement"))
            all = all.And(ReadFile(file, access));
        foreach (var file in configuration.Constraints.Concat(arguments.All("--constraint")))
            all = all.And(ReadFile(file, access).AsConstraints());

        return all;
    }

    private static void Look(RequirementsFile wanted, TextWriter output)
    {
        string[] indexes = wanted.NoIndex ? [] : [.. wanted.Index is { } index && index != PipConfiguration.PublicIndex ? [index] : Array.Empty<string>(), .. wanted.FurtherIndexes];
        if (indexes.Length > 0)
            output.WriteLine($"Looking in indexes: {string.Join(", ", indexes.Select(Login.Shown))}");
        if (wanted.FindLinks.Count > 0)
            output.WriteLine($"Looking in links: {string.Join(", ", wanted.FindLinks.Select(static one => Login.Shown(one.Place)))}");
    }

    /// <summary>A failure in pip's words, where pip has words for it; the story follows.</summary>
    private static async Task<T> ChooseAsync<T>(Func<Task<T>> choose, Store store, RequirementsFile wanted, VirtualEnvironment environment, CancellationToken cancellationToken)
    {
        try
        {
            return await choose();
        }
        catch (UnresolvableException e)
        {
            if (e.Withheld is [var withheld, ..])
                throw new PipFailure($"{withheld} has sources alone that would do, and building them runs its code, for which pip knows no permission") { Hint = $"if you trust it, say the same to mayfly: mayfly env install --env {environment.Root} --allow-build {withheld} …" };
            var target = environment.Interpreter.Target;
            var asked = PythonRequirements.Of(wanted with { Entries = [.. wanted.Entries.Where(static entry => !entry.IsEditable && !IsDirect(entry.Text))] }, new PythonSources(), target);
            foreach (var entry in wanted.Entries.Where(static entry => !entry.IsConstraint && !entry.IsEditable && !IsDirect(entry.Text)))
            {
                var one = DependencySpecifier.Parse(entry.Text);
                var versions = await PythonResolution.VersionsAsync(store, one.Name, target, asked.Sources, cancellationToken);
                if (versions.Any(version => one.Versions.Allows(version, preReleases: true)))
                    continue;
                var text = PipDistribution.TextOf(entry.Text);
                throw new PipFailure($"Could not find a version that satisfies the requirement {text}{PipStory.Place(entry)} (from versions: {(versions.Count == 0 ? "none" : string.Join(", ", versions))})", $"No matching distribution found for {text}{PipStory.Place(entry)}");
            }

            throw new PipFailure([.. e.Message.Split('\n'), "ResolutionImpossible"]);
        }
    }
}
