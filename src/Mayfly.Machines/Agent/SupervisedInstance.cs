using System.Globalization;
using System.Net;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Agent;

/// <summary>
/// One instance under supervision: carries out what <see cref="Supervision"/> decides.
/// </summary>
/// <remarks>
/// What it keeps: the label, the state, and one loop that waits for whatever comes first: the end of the main process, the next
/// due time, or the end of the supervision. How it changes: only that loop sets the state, so there is nothing to lock; readers
/// get the last whole record. What a new agent must know (restarts, a giving up) is written to the instance's marks at once.
/// On trial there is no second attempt: the first failure is the answer to the command that waits for it.
/// </remarks>
internal sealed class SupervisedInstance(IInstanceHost host, InstanceLabel label, Supervision state, TimeProvider clock, bool trial)
{
    public const string TrialMark = "trial", RestartsMark = "restarts", FailuresMark = "failures", FailedMark = "failed";

    private const int LinesOfReason = 5;

    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource<string?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _stopping = new(1);
    private bool _removed;
    private volatile Supervision _state = state;
    private volatile RunningInstance? _running;
    private volatile bool _trial = trial;
    private Task _loop = Task.CompletedTask;

    public InstanceLabel Label => label;

    public string Id => label.Id;

    public InstanceSpec Spec => label.Spec;

    public IPAddress Address { get; } = IPAddress.Parse(label.Address);

    /// <summary>Ends with the connection that started it.</summary>
    public bool Trial => _trial;

    public Supervision State => _state;

    /// <summary>Null once it is healthy, or why it did not get so.</summary>
    public Task<string?> Outcome => _outcome.Task;

    public InstanceState Describe() => new()
    {
        Id = label.Id,
        Spec = label.Spec,
        Phase = _state.Phase,
        Address = label.Address,
        View = label.View,
        ProcessId = _state.Phase is InstancePhase.Starting or InstancePhase.Healthy or InstancePhase.Unhealthy ? _running?.ProcessId : null,
        StartedAt = _running?.StartedAt ?? _state.StartedAt,
        Restarts = _state.Restarts,
        ExitCode = _state.ExitCode,
        Reason = _state.Reason,
    };

    /// <summary>Begins: with what was found running, or with a start when nothing was.</summary>
    public void Begin(RunningInstance? found) => _loop = Task.Run(() => SuperviseAsync(found));

    /// <summary>It belongs to a generation now.</summary>
    public void Keep()
    {
        _trial = false;
        Note();
    }

    /// <summary>Ends the supervision and then the instance, and removes it from the host.</summary>
    /// <param name="gently">It is asked to stop and given its time; otherwise it is killed.</param>
    /// <param name="log">Remove its log too.</param>
    public async Task StopAsync(bool gently, bool log, CancellationToken cancellationToken)
    {
        await _stopping.WaitAsync(cancellationToken);
        try
        {
            // What drains may be ended by who takes the stack down too.
            if (_removed)
                return;
            await EndSupervisionAsync();
            _state = _state.Stopped();
            if (gently)
                await host.StopAsync(Id, cancellationToken);
            await host.DeleteAsync(Id, log, cancellationToken);
            _removed = true;
        }
        finally
        {
            _stopping.Release();
        }
    }

    /// <summary>Lets the instance run, and looks away.</summary>
    public async Task EndSupervisionAsync()
    {
        await _ending.CancelAsync();
        await _loop;
        _outcome.TrySetResult("it was stopped");
    }

