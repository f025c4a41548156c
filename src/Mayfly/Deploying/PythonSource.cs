using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Spec;
using SourceBuilder = Mayfly.Environments.SourceBuilder;

namespace Mayfly.Deploying;

/// <summary>Where the Python packages of a stack's images come from: chosen for the interpreters that its lock has, from the indexes that pip is configured to use on this machine.</summary>
/// <param name="spec">The stack.</param>
/// <param name="store">Gets them.</param>
/// <param name="bring">Brings a lock's Debian packages, in which sources are built.</param>
internal sealed class PythonSource(StackSpec spec, Store store, Func<StackLock, IProgress<Activity>, CancellationToken, Task> bring)
{
    private IEnumerable<EnvironmentRequest> Requests => spec.Components.SelectMany(static component => component.Environments);

    /// <summary>The lock with the environments that the components want; those that it answers already are not asked for again.</summary>
    /// <param name="made">The lock, whose Debian packages hold.</param>
    /// <param name="before">What was locked before, which stays as far as it can.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The lock, and why something had to be chosen; null when nothing had.</returns>
    public async Task<(StackLock Lock, string? Reason)> LockAsync(StackLock made, StackLock? before, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var environments = new List<LockedEnvironment>();
        string? reason = null;
        foreach (var request in Requests)
        {
            var (requested, python) = (request.Read(), ImagePython.Of(made, request.Set));
            if (EnvironmentChoice.Find(store, before, request, requested, python, PackagesOf(made, request)) is { } holds)
            {
                environments.Add(holds);
                continue;
            }

            var old = Find(before, request);
            reason ??= old is null ? $"the Python packages of {request.Set} at {request.Into} are not locked"
                : old.Wheels.FirstOrDefault(wheel => !new OwnDistributions(store, spec.Folder).IsAsLocked(wheel)) is { } own ? $"{own.From}, of which {request.Set} has {own.ReadName().Project}, has changed"
                : old.Interpreter != python.ToString() ? $"the interpreter of {request.Set} has changed"
                : $"the Python packages that {request.Set} asks for have changed";
            environments.Add(await ChooseAsync(made, request, requested, python, old?.Wheels ?? [], progress, cancellationToken));
        }

        if (environments.Count < (before?.Environments.Count ?? 0))
            reason ??= "the environments of Python packages have changed";
        return (made with { Environments = environments }, reason);
    }

    /// <summary>The lock with newer wheels.</summary>
    /// <param name="made">The lock, whose Debian packages hold.</param>
    /// <param name="before">What was locked before.</param>
    /// <param name="stays">Tells of those that keep their versions.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<StackLock> UpdateAsync(StackLock made, StackLock before, Func<LockedPackage, bool> stays, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var environments = new List<LockedEnvironment>();
        foreach (var request in Requests)
        {
            LockedWheel[] kept = [.. (Find(before, request)?.Wheels ?? []).Where(wheel => stays(wheel.AsPackage()))];
            environments.Add(await ChooseAsync(made, request, request.Read(), ImagePython.Of(made, request.Set), kept, progress, cancellationToken));
        }

        return made with { Environments = environments };
    }

    /// <summary>Brings all wheels of the lock into the store; without a missing one nothing is asked. Those that have sources in it are built when everything else is there.</summary>
    public async Task FetchAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var builds = new List<Func<Task>>();
        foreach (var environment in stackLock.Environments.Where(environment => environment.Wheels.Any(wheel => !WheelFetch.IsThere(store, wheel))))
        {
            var request = Requests.FirstOrDefault(request => request.Set == environment.Set && request.Into == environment.Into);
            var requested = request?.Read();
            var named = requested?.Requirements ?? new RequirementsFile();
            var own = new OwnDistributions(store, spec.Folder);
            var permission = (request?.Builds ?? BuildPermission.None).And(own.PermissionOf(named, environment.Wheels));
            // Only where things come from: what they are the lock says.
            var sources = PythonRequirements.Of(Usual().And(named with { Entries = [] }), new PythonSources { Builds = permission }, ImagePython.Of(stackLock, environment.Set).Target).Sources;
            await own.BringAsync(environment.Wheels.Where(wheel => !WheelFetch.IsThere(store, wheel)), requested?.Addresses, progress, cancellationToken);
            await WheelFetch.AllAsync(store, sources, environment.Wheels, requested?.Addresses, progress, cancellationToken);
            // What cannot be installed is to be told before anything is built.
            UnpackedWheel.Of(store, environment with { Wheels = [.. environment.Wheels.Where(static wheel => wheel.Source is null)] }, cancellationToken: cancellationToken);
            builds.Add(async () =>
            {
                await LockedBuilds.AllAsync(store, environment.Wheels, permission, BuilderIn(stackLock, environment.Set, progress)(sources), cancellationToken);
                UnpackedWheel.Of(store, environment, cancellationToken: cancellationToken);
            });
        }

        foreach (var build in builds)
            await build();
    }

    private Task<LockedEnvironment> ChooseAsync(StackLock made, EnvironmentRequest request, RequestedDistributions requested, ImagePython python, IReadOnlyList<LockedWheel> stays, IProgress<Activity> progress, CancellationToken cancellationToken) =>
        EnvironmentChoice.ChooseAsync(store, request, requested, python, PackagesOf(made, request), Usual(), stays, BuilderIn(made, request.Set, progress), progress, cancellationToken);

    private static Lazy<string> PackagesOf(StackLock made, EnvironmentRequest request) => new(() => BuildPackages.DigestOf(made, request.Set));

    /// <summary>Builds in the image of a component, whose packages are made only when something is built.</summary>
    private Func<PythonSources, ISourceBuilder> BuilderIn(StackLock stackLock, string set, IProgress<Activity> progress) =>
        sources => new SourceBuilder(store, new ImageBuildPlace(store, stackLock, spec[set].Recipe, cancellationToken => bring(stackLock, progress, cancellationToken), progress), sources, progress);

    private static LockedEnvironment? Find(StackLock? stackLock, EnvironmentRequest request) => stackLock?.Environments.FirstOrDefault(one => one.Set == request.Set && one.Into == request.Into);

    /// <summary>What pip is told on this machine, its own default included: as for an environment that is made by hand.</summary>
    private static RequirementsFile Usual()
    {
        var configuration = PipConfiguration.OfHost();
        return configuration.Constraints.Select(Limits).Aggregate(configuration.Options, static (all, limits) => all.And(limits));
    }

    private static RequirementsFile Limits(string path)
    {
        try
        {
            return RequirementsFile.Read(path, File.ReadAllText, Environment.GetEnvironmentVariable).AsConstraints();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path}, which pip's configuration names as constraints, cannot be read: {e.Message}", "name a file that is there, or none: PIP_CONSTRAINT, or constraint in pip.conf", e);
        }
    }
}
