using CsCheck;
using Mayfly.Machines.Agent;

namespace Mayfly.Machines.Tests.Agent;

public sealed class SupervisionTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HealthCheck Check = new() { Kind = HealthCheckKind.Tcp, Port = 80 };

    private static DateTimeOffset At(double seconds) => T0 + TimeSpan.FromSeconds(seconds);

    private static Supervision Healthy(double at) => Supervision.Begin(Check).Started(At(at)).Checked(null, At(at)).State;

    [Fact]
    public void Without_a_check_running_for_half_a_second_is_healthy()
    {
        var started = Supervision.Begin(null).Started(T0);
        Assert.Equal((InstancePhase.Starting, At(0.5)), (started.Phase, started.DueAt));
        Assert.Equal((started, SupervisionAction.None), started.Tick(At(0.4)));
        var (state, action) = started.Tick(At(0.5));
        Assert.Equal((InstancePhase.Healthy, SupervisionAction.None, (DateTimeOffset?)null), (state.Phase, action, state.DueAt));
        Assert.Equal(InstancePhase.Restarting, started.Ended(3, null, At(0.1)).State.Phase);
    }

    [Fact]
    public void A_start_is_checked_at_once_and_often_until_it_is_healthy()
    {
        var state = Supervision.Begin(Check).Started(T0);
        (state, var action) = state.Tick(T0);
        Assert.Equal(SupervisionAction.Check, action);
        (state, action) = state.Checked("refused", At(0.01));
        Assert.Equal((InstancePhase.Starting, SupervisionAction.None, "refused"), (state.Phase, action, state.Reason));
        Assert.Equal(At(0.035), state.DueAt);
        // One that takes long is asked less often.
        (state, _) = state.Checked("refused", At(1));
        Assert.Equal(At(1.1), state.DueAt);
        (state, _) = state.Checked("refused", At(20));
        Assert.Equal(At(20.25), state.DueAt);
        (state, _) = state.Checked(null, At(21));
        Assert.Equal((InstancePhase.Healthy, At(26)), (state.Phase, state.DueAt));
        Assert.Null(state.Reason);
    }

    [Fact]
    public void A_start_that_never_gets_healthy_is_ended_after_its_grace_and_says_why()
    {
        var (state, action) = Supervision.Begin(Check).Started(T0).Checked("refused", At(60));
        Assert.Equal(SupervisionAction.End, action);
        (state, _) = state.Ended(137, null, At(61));
        Assert.Equal((InstancePhase.Restarting, "not healthy 60 s after its start: refused"), (state.Phase, state.Reason));
    }

    [Fact]
    public void A_short_unhealthy_spell_passes_and_a_long_one_ends_it()
    {
        var (state, action) = Healthy(0).Checked("timeout", At(5));
        Assert.Equal((InstancePhase.Unhealthy, SupervisionAction.None, At(6)), (state.Phase, action, state.DueAt));
        Assert.Equal(InstancePhase.Healthy, state.Checked(null, At(6)).State.Phase);
        (state, action) = state.Checked("timeout", At(34.9));
        Assert.Equal(SupervisionAction.None, action);
        (state, action) = state.Checked("timeout", At(35));
        Assert.Equal(SupervisionAction.End, action);
        Assert.Equal("unhealthy for 30 s: timeout", state.Ended(137, null, At(35)).State.Reason);
    }

    [Fact]
    public void Failures_in_a_row_wait_twice_as_long_each_time_and_are_given_up()
    {
        var state = Healthy(0);
        List<double> pauses = [];
        var action = SupervisionAction.None;
        var now = At(1);
        while (action != SupervisionAction.GiveUp)
        {
            (state, action) = state.Ended(1, null, now);
            if (state.DueAt is not { } due)
                continue;
            pauses.Add((due - now).TotalSeconds);
            Assert.Equal(SupervisionAction.None, state.Tick(due - TimeSpan.FromMilliseconds(1)).Action);
            (state, var start) = state.Tick(due);
            Assert.Equal(SupervisionAction.Start, start);
            state = state.Started(now = due);
        }

        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4], pauses.Select(pause => Math.Round(pause, 3)));
        Assert.Equal((InstancePhase.Failed, 6, "given up after 7 failures in a row: exited with code 1"), (state.Phase, state.Restarts, state.Reason));
        Assert.Null(state.DueAt);
        Assert.Equal(SupervisionAction.None, state.Tick(At(10_000)).Action);
    }

    [Fact]
    public void A_healthy_time_wipes_the_slate()
    {
        var state = Healthy(0);
        for (var n = 0; n < 50; n++)
        {
            (state, var action) = state.Ended(1, null, At(40 * n + 35));
            Assert.NotEqual(SupervisionAction.GiveUp, action);
            state = state.Tick(state.DueAt!.Value).State.Started(At(40 * n + 36)).Checked(null, At(40 * n + 36)).State;
        }

        Assert.Equal(50, state.Restarts);
    }

    [Fact]
    public void Flapping_health_never_counts_as_settled()
    {
        var state = Healthy(0).Checked("timeout", At(29)).State.Checked(null, At(31)).State;
        Assert.Equal(At(31), state.HealthySince);
    }

    [Fact]
    public void A_stop_on_purpose_leaves_nothing_due()
    {
        var state = Healthy(0).Stopped();
        Assert.Equal(SupervisionAction.None, state.Tick(At(100)).Action);
        Assert.Equal(SupervisionAction.None, state.Checked("refused", At(100)).Action);
    }

    [Theory]
    [InlineData(0, "exited with code 0")]
    [InlineData(137, "was ended by signal 9 (SIGKILL)")]
    [InlineData(200, "exited with code 200")]
    [InlineData(-1, "ended while nobody watched")]
    public void Exit_codes_in_words(int code, string words) => Assert.Equal(words, Supervision.Exit(code));

    [Fact]
    public void Whatever_happens_something_is_due_or_under_way_or_it_is_over()
    {
        // An instance that is neither watched nor due would be forgotten for ever.
        Gen.Int[0, 4].Array[1, 60].Sample(events =>
        {
            var state = Supervision.Begin(Check).Started(T0);
            var now = T0;
            foreach (var what in events)
            {
                now += TimeSpan.FromSeconds(what + 0.3);
                var action = SupervisionAction.None;
                if (what < 2 || state.Phase == InstancePhase.Restarting)
                    (state, action) = state.Tick(state.DueAt ?? now);
                else if (what == 2)
                    (state, action) = state.Ended(1, null, now);
                else
                    (state, action) = state.Checked(what == 3 ? null : "refused", now);
                if (action == SupervisionAction.Start)
                    state = state.Started(now);
                if (action == SupervisionAction.Check)
                    (state, action) = state.Checked("refused", now);
                if (action == SupervisionAction.End)
                    (state, action) = state.Ended(137, null, now);
                if (state.Phase == InstancePhase.Failed)
                    return action == SupervisionAction.GiveUp;
                if (state.DueAt is null)
                    return false;
            }

            return true;
        }, seed: "0000KOIPe036", iter: 20_000);
    }
}
