using Mayfly.Machines.Local;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Agent;

/// <summary>
/// Everything that runs on this host, and the only writer of it.
/// </summary>
/// <remarks>
/// What it keeps: in the <see cref="Roster"/> the supervised instances and which of them answer for their names in each view, and in the
/// <see cref="GenerationStore"/> what should run. How it changes: by the requests of commands. What should run and what does are brought
/// together by <see cref="ReconcileAsync"/>: when an agent starts (after a reboot, or the death of the one before it) and when
/// a command that had stopped things goes away without a commit.
/// Why no state file of its own: instances carry their labels and marks, and a file could only disagree with them.
/// </remarks>
internal sealed class Supervisor(IInstanceHost host, GenerationStore generations, TimeProvider clock, Action<NameTable> publishNames, SupervisionPolicy? policy = null)
{
    /// <summary>
    /// How long an instance that was replaced goes on serving those who still have its address: the names' TTL, nginx's own second on top,
    /// and what a request takes.
    /// </summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    private const int LinesOfFailure = 20;

    private readonly Lock _gate = new();
    private readonly Roster _roster = new(host, (uint)clock.GetUtcNow().ToUnixTimeSeconds(), publishNames);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly List<Task> _drains = [];
    private readonly List<(string Stack, string View, Task Done)> _removals = [];

