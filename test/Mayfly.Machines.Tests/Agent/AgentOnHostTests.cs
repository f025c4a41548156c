using System.Collections.Concurrent;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Agent;

[Trait("needs", "root")]
public sealed class AgentOnHostTests : IAsyncLifetime
{
    private static readonly MachineSpec Box = new("box");

    private readonly AgentOnHost _host = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task<InstanceState> GoLiveAsync(InstanceSpec? spec = null)
    {
        await using var provider = _host.Provider();
        var state = await provider.StartAsync(spec ?? _host.Web(), Box, "live", AgentOnHost.Silent, CancellationToken.None);
        await provider.CommitAsync(_host.Generation(1, state.Spec), [state.Id], CancellationToken.None);
        return state;
    }

    private async Task<InstanceState> EventuallyAsync(LocalProvider provider, Func<InstanceState, bool> holds)
    {
        for (var i = 0; ; i++)
        {
            var state = Assert.Single(await provider.ListAsync(_host.Host.Stack, CancellationToken.None));
            if (holds(state))
                return state;
            Assert.True(i < 600, $"{state}");
            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task Killing_the_agent_under_load_loses_no_request_and_no_query()
    {
        var web = await GoLiveAsync();
        ConcurrentBag<string> failures = [];
        var requests = 0;
        var queries = 0;
        using var ending = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => LoadAsync(async () =>
        {
            Assert.EndsWith("ok", await _host.GetAsync(web.Address), StringComparison.Ordinal);
            Interlocked.Increment(ref requests);
        })).Concat(Enumerable.Range(0, 4).Select(_ => LoadAsync(async () =>
        {
            Assert.Equal(1, await _host.ResolveAsync("web"));
            Interlocked.Increment(ref queries);
        }))).ToList();

        HashSet<int> agents = [];
        for (var kill = 0; kill < 3; kill++)
        {
            await Task.Delay(500);
            var agent = await _host.AgentProcessAsync();
            Assert.True(agents.Add(agent), "the killed agent answers");
            AgentOnHost.Kill(agent);
        }

        agents.Add(await _host.AgentProcessAsync());
        await Task.Delay(500);
        await ending.CancelAsync();
        await Task.WhenAll(load);
        Assert.Empty(failures);
        Assert.Equal(4, agents.Count);
        Assert.True(requests > 100 && queries > 100, $"{requests} requests, {queries} queries");
        await using var provider = _host.Provider();
        var after = await EventuallyAsync(provider, state => state.Phase == InstancePhase.Healthy);
        Assert.Equal((web.Id, web.ProcessId, 0), (after.Id, after.ProcessId, after.Restarts));
        var resident = AgentOnHost.ResidentBytes(await _host.AgentProcessAsync());
        TestContext.Current.TestOutputHelper!.WriteLine($"{requests} requests, {queries} queries, agent {resident >> 20} MB");
        Assert.InRange(resident, 1, 80_000_000);

        async Task LoadAsync(Func<Task> one)
        {
            while (!ending.IsCancellationRequested)
            {
                try
                {
                    await one();
                }
                catch (Exception e)
                {
                    failures.Add(e.Message);
                }
            }
        }
    }

    [Fact]
    public async Task A_crash_is_answered_with_a_start_at_the_same_address()
    {
        var web = await GoLiveAsync();
        AgentOnHost.Kill(web.ProcessId!.Value);
        await using var provider = _host.Provider();
        var again = await EventuallyAsync(provider, state => state is { Phase: InstancePhase.Healthy, Restarts: 1 });
        Assert.Equal(web.Address, again.Address);
        Assert.NotEqual(web.ProcessId, again.ProcessId);
        Assert.EndsWith("ok", await _host.GetAsync(web.Address), StringComparison.Ordinal);
        List<LogLine> lines = [];
        await foreach (var line in provider.ReadLogsAsync(_host.Host.Stack, ["web"], follow: false, CancellationToken.None))
            lines.Add(line);
        Assert.Equal([("web-1", true, "serving"), ("web-1", true, "serving")], lines.Select(line => (line.Instance, line.Error, line.Text)));
    }

    [Fact]
    public async Task What_crashes_again_and_again_is_given_up_with_its_last_words()
    {
        await GoLiveAsync(_host.Host.Spec("web", "/bin/sh", "-c", "sleep 1; echo no more; exit 3"));
        await using var provider = _host.Provider();
        var state = await EventuallyAsync(provider, state => state.Phase == InstancePhase.Failed);
        Assert.StartsWith("given up after 7 failures in a row: exited with code 3; its last words:\n", state.Reason, StringComparison.Ordinal);
        Assert.EndsWith("no more", state.Reason, StringComparison.Ordinal);
        Assert.Equal(6, state.Restarts);
        AgentOnHost.Kill(await _host.AgentProcessAsync());
        // The next agent knows, and does not begin again.
        Assert.Equal(state.Reason, (await EventuallyAsync(provider, next => next.Phase == InstancePhase.Failed)).Reason);
    }

    [Fact]
    public async Task A_trial_ends_with_its_connection_and_the_agent_by_itself()
    {
        await using (var provider = _host.Provider())
        {
            var web = await provider.StartAsync(_host.Web(), Box, "rehearsal", AgentOnHost.Silent, CancellationToken.None);
            Assert.EndsWith("ok", await _host.GetAsync(web.Address), StringComparison.Ordinal);
            var run = await provider.RunAsync(_host.Host.Spec("task", "/bin/sh", "-c", "echo done; exit 4"), Box, "rehearsal", CancellationToken.None);
            Assert.Equal(new CommandResult(4, "done"), run);
        }

        for (var i = 0; File.Exists(Path.Combine(_host.Host.RunFolder, "agent.sock")); i++)
        {
            Assert.True(i < 300);
            await Task.Delay(100);
        }

        Assert.Empty(_host.Host.Runtime.List());
    }

    [Fact]
    public async Task A_start_that_fails_says_how_and_leaves_nothing()
    {
        await using var provider = _host.Provider();
        var failure = await Assert.ThrowsAsync<MayflyException>(() =>
            provider.StartAsync(_host.Host.Spec("web", "/bin/sh", "-c", "echo no database >&2; exit 1") with { Health = _host.Web().Health }, Box, "live", AgentOnHost.Silent, CancellationToken.None));
        Assert.Equal("web-1 did not become healthy: exited with code 1; the end of its log:\n  no database", failure.Message);
        Assert.Empty(_host.Host.Runtime.List());
    }

    [Fact]
    public async Task A_dead_watchdog_is_replaced_and_another_version_takes_over_while_instances_run()
    {
        var web = await GoLiveAsync();
        var first = await _host.AgentProcessAsync();
        AgentOnHost.Kill(AgentOnHost.ParentOf(first));
        int second;
        for (var i = 0; (second = await _host.AgentProcessAsync()) == first; i++)
        {
            Assert.True(i < 300);
            await Task.Delay(100);
        }

        // Another path to the same program makes another agent of it.
        var crun = Path.Combine(_host.Host.Root, "crun");
        File.CreateSymbolicLink(crun, _host.Host.Programs.Crun);
        await using (var other = _host.Provider(_host.Host.Programs with { Crun = crun }))
            Assert.Equal(web.ProcessId, Assert.Single(await other.ListAsync(_host.Host.Stack, CancellationToken.None)).ProcessId);
        Assert.NotEqual(second, await _host.AgentProcessAsync());
        Assert.Equal(1, await _host.ResolveAsync("web"));
    }

    [Fact]
    public async Task After_a_reboot_the_stack_comes_back_and_removing_it_leaves_nothing()
    {
        var web = await GoLiveAsync();
        var agent = await _host.AgentProcessAsync();
        AgentOnHost.Kill(AgentOnHost.ParentOf(agent));
        AgentOnHost.Kill(agent);
        await _host.Host.Runtime.DeleteAsync(web.Id, CancellationToken.None);
        Directory.Delete(_host.Host.RunFolder, recursive: true);
        await using (var provider = _host.Provider())
        {
            var back = await EventuallyAsync(provider, state => state.Phase == InstancePhase.Healthy);
            Assert.NotEqual(web.Id, back.Id);
            Assert.Equal("k1", back.Spec.Key);
            Assert.Equal(1, await _host.ResolveAsync("web"));
            Assert.EndsWith("ok", await _host.GetAsync(back.Address), StringComparison.Ordinal);
            await provider.RemoveAsync(_host.Host.Stack, volumes: false, CancellationToken.None);
            Assert.Null(await provider.ReadGenerationAsync(_host.Host.Stack, CancellationToken.None));
        }

        Assert.Empty(_host.Left());
    }
}
