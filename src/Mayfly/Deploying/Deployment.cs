using Mayfly.Machines;
using Mayfly.Planning;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>
/// Runs a plan's instances into life. What is live stays untouched until everything has been tried: at first the new
/// instances are on trial; when something is live already, a rehearsal on copies comes before.
/// </summary>
internal sealed class Deployment(StackSpec spec, Stack stack, IProvider provider, ImageBuild images, IProgress<Activity> progress)
{
    private const string Live = "live";

    public async Task RunAsync(Plan plan, CancellationToken cancellationToken)
    {
        // Only a commit takes the ports; but to find out then would have cost a rehearsal, and what has data a restart.
        await provider.RequirePortsAsync(spec.Name, plan.Published, cancellationToken);
        if (!plan.Rehearsal)
        {
            await BeginAsync(plan, cancellationToken);
            return;
        }

        await TryAsync(plan.Generation, cancellationToken);
        // The rehearsal is taken down while its successor goes live: neither waits for the other.
        var ended = EndRehearsalAsync(plan.Generation);
        try
        {
            await SwitchAsync(plan, cancellationToken);
        }
        finally
        {
            await ended;
        }
    }

    /// <summary>Starts everything beside what is live, on copies of its volumes, and tests it there; then all of it is taken down.</summary>
    public async Task RehearseAsync(Generation generation, CancellationToken cancellationToken)
    {
        await TryAsync(generation, cancellationToken);
        await EndRehearsalAsync(generation);
    }

    private static string ViewOf(Generation generation) => $"rehearsal-{generation.Number}";

    private Task EndRehearsalAsync(Generation generation) => provider.EndViewAsync(spec.Name, ViewOf(generation), CancellationToken.None);

    /// <summary>The rehearsal goes on running when the tests have passed.</summary>
    private async Task TryAsync(Generation generation, CancellationToken cancellationToken)
    {
        var view = ViewOf(generation);
        await provider.EndViewAsync(spec.Name, view, cancellationToken);
        try
        {
            progress.Report(new Activity("rehearse", "copying volumes"));
            await provider.CopyVolumesAsync(spec.Name, view, cancellationToken);
            var started = await StartAllAsync(generation.Instances, view, cancellationToken);
            await StackTests.RunAsync(spec, stack.Tests, provider, started, progress, cancellationToken);
            progress.Report(new Activity("rehearse", Counted.Of(started.Count, "instance")) { Ended = true });
        }
        catch
        {
            await EndRehearsalAsync(generation);
            throw;
        }
    }

