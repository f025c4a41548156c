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

    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource<string?> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Supervision state = state;
    private volatile RunningInstance? running;
    private volatile bool trial = trial;
    private Task loop = Task.CompletedTask;

    public InstanceLabel Label => label;

    public string Id => label.Id;

    public InstanceSpec Spec => label.Spec;

    public IPAddress Address { get; } = IPAddress.Parse(label.Address);

    /// <summary>Ends with the connection that started it.</summary>
    public bool Trial => trial;

    public Supervision State => state;

    /// <summary>Null once it is healthy, or why it did not get so.</summary>
    public Task<string?> Outcome => outcome.Task;

    public InstanceState Describe() => new()
    {
        Id = label.Id,
        Spec = label.Spec,
        Phase = state.Phase,
        Address = label.Address,
        View = label.View,
        ProcessId = state.Phase is InstancePhase.Starting or InstancePhase.Healthy or InstancePhase.Unhealthy ? running?.ProcessId : null,
        StartedAt = running?.StartedAt ?? state.StartedAt,
        Restarts = state.Restarts,
        ExitCode = state.ExitCode,
        Reason = state.Reason,
    };

    /// <summary>Begins: with what was found running, or with a start when nothing was.</summary>
    public void Begin(RunningInstance? found) => loop = Task.Run(() => SuperviseAsync(found));

    /// <summary>It belongs to a generation now.</summary>
    public void Keep()
    {
        trial = false;
        Note();
    }

    /// <summary>Ends the supervision and then the instance, and removes it from the host.</summary>
    /// <param name="gently">It is asked to stop and given its time; otherwise it is killed.</param>
    /// <param name="log">Remove its log too.</param>
    public async Task StopAsync(bool gently, bool log, CancellationToken cancellationToken)
    {
        await EndSupervisionAsync();
        state = state.Stopped();
        if (gently)
            await host.StopAsync(Id, cancellationToken);
        await host.DeleteAsync(Id, log, cancellationToken);
    }

    /// <summary>Lets the instance run, and looks away.</summary>
    public async Task EndSupervisionAsync()
    {
        await ending.CancelAsync();
        await loop;
        outcome.TrySetResult("it was stopped");
    }

    private async Task SuperviseAsync(RunningInstance? found)
    {
        var cancellationToken = ending.Token;
        try
        {
            if (state.Phase == InstancePhase.Failed)
            {
                outcome.TrySetResult(state.Reason);
                return;
            }

            Task<InstanceExit>? exit = null;
            if (found is { Phase: RunPhase.Running })
            {
                running = found;
                state = state.Started(clock.GetUtcNow());
                exit = host.WaitAsync(Id, cancellationToken);
            }
            else if (found is not null)
                await ApplyAsync(state.Ended(found.Exit?.Code, null, clock.GetUtcNow()));
            else
                exit = await StartAsync(cancellationToken);

            while (!IsOver())
            {
                Tell();
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var due = state.DueAt is { } at ? Until(at, waiting.Token) : Task.Delay(Timeout.Infinite, waiting.Token);
                var first = await Task.WhenAny(exit ?? due, due);
                await waiting.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                if (first == exit)
                {
                    await ApplyAsync(state.Ended((await exit).Code, (await exit).OutOfMemory ? "ended by the kernel for want of memory" : null, clock.GetUtcNow()));
                    exit = null;
                    continue;
                }

                var (next, action) = state.Tick(clock.GetUtcNow());
                state = next;
                switch (action)
                {
                    case SupervisionAction.Check:
                        var check = host.CheckAsync(label, label.Spec.Health!, cancellationToken);
                        if (exit is not null && await Task.WhenAny(check, exit) == exit)
                            break;
                        await ApplyAsync(state.Checked(await CheckedAsync(check), clock.GetUtcNow()));
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
            state = Supervision.GivenUp(label.Spec.Health, $"supervision ended by a bug: {e.Message}", state.Restarts);
            outcome.TrySetResult(state.Reason);
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
            running = await host.StartAsync(label with { Marks = Marks() }, cancellationToken);
            state = state.Started(clock.GetUtcNow());
            return host.WaitAsync(Id, cancellationToken);
        }
        catch (Exception e) when (e is MayflyException or IOException)
        {
            await ApplyAsync(state.Ended(null, $"could not be started: {e.Message}", clock.GetUtcNow()));
            return null;
        }
    }

    private async Task ApplyAsync((Supervision State, SupervisionAction Action) step)
    {
        var before = state;
        var after = step.State;
        if (step.Action == SupervisionAction.GiveUp)
        {
            AgentLog.Write($"{Id} {after.Reason}");
            // Read before anybody sees that it is over: the reason must not change under those who show it.
            after = after.WithLastWords(await host.ReadLogAsync(label, LinesOfReason, ending.Token));
        }

        state = after;
        if (after.Failures != before.Failures)
            Note();
        if (step.Action == SupervisionAction.End)
            await host.StopAsync(Id, ending.Token);
        else if (after.Phase == InstancePhase.Restarting)
            AgentLog.Write($"{Id} {after.Reason}; failure {after.Failures} in a row");
    }

    private bool IsOver() => state.Phase == InstancePhase.Failed || (trial && !outcome.Task.IsCompletedSuccessfully && state.Phase == InstancePhase.Restarting);

    /// <summary>Answers whoever waits for the start.</summary>
    private void Tell()
    {
        if (state.Phase == InstancePhase.Healthy)
            outcome.TrySetResult(null);
        else if (IsOver())
            outcome.TrySetResult(state.Reason);
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
            [RestartsMark] = state.Restarts.ToString(CultureInfo.InvariantCulture),
            [FailuresMark] = state.Failures.ToString(CultureInfo.InvariantCulture),
        };
        if (trial)
            marks[TrialMark] = "true";
        if (state.Phase == InstancePhase.Failed)
            marks[FailedMark] = state.Reason ?? "";
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
