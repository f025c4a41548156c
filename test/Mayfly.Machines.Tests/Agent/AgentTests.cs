using System.Net;
using System.Net.Sockets;
using System.Text;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;
using Mayfly.Machines.Agent;

namespace Mayfly.Machines.Tests.Agent;

public sealed class AgentTests
{
    private static readonly MachineSpec Box = new("box", Cpus: 2);

    private static async Task<InstanceState> StartAsync(AgentConnection agent, InstanceSpec spec, string view = "live", Action<Activity>? progress = null) =>
        ((InstanceReply)await agent.AskAsync(new StartRequest(spec, Box, view), progress, CancellationToken.None)).Instance;

    private static async Task<IReadOnlyList<InstanceState>> ListAsync(AgentConnection agent) =>
        ((InstancesReply)await agent.AskAsync(new ListRequest("shop"), null, CancellationToken.None)).Instances;

    private static async Task<InstanceState> EventuallyAsync(AgentConnection agent, string id, Func<InstanceState, bool> holds)
    {
        for (var i = 0; ; i++)
        {
            var state = (await ListAsync(agent)).Single(instance => instance.Id == id);
            if (holds(state))
                return state;
            Assert.True(i < 500, $"{state}");
            await Task.Delay(10);
        }
    }

    private static IEnumerable<string> Addresses(PretendAgent agent, string name, string asker = "127.0.0.1") =>
        agent.Names.ZoneFor(IPAddress.Parse(asker), DomainName.Parse(name))?.Find(DomainName.Parse(name), RecordType.A, 0).Records.Cast<ARecord>().Select(record => record.Address.ToString()) ?? [];

