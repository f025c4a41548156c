using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Depot;

/// <summary>Wheels that are tried together and published together; the store has them.</summary>
/// <param name="Name">What they are called in messages.</param>
/// <param name="Interpreter">What tries them.</param>
/// <param name="Wheels">All of them.</param>
internal sealed record WheelSet(string Name, Interpreter Interpreter, IReadOnlyList<PublishedWheel> Wheels)
{
    /// <summary>Each file once, for whoever takes files.</summary>
    public IReadOnlyList<(string Name, string Sha256)> Files => [.. Wheels.Select(static wheel => (wheel.File, wheel.Sha256))];

    /// <summary>Those of a stack's environments, fetched from where pip is configured to look; each with an interpreter of this host that is of the image's version.</summary>
    /// <param name="store">Gets them.</param>
    /// <param name="stack">The lock.</param>
    /// <param name="folder">Where it lies, from which its paths are meant.</param>
    /// <param name="python">The interpreter that was named; null to look for one.</param>
    public static async Task<IReadOnlyList<WheelSet>> OfStackAsync(Store store, StackLock stack, string folder, string? python, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var sets = new List<WheelSet>();
        foreach (var environment in stack.Environments.Where(static one => one.Wheels.Count > 0))
        {
            var (name, image) = ($"{environment.Set}'s {environment.Into}", ImagePython.Of(stack, environment.Set));
            var interpreter = InterpreterFor(store, name, python, $"3.{image.Minor}");
            var sources = PythonRequirements.Of(PipConfiguration.OfHost().Options, new PythonSources(), image.Target).Sources;
            // Nobody has what is built but who built it.
            if (environment.Wheels.FirstOrDefault(wheel => wheel.Source is not null && !store.Has(StoreArea.Artifacts, wheel.Sha256)) is { } unbuilt)
                throw new MayflyException($"{unbuilt.File} of {name} is built from {unbuilt.Source!.File} in the image, and this host has not done that yet", "`mayfly up` in the stack's folder does, and so does `mayfly licenses`; then publish");
            await new OwnDistributions(store, folder).BringAsync(environment.Wheels.Where(wheel => wheel.Source is null && !store.Has(StoreArea.Artifacts, wheel.Sha256)), null, progress, cancellationToken);
            await WheelFetch.ArchivesAsync(store, sources, [.. environment.Wheels.Where(static wheel => wheel.Source is null)], progress, cancellationToken);
            var wheels = environment.Wheels.Select(wheel => new PublishedWheel(wheel.File, wheel.Sha256)
            {
                Origin = wheel.Source is { } built ? new WheelOrigin(Input(wheel), $"cpython {image.Version} {image.Machine}", [.. built.With.Select(Input)]) : null,
            }).ToArray();
            sets.Add(new WheelSet(name, interpreter, await AskedAsync(store, sources, wheels, progress, cancellationToken)));
        }

        return sets;
    }

    /// <summary>Those of a <c>pylock.toml</c> for one interpreter; sources among them are built, where that is permitted.</summary>
    /// <param name="store">Gets them.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="pylock">The lock.</param>
    /// <param name="interpreter">For which they are.</param>
    /// <param name="options">Where things come from besides what the lock says, and whose sources may be built.</param>
    public static async Task<WheelSet> OfPylockAsync(Store store, string name, Pylock pylock, Interpreter interpreter, RequirementsFile options, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (pylock.Packages.FirstOrDefault(static one => one.Direct?.Direct is { HasDigest: false }) is { } folder)
            throw new MayflyException($"{name} has {folder.Name} from a {(folder.Direct!.Direct!.IsFolder ? "folder, which may be another one tomorrow" : "repository, of which nobody can say a digest")}", "lock an archive of it, or a version that an index has");
        var chosen = pylock.For(interpreter.Target, name);
        var sources = PythonRequirements.Of(options, new PythonSources(), interpreter.Target).Sources;
        sources = sources with { Bound = chosen.Where(static one => one.Index is not null).DistinctBy(static one => one.Project).ToDictionary(static one => one.Project, static one => one.Index!) };
        var brought = await DistributionFetch.WheelsAsync(store, chosen, sources, new SourceBuilder(store, interpreter, sources, progress), progress, null, cancellationToken);
        var wheels = chosen.Zip(brought, (one, wheel) => new PublishedWheel(wheel.Name, wheel.Sha256) { Origin = OriginOf(one, wheel, interpreter) }).ToArray();
        return new WheelSet(name, interpreter, await AskedAsync(store, sources, wheels, progress, cancellationToken));
    }

    /// <summary>The interpreter that was named, else one that a lock is for.</summary>
    /// <param name="pylock">The lock.</param>
    public static Interpreter InterpreterFor(Store store, string name, string? python, Pylock pylock)
    {
        var search = InterpreterSearch.OfHost(store);
        if (python is not null)
            return search.Find(python);
        return search.All().FirstOrDefault(one => one.Target.Allows(pylock.RequiresPython) && (pylock.Environments.Count == 0 || pylock.Environments.Any(marker => marker.Holds(one.Target.Markers))))
            ?? throw new MayflyException($"{name} is for Python {pylock.RequiresPython}, and no such interpreter is here to try it", None(search));
    }

    private static Interpreter InterpreterFor(Store store, string name, string? python, string version)
    {
        var search = InterpreterSearch.OfHost(store);
        if (python is not null)
            return search.Find(python);
        return search.All().FirstOrDefault(one => one.Target.Markers.PythonVersion == version && one.Target.Markers.ImplementationName == "cpython")
            ?? throw new MayflyException($"the wheels of {name} are for Python {version}, and no such interpreter is here to try them", None(search));
    }

    private static string None(InterpreterSearch search) => search.All() is { Count: > 0 } all
        ? $"publish where there is one, or name another with --python; here {(all.Count == 1 ? "is" : "are")} {string.Join(", ", all.Select(static one => one.Name))}"
        : "publish where there is one (apt-get install python3), or name its path with --python";

    private static WheelOrigin? OriginOf(ChosenDistribution chosen, BuiltWheel wheel, Interpreter interpreter) => !chosen.IsSource ? null
        : new WheelOrigin(Input(chosen), $"{interpreter.Target.Markers.ImplementationName} {interpreter.Target.Markers.PythonFullVersion} {interpreter.Target.Markers.PlatformMachine}", [.. wheel.Requires.Select(Input)]);

    private static WheelInput Input(LockedWheel wheel) => new(Plain(wheel.Fetched.File), wheel.Fetched.Sha256);

    private static WheelInput Input(ChosenDistribution one) => new(Plain(one.File!.Name), one.File.Hashes["sha256"]);

    /// <summary>What is named by where it is may be called anything, and stands in lines.</summary>
    private static string Plain(string name) => string.Concat(name.Select(static c => c is > ' ' and < '\x7f' ? c : '_'));

    /// <summary>With what their indexes say of them today; of what was built, its sources are asked for.</summary>
    private static async Task<IReadOnlyList<PublishedWheel>> AskedAsync(Store store, PythonSources sources, PublishedWheel[] wheels, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var offers = await WheelOffers.AllAsync(store, sources, [.. wheels.Select(static wheel => wheel.Origin is { } origin ? (origin.Sources.File, origin.Sources.Sha256) : (wheel.File, wheel.Sha256))], progress, cancellationToken);
        return [.. wheels.Zip(offers, static (wheel, offer) => offer is null ? wheel : wheel with { WasAsked = true, Yanked = offer.Yanked })];
    }
}