    /// <summary>Nothing runs and nothing should.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
                return _roster.IsEmpty && _drains.TrueForAll(drain => drain.IsCompleted) && generations.Stacks().Count == 0;
        }
    }

    /// <summary>Something that a hand-over would cut off.</summary>
    public bool HasTrials => _roster.HasTrials;

    /// <summary>Instances of a stack, without those that were replaced and only serve the last of their clients.</summary>
    public IReadOnlyList<InstanceState> List(string stack) => _roster.Describe(stack);

    public Generation? ReadGeneration(string stack) => generations.Read(stack)?.Generation;

    /// <summary>Takes up what the last agent left, with its names; quick, and before the first query is answered.</summary>
    /// <returns>What was being created or on trial when it ended: nobody waits for that any more.</returns>
    public IReadOnlyList<string> TakeUp()
    {
        List<string> abandoned = [];
        foreach (var found in host.List())
        {
            if (found.Phase == RunPhase.Created || found.Label.Marks.ContainsKey(SupervisedInstance.TrialMark))
            {
                abandoned.Add(found.Id);
                continue;
            }

            var instance = new SupervisedInstance(host, found.Label, SupervisedInstance.StateFrom(found.Label), clock, trial: false);
            _roster.Add(instance);
            Guarded(found.Id, () => _roster.Open(found.Label.Spec.Stack));
            instance.Begin(found);
        }

        foreach (var stack in generations.Stacks())
        {
            Guarded(stack, () =>
            {
                if (generations.Read(stack) is { } current)
                    _roster.SetNamed(stack, NameTable.Live, GenerationMatch.Ids(_roster.Match(current.Generation, current.Instances)));
            });
        }

        _roster.Publish();
        return abandoned;
    }

    /// <summary>Ends what was abandoned and starts what should run and does not.</summary>
    public async Task SettleAsync(IReadOnlyList<string> abandoned, CancellationToken cancellationToken)
    {
        foreach (var id in abandoned)
            await Guarded(id, () => host.DeleteAsync(id, log: true, cancellationToken));
        foreach (var stack in generations.Stacks())
            await Guarded(stack, () => ReconcileAsync(stack, cancellationToken));
    }

    /// <summary>Starts what the stack's generation names and does not run, in its order, and stops what it does not name.</summary>
    public async Task ReconcileAsync(string stack, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (generations.Read(stack) is not { } current)
                return;
            var (generation, ids) = current;
            _roster.Open(stack);
            var matches = _roster.Match(generation, ids);
            _roster.SetNamed(stack, NameTable.Live, GenerationMatch.Ids(matches));
            for (var i = 0; i < matches.Length; i++)
            {
                if (matches[i] is not null)
                    continue;
                var spec = generation.Instances[i];
                var machine = generation.Machines.FirstOrDefault(machine => machine.Name == spec.Machine) ?? new MachineSpec(spec.Machine);
                AgentLog.Write($"{stack}: {spec.Component}-{spec.Replica} should run and does not: starting it");
                var instance = matches[i] = Add(spec, machine, NameTable.Live, trial: false);
                _roster.SetNamed(stack, NameTable.Live, GenerationMatch.Ids(matches));
                instance.Begin(null);
                // Those that come after may need it; but one that never gets healthy must not keep the rest down.
                await Task.WhenAny(instance.Outcome, Task.Delay(spec.Health?.Grace ?? TimeSpan.FromSeconds(10), clock, cancellationToken));
            }

            var kept = GenerationMatch.Ids(matches);
            generations.Write(generation, kept);
            await PublishPortsAsync(stack, generation, cancellationToken);
            foreach (var stranger in _roster.Others(stack, kept).Where(instance => !instance.Trial))
                await EndAsync(stranger, log: false, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Starts an instance on trial and waits until it is healthy.</summary>
    public async Task<SupervisedInstance> StartAsync(InstanceSpec spec, MachineSpec machine, string view, Action<SupervisedInstance> begun, CancellationToken cancellationToken)
    {
        _roster.Open(spec.Stack);
        var instance = Add(spec, machine, view, trial: true);
        begun(instance);
        _roster.Publish();
        instance.Begin(null);
        try
        {
            if (await instance.Outcome.WaitAsync(cancellationToken) is not { } reason)
                return instance;
            var lines = await host.ReadLogAsync(instance.Label, LinesOfFailure, cancellationToken);
            throw new MayflyException(
                $"{spec.Component}-{spec.Replica} did not become healthy: {reason}{(lines.Count == 0 ? "; it printed nothing" : "; the end of its log:\n  " + string.Join("\n  ", lines))}",
                "mend what its log complains of, or its health check, and run the command again");
        }
        catch
        {
            await EndAsync(instance, log: true, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Runs a command to its end in an instance of its own.</summary>
    public async Task<CommandResult> RunAsync(InstanceSpec spec, MachineSpec machine, string view, CancellationToken cancellationToken)
    {
        _roster.Open(spec.Stack);
        var label = _roster.AddCommand(spec, machine, view);
        CommandResult result;
        try
        {
            await host.StartAsync(label, cancellationToken);
            var exit = await host.WaitAsync(label.Id, cancellationToken);
            result = new CommandResult(exit.Code, string.Join('\n', await host.ReadLogAsync(label, null, cancellationToken)));
        }
        catch
        {
            await RemoveCommandAsync(label);
            throw;
        }

        // It has ended; that the host still has to clear up after it is nothing to wait for but for who ends the stack or the view.
        var removal = Guarded(label.Id, () => RemoveCommandAsync(label));
        lock (_gate)
        {
            _removals.RemoveAll(other => other.Done.IsCompleted);
            _removals.Add((spec.Stack, view, removal));
        }

        return result;
    }

    private async Task RemoveCommandAsync(InstanceLabel label)
    {
        try
        {
            await host.DeleteAsync(label.Id, log: true, CancellationToken.None);
        }
        finally
        {
            _roster.RemoveCommand(label);
        }
    }

    /// <summary>Waits until nothing is left of a stack's commands that have ended, in one view or all.</summary>
    private Task CommandsRemovedAsync(string stack, string? view)
    {
        lock (_gate)
            return Task.WhenAll(_removals.Where(removal => removal.Stack == stack && (view is null || removal.View == view)).Select(removal => removal.Done));
    }

    public string StackOf(string id) => _roster.Find(id).Spec.Stack;

    public async Task StopAsync(string id, TimeSpan drain, CancellationToken cancellationToken)
    {
        var instance = _roster.Find(id);
        var stack = instance.Spec.Stack;
        _roster.SetNamed(stack, instance.Label.View, [.. _roster.Named(stack, instance.Label.View).Where(name => name != id)]);
        if (instance.Label.View == NameTable.Live && generations.Read(stack) is { } current)
            await PublishPortsAsync(stack, current.Generation, cancellationToken);
        if (drain > TimeSpan.Zero)
            await Task.Delay(drain, clock, cancellationToken);
        await EndAsync(instance, log: false, cancellationToken);
    }

    public async Task SetNamesAsync(string stack, string view, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            if (_roster.Find(id) is var instance && (instance.Spec.Stack, instance.Label.View) != (stack, view))
                throw new MayflyException($"instance {id} belongs to view {instance.Label.View} of stack {instance.Spec.Stack}, not to {view} of {stack}");
        }

        _roster.SetNamed(stack, view, ids);
        if (view == NameTable.Live && generations.Read(stack) is { } current)
            await PublishPortsAsync(stack, current.Generation, cancellationToken);
    }

    public Task CopyVolumesAsync(string stack, string view, CancellationToken cancellationToken) => host.CopyVolumesAsync(stack, view, cancellationToken);

    public async Task EndViewAsync(string stack, string view, CancellationToken cancellationToken)
    {
        if (view == NameTable.Live)
            throw new MayflyException($"the live view of stack {stack} cannot be ended as a rehearsal is", "use 'down'");
        var ended = _roster.Of(stack, view);
        _roster.CloseView(stack, view);
        await Task.WhenAll(ended.Select(instance => EndAsync(instance, log: true, cancellationToken)));
        await CommandsRemovedAsync(stack, view);
        host.RemoveView(stack, view);
    }

    public async Task CommitAsync(Generation generation, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var stack = generation.Stack;
            var chosen = ids.Select(_roster.Find).ToList();
            var before = generations.Read(stack)?.Generation;
            var namedBefore = _roster.Named(stack, NameTable.Live);
            _roster.SetNamed(stack, NameTable.Live, ids);
            try
            {
                // Ports first: one that is taken is the only refusal, and must leave everything as it was.
                await PublishPortsAsync(stack, generation, cancellationToken);
                generations.Write(generation, ids);
            }
            catch
            {
                _roster.SetNamed(stack, NameTable.Live, namedBefore);
                if (before is not null)
                    await PublishPortsAsync(stack, before, CancellationToken.None);
                throw;
            }

            foreach (var instance in chosen)
                instance.Keep();
            foreach (var old in _roster.Others(stack, ids))
                DrainAndEnd(old);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task RemoveAsync(string stack, bool volumes, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            generations.Clear(stack);
            await Task.WhenAll(_roster.Of(stack).Select(instance => EndAsync(instance, log: true, cancellationToken)));
            await CommandsRemovedAsync(stack, null);
            await host.RemoveAsync(stack, volumes, cancellationToken);
            _roster.Close(stack);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends what is still on trial of those that a connection had started.</summary>
    public Task EndTrialsAsync(IEnumerable<SupervisedInstance> started) =>
        Task.WhenAll(started.Where(instance => instance.Trial && _roster.Has(instance.Id))
            .Select(instance => Guarded(instance.Id, () => EndAsync(instance, log: true, CancellationToken.None))));

    /// <summary>Looks away from everything, which goes on running.</summary>
    public Task LetGoAsync() => Task.WhenAll(_roster.All().Select(instance => instance.EndSupervisionAsync()));

    private SupervisedInstance Add(InstanceSpec spec, MachineSpec machine, string view, bool trial) =>
        _roster.Add(spec, machine, view, trial, label => new SupervisedInstance(host, label, Supervision.Begin(spec.Health, policy), clock, trial));

    private void DrainAndEnd(SupervisedInstance instance)
    {
        _roster.BeginDraining(instance);
        var drained = Guarded(instance.Id, async () =>
        {
            await Task.Delay(Drain, clock, CancellationToken.None);
            await EndAsync(instance, log: false, CancellationToken.None);
        });
        lock (_gate)
        {
            _drains.RemoveAll(drain => drain.IsCompleted);
            _drains.Add(drained);
        }
    }

    private async Task EndAsync(SupervisedInstance instance, bool log, CancellationToken cancellationToken)
    {
        // Nothing of a rehearsal is worth a farewell: its volumes are copies, and its only client was the command.
        await instance.StopAsync(gently: instance.Label.View == NameTable.Live, log, cancellationToken);
        _roster.Remove(instance);
    }

    private Task PublishPortsAsync(string stack, Generation generation, CancellationToken cancellationToken) =>
        host.PublishAsync(stack, _roster.Targets(generation), cancellationToken);

    /// <summary>One stack's or instance's trouble must not keep the others from being looked after.</summary>
    private static async Task Guarded(string what, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            AgentLog.Write($"{what}: {(e is MayflyException ? e.Message : e.ToString())}");
        }
    }

    private static void Guarded(string what, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            AgentLog.Write($"{what}: {(e is MayflyException ? e.Message : e.ToString())}");
        }
    }
}