    [Fact]
    public async Task A_start_reports_waits_for_health_and_describes_the_instance()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        Assert.Equal((AgentProgram.Protocol, "feedbeef", Environment.ProcessId), (connection.Agent.Protocol, connection.Agent.Identity, connection.Agent.ProcessId));
        agent.Host.Sick["web"] = "refused";
        List<Activity> reported = [];
        var starting = StartAsync(connection, PretendAgent.Spec("web"), progress: reported.Add);
        await Task.Delay(100);
        Assert.False(starting.IsCompleted);
        agent.Host.Sick.Clear();
        var state = await starting;
        Assert.Equal((InstancePhase.Healthy, "live", "10.77.3.2"), (state.Phase, state.View, state.Address));
        Assert.Matches("^shop-web-1-[0-9a-f]{4}$", state.Id);
        Assert.Equivalent(PretendAgent.Spec("web"), state.Spec);
        Assert.Equal([false, true], reported.Select(activity => activity.Ended));
        Assert.All(reported, activity => Assert.Equal("start web-1", activity.Name));
    }

    [Fact]
    public async Task A_command_answers_when_it_has_ended_and_its_view_ends_when_nothing_of_it_is_left()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        agent.Host.Crashing["web"] = 4;
        var deleted = new TaskCompletionSource();
        agent.Host.Deleting = deleted.Task;
        var reply = (CommandReply)await connection.AskAsync(new RunRequest(PretendAgent.Spec("web"), Box, "rehearsal"), null, CancellationToken.None);
        Assert.Equal(new CommandResult(4, "web says hello"), reply.Result);
        var ending = connection.AskAsync(new EndViewRequest("shop", "rehearsal"), null, CancellationToken.None);
        await Task.Delay(50);
        Assert.False(ending.IsCompleted);
        Assert.False(agent.Supervisor.IsIdle);
        deleted.SetResult();
        await ending;
        Assert.Equal(["start web-1", "delete web-1", "remove rehearsal"], agent.Host.Events);
        Assert.True(agent.Supervisor.IsIdle);
    }

    [Fact]
    public async Task What_is_being_stopped_is_ended_once_when_the_stack_is_taken_down_meanwhile()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var web = await StartAsync(connection, PretendAgent.Spec("web"));
        var deleted = new TaskCompletionSource();
        agent.Host.Deleting = deleted.Task;
        var stopping = connection.AskAsync(new StopRequest(web.Id, TimeSpan.Zero), null, CancellationToken.None);
        var removing = connection.AskAsync(new RemoveRequest("shop", Volumes: false), null, CancellationToken.None);
        await Task.Delay(50);
        deleted.SetResult();
        await Task.WhenAll(stopping, removing);
        Assert.Equal(["start web-1", "stop web-1", "delete web-1"], agent.Host.Events.Where(what => what.EndsWith("web-1", StringComparison.Ordinal)));
        Assert.Empty(await ListAsync(connection));
    }

    [Fact]
    public async Task A_start_that_ends_at_once_fails_with_the_end_of_its_log_and_leaves_nothing()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        agent.Host.Crashing["web"] = 3;
        var failure = await Assert.ThrowsAsync<MayflyException>(() => StartAsync(connection, PretendAgent.Spec("web")));
        Assert.Equal("web-1 did not become healthy: exited with code 3; the end of its log:\n  web says hello", failure.Message);
        Assert.NotNull(failure.Hint);
        Assert.Empty(await ListAsync(connection));
        Assert.Empty(agent.Host.List());
    }

    [Fact]
    public async Task A_start_without_a_check_that_ends_soon_fails()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var starting = StartAsync(connection, PretendAgent.Spec("web") with { Health = null });
        for (var i = 0; agent.Host.List() is []; i++)
        {
            Assert.True(i < 500);
            await Task.Delay(1);
        }

        agent.Host.Kill(agent.Host.List().Single().Label.Id, 3);
        Assert.StartsWith("web-1 did not become healthy: exited with code 3", (await Assert.ThrowsAsync<MayflyException>(() => starting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_is_never_healthy_fails_after_its_grace()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        agent.Host.Sick["web"] = "port 80: connection refused";
        var spec = PretendAgent.Spec("web", health: new HealthCheck { Kind = HealthCheckKind.Tcp, Port = 80, Grace = TimeSpan.FromMilliseconds(100) });
        var failure = await Assert.ThrowsAsync<MayflyException>(() => StartAsync(connection, spec));
        Assert.StartsWith("web-1 did not become healthy: not healthy 0.1 s after its start: port 80: connection refused", failure.Message, StringComparison.Ordinal);
        Assert.Empty(agent.Host.List());
    }

    [Fact]
    public async Task Trials_end_with_their_connection_and_what_was_committed_stays()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var other = await agent.ConnectAsync();
        InstanceState web;
        await using (var connection = await agent.ConnectAsync())
        {
            web = await StartAsync(connection, PretendAgent.Spec("web"));
            await StartAsync(connection, PretendAgent.Spec("cache"));
            await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, web.Spec), [web.Id]), null, CancellationToken.None);
            await StartAsync(connection, PretendAgent.Spec("orders"), "rehearsal");
        }

        for (var i = 0; (await ListAsync(other)).Any(instance => instance.View == "rehearsal"); i++)
        {
            Assert.True(i < 500);
            await Task.Delay(10);
        }

        Assert.Contains(await ListAsync(other), instance => instance.Id == web.Id);
        Assert.Contains("delete orders-1", agent.Host.Events);
    }

    [Fact]
    public async Task Cancelling_a_start_ends_the_instance()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        agent.Host.Sick["web"] = "refused";
        using var cancelling = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.AskAsync(new StartRequest(PretendAgent.Spec("web"), Box, "live"), null, cancelling.Token));
        Assert.Empty(await ListAsync(connection));
        Assert.Empty(agent.Host.List());
    }

    [Fact]
    public async Task Names_are_set_whole_by_view_and_follow_the_instances()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var one = await StartAsync(connection, PretendAgent.Spec("web", 1));
        var two = await StartAsync(connection, PretendAgent.Spec("web", 2));
        var rehearsed = await StartAsync(connection, PretendAgent.Spec("web", 1), "rehearsal");
        Assert.Empty(Addresses(agent, "web.shop.internal"));
        await connection.AskAsync(new SetNamesRequest("shop", "live", [one.Id, two.Id]), null, CancellationToken.None);
        await connection.AskAsync(new SetNamesRequest("shop", "rehearsal", [rehearsed.Id]), null, CancellationToken.None);
        Assert.Equal([one.Address, two.Address], Addresses(agent, "web.shop.internal"));
        Assert.Equal([one.Address, two.Address], Addresses(agent, "web.shop.internal", two.Address));
        Assert.Equal([rehearsed.Address], Addresses(agent, "web.shop.internal", rehearsed.Address));
        var failure = await Assert.ThrowsAsync<MayflyException>(() => connection.AskAsync(new SetNamesRequest("shop", "live", [rehearsed.Id]), null, CancellationToken.None));
        Assert.Contains("rehearsal", failure.Message, StringComparison.Ordinal);
        await connection.AskAsync(new StopRequest(one.Id, TimeSpan.Zero), null, CancellationToken.None);
        Assert.Equal([two.Address], Addresses(agent, "web.shop.internal"));
        await connection.AskAsync(new EndViewRequest("shop", "rehearsal"), null, CancellationToken.None);
        Assert.Equal([two.Id], (await ListAsync(connection)).Select(instance => instance.Id));
        Assert.Contains("remove rehearsal", agent.Host.Events);
    }

    [Fact]
    public async Task A_commit_publishes_ports_records_the_generation_and_drains_the_rest()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var old = await StartAsync(connection, PretendAgent.Spec("web"));
        await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, old.Spec), [old.Id]), null, CancellationToken.None);
        Assert.Equal([new IPEndPoint(IPAddress.Parse(old.Address), 80)], Assert.Single(agent.Host.Published["shop"]).Targets);
        var young = await StartAsync(connection, PretendAgent.Spec("web", key: "k2"));
        await connection.AskAsync(new CommitRequest(PretendAgent.Generation(2, young.Spec), [young.Id]), null, CancellationToken.None);
        Assert.Equal([new IPEndPoint(IPAddress.Parse(young.Address), 80)], Assert.Single(agent.Host.Published["shop"]).Targets);
        Assert.Equal([young.Address], Addresses(agent, "web.shop.internal"));
        // Replaced, it is no longer one of the stack's, but still there for those who have its address.
        Assert.Equal([young.Id], (await ListAsync(connection)).Select(instance => instance.Id));
        Assert.Contains(agent.Host.List(), instance => instance.Label.Id == old.Id);
        var generation = ((GenerationReply)await connection.AskAsync(new ReadGenerationRequest("shop"), null, CancellationToken.None)).Generation;
        Assert.Equivalent(PretendAgent.Generation(2, young.Spec), generation);
        await Task.Delay(Supervisor.Drain + TimeSpan.FromMilliseconds(500));
        Assert.Equal([young.Id], agent.Host.List().Select(instance => instance.Label.Id));
    }

    [Fact]
    public async Task What_drains_goes_on_when_its_command_has_ended_and_when_the_next_one_commits()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var old = await StartAsync(connection, PretendAgent.Spec("web"));
        await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, old.Spec), [old.Id]), null, CancellationToken.None);
        await connection.DisposeAsync();
        InstanceState young;
        await using (var next = await agent.ConnectAsync())
        {
            young = await StartAsync(next, PretendAgent.Spec("web", key: "k2"));
            await next.AskAsync(new SetNamesRequest("shop", "live", [young.Id]), null, CancellationToken.None);
            await next.AskAsync(new CommitRequest(PretendAgent.Generation(2, young.Spec), [young.Id]), null, CancellationToken.None);
        }

        // The turn is given when the command before has tidied up.
        await using var last = await agent.ConnectAsync();
        await last.AskAsync(new BeginRequest("shop"), null, CancellationToken.None);
        Assert.Contains(agent.Host.List(), instance => instance.Label.Id == old.Id);
        await last.AskAsync(new CommitRequest(PretendAgent.Generation(3, young.Spec), [young.Id]), null, CancellationToken.None);
        await agent.Supervisor.ReconcileAsync("shop", CancellationToken.None);
        Assert.Contains(agent.Host.List(), instance => instance.Label.Id == old.Id);
        Assert.Equal([young.Id], (await ListAsync(last)).Select(instance => instance.Id));
    }

    [Fact]
    public async Task A_rehearsal_is_ended_without_a_farewell()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        await StartAsync(connection, PretendAgent.Spec("web"), view: "rehearsal");
        await connection.AskAsync(new EndViewRequest("shop", "rehearsal"), null, CancellationToken.None);
        Assert.DoesNotContain("stop web-1", agent.Host.Events);
        Assert.Contains("delete web-1", agent.Host.Events);
        var live = await StartAsync(connection, PretendAgent.Spec("web"));
        await connection.AskAsync(new StopRequest(live.Id, TimeSpan.Zero), null, CancellationToken.None);
        Assert.Contains("stop web-1", agent.Host.Events);
    }

    [Fact]
    public async Task A_port_that_is_taken_leaves_everything_as_it_was()
    {
        await using var agent = new PretendAgent(new PretendHost { TakenPort = 9090 });
        await using var connection = await agent.ConnectAsync();
        var old = await StartAsync(connection, PretendAgent.Spec("web"));
        await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, old.Spec), [old.Id]), null, CancellationToken.None);
        var young = await StartAsync(connection, PretendAgent.Spec("web", key: "k2"));
        var refused = PretendAgent.Generation(2, young.Spec) with { Published = [new PublishedPort(9090, "web", 80)] };
        var failure = await Assert.ThrowsAsync<MayflyException>(() => connection.AskAsync(new CommitRequest(refused, [young.Id]), null, CancellationToken.None));
        Assert.Equal("port 9090 is taken by 'cat'", failure.Message);
        Assert.Equal([old.Address], Addresses(agent, "web.shop.internal"));
        Assert.Equal(8080, Assert.Single(agent.Host.Published["shop"]).HostPort);
        Assert.Equal(1, agent.Generations.Read("shop")!.Value.Generation.Number);
    }

    [Fact]
    public async Task What_crashes_is_started_again_at_its_address_and_given_up_loudly()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var connection = await agent.ConnectAsync();
        var web = await StartAsync(connection, PretendAgent.Spec("web"));
        await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, web.Spec), [web.Id]), null, CancellationToken.None);
        agent.Host.Kill(web.Id, 139);
        var again = await EventuallyAsync(connection, web.Id, state => state is { Phase: InstancePhase.Healthy, Restarts: 1 });
        Assert.Equal(web.Address, again.Address);
        agent.Host.Crashing["web"] = 1;
        agent.Host.Kill(web.Id, 1);
        var given = await EventuallyAsync(connection, web.Id, state => state.Phase == InstancePhase.Failed);
        Assert.Equal("given up after 7 failures in a row: exited with code 1; its last words:\nweb says hello", given.Reason);
    }

    [Fact]
    public async Task A_new_agent_takes_up_what_runs_ends_trials_and_starts_what_is_missing_in_order()
    {
        var host = new PretendHost();
        var folder = Directory.CreateTempSubdirectory("mayfly-agent-").FullName;
        InstanceState web, cache, orders;
        await using (var agent = new PretendAgent(host, folder))
        {
            var connection = await agent.ConnectAsync();
            orders = await StartAsync(connection, PretendAgent.Spec("orders"));
            cache = await StartAsync(connection, PretendAgent.Spec("cache"));
            web = await StartAsync(connection, PretendAgent.Spec("web"));
            await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, orders.Spec, cache.Spec, web.Spec), [orders.Id, cache.Id, web.Id]), null, CancellationToken.None);
            await StartAsync(connection, PretendAgent.Spec("web", key: "k2"));
        }

        // While nobody watches: one ends, two vanish as after a reboot.
        Assert.Equal(4, host.List().Count);
        host.Kill(web.Id, 1);
        await host.DeleteAsync(cache.Id, true, CancellationToken.None);
        await host.DeleteAsync(orders.Id, true, CancellationToken.None);
        host.Events.Clear();
        await using (var agent = new PretendAgent(host, folder))
        {
            await using var connection = await agent.ConnectAsync();
            var states = await ListAsync(connection);
            Assert.Equal(["cache", "orders", "web"], states.Select(state => state.Spec.Component));
            Assert.Equal(["delete web-1", "start orders-1", "start cache-1"], host.Events.Where(what => what != "start web-1"));
            var again = await EventuallyAsync(connection, web.Id, state => state.Phase == InstancePhase.Healthy);
            Assert.Equal((web.Address, 1), (again.Address, again.Restarts));
            Assert.Equal([web.Address], Addresses(agent, "web.shop.internal"));
            Assert.Equal(states.Where(state => state.Spec.Component == "orders").Select(state => state.Address), Addresses(agent, "orders.shop.internal"));
            Assert.Equal(3, host.List().Count);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_a_command_stopped_and_never_replaced_is_started_again()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var watching = await agent.ConnectAsync();
        await using (var connection = await agent.ConnectAsync())
        {
            var orders = await StartAsync(connection, PretendAgent.Spec("orders"));
            await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, orders.Spec), [orders.Id]), null, CancellationToken.None);
            await connection.AskAsync(new StopRequest(orders.Id, TimeSpan.Zero), null, CancellationToken.None);
            Assert.Empty(await ListAsync(watching));
        }

        for (var i = 0; (await ListAsync(watching)) is not [{ Phase: InstancePhase.Healthy }]; i++)
        {
            Assert.True(i < 500);
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task Removing_a_stack_leaves_nothing_and_the_agent_ends_by_itself()
    {
        await using var agent = new PretendAgent(new PretendHost(), idle: TimeSpan.FromMilliseconds(300));
        await using (var connection = await agent.ConnectAsync())
        {
            var web = await StartAsync(connection, PretendAgent.Spec("web"));
            await connection.AskAsync(new CommitRequest(PretendAgent.Generation(1, web.Spec), [web.Id]), null, CancellationToken.None);
            await Task.Delay(1000);
            Assert.False(agent.Running.IsCompleted);
            await connection.AskAsync(new RemoveRequest("shop", true), null, CancellationToken.None);
            Assert.Null(((GenerationReply)await connection.AskAsync(new ReadGenerationRequest("shop"), null, CancellationToken.None)).Generation);
            Assert.Empty(agent.Host.List());
            Assert.Null(agent.Names.ZoneFor(IPAddress.Loopback, DomainName.Parse("web.shop.internal")));
        }

        Assert.Equal(0, await agent.Running.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task The_place_is_handed_over_only_when_no_trial_would_be_cut_off()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var newer = await agent.ConnectAsync();
        await using (var connection = await agent.ConnectAsync())
        {
            await StartAsync(connection, PretendAgent.Spec("web"));
            Assert.Contains("another command is at work", (await Assert.ThrowsAsync<MayflyException>(() => newer.AskAsync(new HandOverRequest(), null, CancellationToken.None))).Message, StringComparison.Ordinal);
        }

        // What the other command had begun is ended first.
        for (var i = 0; ; i++)
        {
            try
            {
                await newer.AskAsync(new HandOverRequest(), null, CancellationToken.None);
                break;
            }
            catch (MayflyException) when (i < 500)
            {
                await Task.Delay(10);
            }
        }

        Assert.Empty(agent.Host.List());
        Assert.Equal(AgentProgram.HandOverCode, await agent.Running.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Rubbish_ends_its_connection_and_no_other()
    {
        await using var agent = new PretendAgent(new PretendHost());
        await using var good = await agent.ConnectAsync();
        foreach (var line in (string[])["{", "{}\n", "{\"verb\":\"nonsense\"}\n", "\0\0\0\n", "[1]\n", "null\n", "{\"verb\":\"start\",\"id\":1}\n"])
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(agent.SocketPath));
            await socket.SendAsync(Encoding.UTF8.GetBytes(line));
            socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[100_000];
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }

        Assert.Empty(await ListAsync(good));
    }
}