    private async Task SuperviseAsync(RunningInstance? found)
    {
        var cancellationToken = _ending.Token;
        try
        {
            if (_state.Phase == InstancePhase.Failed)
            {
                _outcome.TrySetResult(_state.Reason);
                return;
            }

            Task<InstanceExit>? exit = null;
            if (found is { Phase: RunPhase.Running })
            {
                _running = found;
                _state = _state.Started(Spec.Health is null && found.StartedAt is { } since ? since : clock.GetUtcNow());
                exit = host.WaitAsync(Id, cancellationToken);
            }
            else if (found is not null)
                await ApplyAsync(_state.Ended(found.Exit?.Code, null, clock.GetUtcNow()));
            else
                exit = await StartAsync(cancellationToken);

            while (!IsOver())
            {
                Tell();
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var due = _state.DueAt is { } at ? Until(at, waiting.Token) : Task.Delay(Timeout.Infinite, waiting.Token);
                var first = await Task.WhenAny(exit ?? due, due);
                await waiting.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                if (first == exit)
                {
                    await ApplyAsync(_state.Ended((await exit).Code, (await exit).OutOfMemory ? "ended by the kernel for want of memory" : null, clock.GetUtcNow()));
                    exit = null;
                    continue;
                }

                var (next, action) = _state.Tick(clock.GetUtcNow());
                _state = next;
                switch (action)
                {
                    case SupervisionAction.Check:
                        var check = host.CheckAsync(label, label.Spec.Health!, cancellationToken);
                        if (exit is not null && await Task.WhenAny(check, exit) == exit)
                            break;
                        await ApplyAsync(_state.Checked(await CheckedAsync(check), clock.GetUtcNow()));
                        break;
                    case SupervisionAction.Start:
                        exit = await StartAsync(cancellationToken);
                        break;
                }
            }

            Tell();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // A bug of ours must not be silence: it is shown as this instance's fate, and the others go on.
            AgentLog.Write($"supervision of {Id} ended: {e}");
            _state = Supervision.GivenUp(label.Spec.Health, $"supervision ended by a bug: {e.Message}", _state.Restarts);
            _outcome.TrySetResult(_state.Reason);
        }
    }

    /// <summary>A check that cannot even be made is a failed one.</summary>
    private static async Task<string?> CheckedAsync(Task<string?> check)
    {
        try
        {
            return await check;
        }
        catch (Exception e) when (e is MayflyException or IOException)
        {
            return e.Message;
        }
    }

    private async Task<Task<InstanceExit>?> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _running = await host.StartAsync(label with { Marks = Marks() }, cancellationToken);
            _state = _state.Started(clock.GetUtcNow());
            return host.WaitAsync(Id, cancellationToken);
        }
        catch (Exception e) when (e is MayflyException or IOException)
        {
            await ApplyAsync(_state.Ended(null, $"could not be started: {e.Message}", clock.GetUtcNow()));
            return null;
        }
    }

    private async Task ApplyAsync((Supervision State, SupervisionAction Action) step)
    {
        var before = _state;
        var after = step.State;
        if (step.Action == SupervisionAction.GiveUp)
        {
            AgentLog.Write($"{Id} {after.Reason}");
            // Read before anybody sees that it is over: the reason must not change under those who show it.
            after = after.WithLastWords(await host.ReadLogAsync(label, LinesOfReason, _ending.Token));
        }

        _state = after;
        if (after.Failures != before.Failures)
            Note();
        if (step.Action == SupervisionAction.End)
            await host.StopAsync(Id, _ending.Token);
        else if (after.Phase == InstancePhase.Restarting)
            AgentLog.Write($"{Id} {after.Reason}; failure {after.Failures} in a row");
    }

    private bool IsOver() => _state.Phase == InstancePhase.Failed || (_trial && !_outcome.Task.IsCompletedSuccessfully && _state.Phase == InstancePhase.Restarting);

    /// <summary>Answers whoever waits for the start.</summary>
    private void Tell()
    {
        if (_state.Phase == InstancePhase.Healthy)
            _outcome.TrySetResult(null);
        else if (IsOver())
            _outcome.TrySetResult(_state.Reason);
    }

    private Task Until(DateTimeOffset due, CancellationToken cancellationToken)
    {
        var pause = due - clock.GetUtcNow();
        return pause <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(pause, clock, cancellationToken);
    }

    private Dictionary<string, string> Marks()
    {
        Dictionary<string, string> marks = new()
        {
            [RestartsMark] = _state.Restarts.ToString(CultureInfo.InvariantCulture),
            [FailuresMark] = _state.Failures.ToString(CultureInfo.InvariantCulture),
        };
        if (_trial)
            marks[TrialMark] = "true";
        if (_state.Phase == InstancePhase.Failed)
            marks[FailedMark] = _state.Reason ?? "";
        return marks;
    }

    private void Note()
    {
        try
        {
            host.Mark(Id, Marks());
        }
        catch (Exception e) when (e is MayflyException or IOException)
        {
            // It may be gone from the host already; then there is nothing for a new agent to know.
        }
    }

    /// <summary>What a new agent makes of an instance's marks.</summary>
    public static Supervision StateFrom(InstanceLabel label)
    {
        var restarts = Number(RestartsMark);
        return label.Marks.TryGetValue(FailedMark, out var reason)
            ? Supervision.GivenUp(label.Spec.Health, reason, restarts)
            : Supervision.Begin(label.Spec.Health, restarts: restarts, failures: Number(FailuresMark));

        int Number(string mark) => label.Marks.TryGetValue(mark, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