    /// <summary>The first start: on trial until the tests have passed.</summary>
    private async Task BeginAsync(Plan plan, CancellationToken cancellationToken)
    {
        // Nothing is started for a build that fails.
        await images.WaitAsync();
        try
        {
            var started = await StartAllAsync(plan.Generation.Instances, Live, cancellationToken);
            await StackTests.RunAsync(spec, stack.Tests, provider, started, progress, cancellationToken);
            await provider.CommitAsync(plan.Generation, [.. started.Select(instance => instance.Id)], cancellationToken);
        }
        catch
        {
            // Nothing was live before: nothing may be left. What is in the volumes stays, for it may be of an earlier life.
            await provider.RemoveAsync(spec.Name, volumes: false, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Replaces what changed, in the order of starting; what did not change is left alone.</summary>
    private async Task SwitchAsync(Plan plan, CancellationToken cancellationToken)
    {
        var changed = plan.Instances.Where(change => change.Kind is ChangeKind.Start or ChangeKind.Replace).ToList();
        var kept = plan.Instances.Where(change => change.Kind == ChangeKind.Keep).Select(change => change.Current!).ToList();
        var trial = new List<InstanceState>();
        try
        {
            foreach (var component in spec.Components)
            {
                var replaced = changed.Where(change => change.Component == component.Name).ToList();
                if (replaced.Count == 0)
                    continue;
                // Two writers would ruin a volume: the old one ends before the new one begins.
                if (component.HasData)
                {
                    foreach (var change in replaced.Where(change => change.Current is not null))
                        await provider.StopAsync(change.Current!.Id, TimeSpan.Zero, cancellationToken);
                }

                var started = await StartComponentAsync(component, [.. replaced.Select(change => change.Wanted!)], Live, cancellationToken);
                trial.AddRange(started);
                // Those that come next use the new ones; after the last one the commit below gives all their names.
                if (trial.Count < changed.Count)
                    await provider.SetNamesAsync(spec.Name, Live, Ids(kept.Concat(trial).Concat(StillServing(plan, trial))), cancellationToken);
            }

            await provider.CommitAsync(plan.Generation, Ids(kept.Concat(trial)), cancellationToken);
        }
        catch
        {
            foreach (var instance in trial)
                await provider.StopAsync(instance.Id, TimeSpan.Zero, CancellationToken.None);
            // The generation that was live is committed again: what of it was stopped comes back, and so do its names.
            if (await provider.ReadGenerationAsync(spec.Name, CancellationToken.None) is { } previous)
                await provider.CommitAsync(previous, [.. plan.Instances.Where(change => change.Current is not null).Select(change => change.Current!.Id)], CancellationToken.None);
            throw;
        }
    }

    /// <summary>Old replicas of components whose turn has not come yet.</summary>
    private static IEnumerable<InstanceState> StillServing(Plan plan, List<InstanceState> trial)
        => plan.Instances.Where(change => change.Kind == ChangeKind.Replace && trial.All(state => state.Spec.Component != change.Component)).Select(change => change.Current!);

    /// <summary>Starts components side by side, each as soon as its image is there and all that it uses is healthy.</summary>
    private async Task<IReadOnlyList<InstanceState>> StartAllAsync(IReadOnlyList<InstanceSpec> instances, string view, CancellationToken cancellationToken)
    {
        var started = new List<InstanceState>();
        using var naming = new SemaphoreSlim(1);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var starting = new Dictionary<string, Task>(StringComparer.Ordinal);
        foreach (var component in spec.Components)
            starting[component.Name] = StartAsync(component, [.. component.Uses.Select(used => starting[used])]);
        try
        {
            await Task.WhenAll(starting.Values);
        }
        catch
        {
            // The first real failure is the story; the others were only told to stop.
            var real = starting.Values.Where(task => task.IsFaulted).SelectMany(task => task.Exception!.InnerExceptions).FirstOrDefault(e => e is not OperationCanceledException);
            if (real is not null)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(real);
            throw;
        }

        return started;

        async Task StartAsync(ComponentSpec component, IReadOnlyList<Task> used)
        {
            try
            {
                await images.Of(component.Name);
                await Task.WhenAll(used);
                var states = await StartComponentAsync(component, [.. instances.Where(instance => instance.Component == component.Name)], view, failed.Token);
                await naming.WaitAsync(failed.Token);
                try
                {
                    started.AddRange(states);
                    await provider.SetNamesAsync(spec.Name, view, Ids(started), failed.Token);
                }
                finally
                {
                    naming.Release();
                }
            }
            catch
            {
                await failed.CancelAsync();
                throw;
            }
        }
    }

    private async Task<IReadOnlyList<InstanceState>> StartComponentAsync(ComponentSpec component, IReadOnlyList<InstanceSpec> instances, string view, CancellationToken cancellationToken)
    {
        if (!component.HasData)
            await MigrateAsync(component, command => provider.RunAsync(instances[0] with { Command = command, Prepare = [] }, MachineOf(instances[0]), view, cancellationToken));
        var started = await Task.WhenAll(instances.Select(instance => provider.StartAsync(instance, MachineOf(instance), view, progress, cancellationToken)));
        // What owns data migrates from within: a second instance would be a second writer.
        if (component.HasData)
            await MigrateAsync(component, command => provider.ExecAsync(started[0].Id, command, cancellationToken));
        return started;
    }

    private async Task MigrateAsync(ComponentSpec component, Func<IReadOnlyList<string>, Task<CommandResult>> run)
    {
        foreach (var command in component.Migrations)
        {
            var name = $"migrate {component.Name}";
            progress.Report(new Activity(name, CommandLine.Join(command)));
            var result = await run(command);
            if (result.ExitCode != 0)
            {
                throw new MayflyException(
                    $"the migration `{CommandLine.Join(command)}` of {component.Name} ended with exit code {result.ExitCode}:\n{result.Output.TrimEnd()}",
                    "what was live is untouched; mend the migration and run `mayfly up` again");
            }

            progress.Report(new Activity(name, CommandLine.Join(command)) { Ended = true });
        }
    }

    private MachineSpec MachineOf(InstanceSpec instance) => spec.Machines.First(machine => machine.Name == instance.Machine);

    private static IReadOnlyList<string> Ids(IEnumerable<InstanceState> instances) => [.. instances.Select(instance => instance.Id)];
}
