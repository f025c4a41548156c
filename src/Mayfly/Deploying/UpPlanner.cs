using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Planning;
using Mayfly.Verbs;

namespace Mayfly.Deploying;

/// <summary>
/// Finds out what <c>up</c> has to do, by reading the lock, the store and what runs. Building is part of the way when asked
/// for, since it changes nothing that is live.
/// </summary>
internal sealed class UpPlanner(Workplace place)
{
    /// <summary>Keep the half-built tree of an image in which a script failed.</summary>
    public bool KeepFailed { get; init; }

    /// <summary>Only looks.</summary>
    public async Task<Plan> PlanAsync(IProgress<Activity> progress, CancellationToken cancellationToken)
        => (await PlanAsync(build: false, progress, cancellationToken)).Plan;

    /// <summary>Plans and builds. What the plan does not depend on may still be building when it is there.</summary>
    public Task<(Plan Plan, ImageBuild Images)> PrepareAsync(IProgress<Activity> progress, CancellationToken cancellationToken)
        => PlanAsync(build: true, progress, cancellationToken);

    private async Task<(Plan Plan, ImageBuild Images)> PlanAsync(bool build, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var spec = place.Spec;
        var builder = new ImageBuilder(place.Store) { KeepFailed = KeepFailed, FindOwners = (libraries, cancellation) => place.Packages.OwnersAsync(libraries, progress, cancellation) };
        var locked = await place.Packages.LockAsync(write: build, progress, cancellationToken);
        // The agent is called while the recipes' files are read, for neither needs the other; that it cannot be had is told to the first who asks it.
        var opening = Environment.IsPrivilegedProcess && place.HasProvider(locked.Lock) ? place.OpenAsync(locked.Lock, progress, cancellationToken) : Task.CompletedTask;
        var plans = spec.Components.ToDictionary(component => component.Name, component => builder.Plan(locked.Lock, component.Recipe));
        var layers = plans.ToDictionary(plan => plan.Key, plan => (IReadOnlyList<string>)[.. plan.Value.Layers.Select(layer => layer.Key)]);
        var missing = locked.Lock.Packages.Concat(locked.Lock.Wheels()).Where(package => !Fetch.IsThere(place.Store, package)).ToList();
        var secrets = new SecretFolder(place.Store, spec.Name);
        // A lock made anew has no ids yet, even when an earlier one's images are all there.
        var certain = missing.Count == 0 && plans.Values.All(plan => plan.IsCertain);
        if (build)
        {
            RequireRoot();
            secrets.Ensure(spec.Secrets);
            if (!certain)
                await place.Packages.FetchAsync(locked.Lock, progress, cancellationToken);
            await place.Licences.RequireAsync(locked.Lock, progress, cancellationToken);
            if (!certain)
            {
                var (images, completed) = await builder.BuildAllAsync(locked.Lock, [.. spec.Components.Select(component => component.Recipe)], progress, cancellationToken);
                place.Packages.Write(locked.Lock, completed);
                // The first build may have given an account its number, and with it a layer another key than planned.
                layers = spec.Components.Zip(images).ToDictionary(built => built.First.Name, built => (IReadOnlyList<string>)[.. built.Second.Layers.Select(layer => layer.Key)]);
            }
        }
        else
        {
            place.Licences.RequireOfStore(locked.Lock);
        }

        // What is left to build is the stack's own: its keys are known, so the plan is, and whatever it starts can begin meanwhile.
        var building = build && certain
            ? ImageBuild.Begin(builder, locked.Lock, spec.Components.Where(component => !plans[component.Name].IsBuilt), progress, cancellationToken)
            : ImageBuild.None;
        try
        {
            await opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (await PlanAsync(build, locked, plans, layers, missing, secrets, progress, cancellationToken), building);
        }
        catch
        {
            await building.DisposeAsync();
            throw;
        }
    }

    private async Task<Plan> PlanAsync(bool build, Locked locked, Dictionary<string, ImagePlan> plans, IReadOnlyDictionary<string, IReadOnlyList<string>> layers,
        IReadOnlyList<LockedPackage> missing, SecretFolder secrets, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var spec = place.Spec;
        var wanted = InstancePlanner.Instances(spec, layers, secrets.Fingerprint);
        var (live, running) = await ReadLiveAsync(build, locked, progress, cancellationToken);
        var changes = InstanceChange.Between(wanted, running);
        var generation = InstancePlanner.Generation(spec, wanted, (live?.Number ?? 0) + 1);
        var nothing = live?.Key == generation.Key && changes.All(change => change.Kind == ChangeKind.Keep);
        return new Plan
        {
            Stack = spec.Name,
            Resolve = locked.Reason,
            PackagesToFetch = missing.Count,
            BytesToFetch = missing.Sum(package => package.Size),
            LicencesToJudge = place.Licences.Waiting(locked.Lock),
            Layers = [.. plans.SelectMany(plan => plan.Value.Layers.Select(layer => new LayerChange(plan.Key, layer.Origin, !layer.IsBuilt)))],
            Instances = changes,
            Migrations = [.. Migrating(changes, live is null)],
            Rehearsal = live is not null,
            Tests = [.. place.Stack.Tests.Select(test => test.Name)],
            Published = spec.Published,
            Generation = nothing ? live! : generation,
            Nothing = nothing,
        };
    }

    /// <summary>A plain user may plan, but only root may ask what runs: then everything is planned as if the stack were down.</summary>
    private async Task<(Generation?, IReadOnlyList<InstanceState>)> ReadLiveAsync(bool build, Locked locked, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
            return (null, []);
        // A plan changes nothing: without the tools nothing can be running, and they are not fetched to find that out.
        if (!build && !place.HasProvider(locked.Lock))
            return (null, []);
        var provider = await place.ConnectAsync(locked.Lock, progress, cancellationToken);
        if (build)
        {
            // What another command is changing, or a killed one has left to be put right, must not be planned upon.
            var waiting = provider.BeginAsync(place.Spec.Name, cancellationToken);
            if (await Task.WhenAny(waiting, Task.Delay(500, cancellationToken)) != waiting)
                progress.Report(new Activity("wait", $"another command is changing {place.Spec.Name}"));
            await waiting;
        }

        var live = await provider.ReadGenerationAsync(place.Spec.Name, cancellationToken);
        var running = await provider.ListAsync(place.Spec.Name, cancellationToken);
        return (live, [.. running.Where(instance => instance.View == "live")]);
    }

    private IEnumerable<string> Migrating(IReadOnlyList<InstanceChange> changes, bool first)
        => place.Spec.Components
            .Where(component => first || changes.Any(change => change.Component == component.Name && change.Kind is ChangeKind.Start or ChangeKind.Replace))
            .SelectMany(component => component.Migrations.Select(command => $"{component.Name}: {CommandLine.Join(command)}"));

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("building images and running instances needs root", "run the same command with sudo; lock, plan and graph work without");
    }
}
