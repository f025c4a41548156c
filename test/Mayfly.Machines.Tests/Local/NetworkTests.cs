using System.Net;
using System.Net.Sockets;
using Mayfly.Linux;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
public sealed class NetworkTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();

    [Fact]
    public async Task A_published_port_is_reached_from_this_host_and_from_another_and_takes_turns()
    {
        var servers = await Task.WhenAll(Enumerable.Range(1, 2).Select(n => _host.StartAsync(Server(n))));
        var port = FreePort();
        await _host.Network.PublishAsync(_host.Stack, [new PublishedTarget(port, null, [.. servers.Select(server => new IPEndPoint(IPAddress.Parse(server.Label.Address), 80))])], CancellationToken.None);
        await RuntimeTests.Eventually(async () => (await Ask(servers[0].Label.Address, 80)).Length > 0 && (await Ask(servers[1].Label.Address, 80)).Length > 0);

        var answers = new List<string>();
        for (var n = 0; n < 6; n++)
            answers.Add(await Ask("127.0.0.1", port));
        Assert.Equal(["srv-1", "srv-2"], answers.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(3, answers.Count(answer => answer == "srv-1"));

        // Another host: a namespace at the far end of a link, by the address of this host on it.
        using var other = new Neighbour();
        Assert.StartsWith("srv-", other.Ask("172.31.254.1", port), StringComparison.Ordinal);
        // An instance reaches its own stack's port by way of the host too.
        var (code, _) = await _host.RunAsync($"exec 3<>/dev/null; perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => \"172.31.254.1:{port}\", Timeout => 5) or exit 9; print <$s>;'");
        Assert.Equal(0, code);

        await _host.Network.PublishAsync(_host.Stack, [], CancellationToken.None);
        Assert.Equal("", await Ask("127.0.0.1", port));
    }

    [Fact]
    public async Task An_established_connection_survives_the_change_of_the_rules()
    {
        var server = await _host.StartAsync(_host.Spec("echo", "/usr/bin/perl", "-MIO::Socket::INET", "-e",
            "my $l = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die; $| = 1; while (my $c = $l->accept) { while (my $x = <$c>) { print $c $x; $c->flush; } }"));
        await RuntimeTests.Eventually(async () => await Connects(server.Label.Address, 80));
        var port = FreePort();
        PublishedTarget target = new(port, null, [new IPEndPoint(IPAddress.Parse(server.Label.Address), 80)]);
        await _host.Network.PublishAsync(_host.Stack, [target], CancellationToken.None);
        using var client = new TcpClient("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        client.GetStream().Write("one\n"u8);
        Assert.Equal("one", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
        await _host.Network.PublishAsync(_host.Stack, [target with { HostPort = FreePort() }], CancellationToken.None);
        client.GetStream().Write("two\n"u8);
        Assert.Equal("two", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(await Connects("127.0.0.1", port));
    }

    [Fact]
    public async Task A_taken_port_is_refused_with_the_name_of_its_holder()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _host.Network.Ensure(_host.Stack);
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => _host.Network.PublishAsync(_host.Stack, [new PublishedTarget(port, null, [])], CancellationToken.None));
        Assert.Matches($@"^port {port} is taken by process {Environment.ProcessId} \(.+\)$", refusal.Message);
        Assert.NotNull(refusal.Hint);
        _host.Network.CheckPorts(_host.Stack, [new PublishedPort(FreePort(), "www", 80)]);
        Assert.Throws<MayflyException>(() => _host.Network.CheckPorts(_host.Stack, [new PublishedPort(FreePort(), "www", 80, "192.0.2.199")]));
    }

    [Fact]
    public async Task Stacks_do_not_reach_one_another_nor_what_this_host_keeps_to_itself()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var own = ((IPEndPoint)listener.LocalEndpoint).Port;
        var server = await _host.StartAsync(Server(1));
        await RuntimeTests.Eventually(() => Connects(server.Label.Address, 80));
        await using var stranger = new LocalHost();
        var gateway = _host.Network.Find(_host.Stack)!.Gateway;
        string Probe(string address, int port) => $"perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(PeerAddr => \"{address}:{port}\", Timeout => 2) ? \"open\" : \"closed\"'; echo";
        var (_, fromStranger) = await stranger.RunAsync(Probe(server.Label.Address, 80));
        Assert.Equal("closed", fromStranger);
        var (_, fromNeighbour) = await _host.RunAsync(Probe(server.Label.Address, 80));
        Assert.Equal("open", fromNeighbour);
        // The bridge takes answers for 127.0.0.1 (route_localnet); what an instance itself sends there must not arrive.
        using var hostile = new NamespaceThread(Namespaces.Network, "hostile");
        using (var space = hostile.Run(() => File.OpenHandle("/proc/thread-self/ns/net")))
        using (var links = new NetworkLinks())
        {
            var subnet = _host.Network.Find(_host.Stack)!;
            links.AddPair("t-hostile", null, links.Find(subnet.Bridge)!.Index, "eth0", [2, 0, 9, 9, 9, 9], space);
            var address = _host.Network.AllocateAddress(_host.Stack);
            hostile.Run(() =>
            {
                using var inside = new NetworkLinks();
                inside.AddAddress(inside.Find("eth0")!.Index, IPAddress.Parse(address), 24);
                inside.SetUp("eth0");
                File.WriteAllText("/proc/sys/net/ipv4/conf/all/route_localnet", "1");
                inside.RemoveAddress(inside.Find("lo")!.Index, IPAddress.Loopback, 8);
                inside.AddDefaultRoute(gateway);
            });
        }

        using var intruder = hostile.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await Assert.ThrowsAsync<TimeoutException>(() => intruder.ConnectAsync("127.0.0.1", own).WaitAsync(TimeSpan.FromSeconds(2)));
        Assert.NotEqual(stranger.Network.Find(stranger.Stack)!.Gateway, gateway);
    }

    [Fact]
    public async Task The_name_server_s_address_is_there_while_a_stack_is()
    {
        _host.Network.Ensure(_host.Stack);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Network.DnsAddress), 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var instance = await _host.StartAsync(_host.Spec("ask", "/usr/bin/perl", "-MIO::Socket::INET", "-e",
            $"my $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '{Network.DnsAddress}:{port}'); $s->send('who'); $s->recv(my $x, 100); print \"$x\\n\";"));
        var buffer = new byte[100];
        var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(20));
        // The server tells views apart by this address.
        var asker = (IPEndPoint)received.RemoteEndPoint;
        Assert.Equal(instance.Label.Address, asker.Address.ToString());
        Assert.Equal(_host.Stack, _host.Network.StackOf(asker.Address));
        await socket.SendToAsync("you"u8.ToArray(), asker);
        Assert.Equal(0, (await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None)).Code);
        Assert.Equal("you", await _host.OutputAsync(instance.Id));
    }

    [Fact]
    public async Task The_gateway_stays_where_it_is_while_instances_come_and_go()
    {
        // A bridge of the kernel's own choosing takes the lowest address of its ports: instances that remember the one before talk to nobody.
        string Gateway() => File.ReadAllText($"/sys/class/net/{_host.Network.Find(_host.Stack)!.Bridge}/address");
        _host.Network.Ensure(_host.Stack);
        var before = Gateway();
        for (var n = 1; n <= 3; n++)
        {
            var instance = await _host.StartAsync(_host.Spec("come", "/bin/sleep", "1000"));
            Assert.Equal(before, Gateway());
            await _host.Runtime.DeleteAsync(instance.Id, CancellationToken.None);
            Assert.Equal(before, Gateway());
        }
    }

    [Fact]
    public async Task Flushed_rules_are_put_back()
    {
        _host.Network.Ensure(_host.Stack);
        Assert.False(await _host.Network.RepairAsync(_host.Stack, CancellationToken.None));
        Network.Nft(_host.Programs, $"delete table ip {Network.TableOf(_host.Stack)}\n");
        Assert.True(await _host.Network.RepairAsync(_host.Stack, CancellationToken.None));
        Assert.Contains(Network.TableOf(_host.Stack), Network.Tables(_host.Programs));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private InstanceSpec Server(int replica) => _host.Spec("srv", "/usr/bin/perl", "-MIO::Socket::INET", "-e",
        "my $l = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die $!; while (my $c = $l->accept) { print $c `hostname`; close $c; }") with
    { Replica = replica };

    private static async Task<bool> Connects(string address, int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address, port).WaitAsync(TimeSpan.FromSeconds(2));
            return true;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return false;
        }
    }

    private static async Task<string> Ask(string address, int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address, port).WaitAsync(TimeSpan.FromSeconds(5));
            return (await new StreamReader(client.GetStream()).ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(5))).Trim();
        }
        catch (Exception e) when (e is IOException or SocketException or TimeoutException)
        {
            return "";
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A host next to this one: 172.31.254.2, where this one is 172.31.254.1.</summary>
    private sealed class Neighbour : IDisposable
    {
        private readonly NamespaceThread _thread = new(Namespaces.Network, "neighbour");

        public Neighbour()
        {
            using var space = _thread.Run(() => File.OpenHandle("/proc/thread-self/ns/net"));
            using var links = new NetworkLinks();
            links.Delete("t-near");
            links.Delete("t-bridge");
            links.AddBridge("t-bridge", [2, 0, 0, 0, 0, 1]);
            var bridge = links.Find("t-bridge")!;
            links.AddAddress(bridge.Index, IPAddress.Parse("172.31.254.1"), 30);
            links.SetUp("t-bridge");
            links.AddPair("t-near", null, bridge.Index, "eth0", [2, 0, 172, 31, 254, 2], space);
            _thread.Run(() =>
            {
                using var inside = new NetworkLinks();
                inside.AddAddress(inside.Find("eth0")!.Index, IPAddress.Parse("172.31.254.2"), 30);
                inside.SetUp("eth0");
            });
        }

        public string Ask(string address, int port)
        {
            // A socket belongs to the namespace of the thread that makes it.
            using var client = _thread.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5000 });
            client.Connect(address, port);
            var buffer = new byte[100];
            return System.Text.Encoding.ASCII.GetString(buffer, 0, client.Receive(buffer));
        }

        public void Dispose()
        {
            using var links = new NetworkLinks();
            links.Delete("t-near");
            links.Delete("t-bridge");
            _thread.Dispose();
        }
    }
}
