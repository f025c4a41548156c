using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mayfly.Linux;
using Mayfly.Machines.Agent;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Agent;

/// <summary>Real agents, instances and names in a network of the test's own, so that it meets no other agent of the host.</summary>
internal sealed class AgentOnHost : IAsyncDisposable
{
    // Debian's minimal system has perl and nothing else that could serve.
    private const string Server = """
        use IO::Socket::INET;
        $s = IO::Socket::INET->new(LocalPort => 80, Listen => 128, ReuseAddr => 1) or die;
        print STDERR "serving\n";
        while ($c = $s->accept) { while (($l = <$c>) =~ /\S/) {} print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"; close $c }
        """;

    private readonly NamespaceThread _network = new(Namespaces.Network, "the test's network");

    public Tests.Local.LocalHost Host { get; } = new();

    public LocalProvider Provider(RuntimePrograms? programs = null) => new(Host.Store, programs ?? Host.Programs, Host.RunFolder,
        new AgentLauncher(Host.Store, programs ?? Host.Programs, Host.RunFolder) { Within = _network.Run });

    public InstanceSpec Web(int replica = 1, string key = "k1") => Host.Spec("web", "/usr/bin/perl", "-e", Server) with
    {
        Replica = replica,
        Key = key,
        Ports = [new PortSpec(80, "http")],
        Health = new HealthCheck { Kind = HealthCheckKind.Http, Port = 80, Interval = TimeSpan.FromMilliseconds(500) },
        StopTimeout = TimeSpan.FromSeconds(2),
    };

    public Generation Generation(int number, params InstanceSpec[] specs) => new()
    {
        Number = number,
        Stack = Host.Stack,
        Key = $"g{number}",
        Machines = [new MachineSpec("box")],
        Instances = specs,
    };

    public static IProgress<Activity> Silent { get; } = new Progress<Activity>();

    public async Task<int> AgentProcessAsync()
    {
        for (var i = 0; ; i++)
        {
            if (await AgentConnection.TryConnectAsync(Path.Combine(Host.RunFolder, "agent.sock"), CancellationToken.None) is { } connection)
            {
                await using (connection)
                    return connection.Agent.ProcessId;
            }

            Assert.True(i < 300, "there is no agent");
            await Task.Delay(100);
        }
    }

    /// <summary>One request on a connection of its own.</summary>
    public async Task<string> GetAsync(string address)
    {
        using var socket = _network.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.ConnectAsync(IPAddress.Parse(address), 80, patience.Token);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n"u8.ToArray(), patience.Token);
        var buffer = new byte[1000];
        var length = 0;
        int read;
        while ((read = await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token)) > 0)
            length += read;
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    /// <summary>One query, sent once.</summary>
    /// <returns>The number of answers.</returns>
    public async Task<int> ResolveAsync(string component)
    {
        using var socket = _network.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        _network.Run(() => socket.Connect(IPAddress.Parse("169.254.53.53"), 53));
        List<byte> query = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        foreach (var label in (string[])[component, Host.Stack, "internal"])
            query.AddRange([(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        query.AddRange([0, 0, 1, 0, 1]);
        await socket.SendAsync(query.ToArray(), patience.Token);
        var buffer = new byte[1500];
        await socket.ReceiveAsync(buffer, patience.Token);
        return (buffer[3] & 0x0f) == 0 ? buffer[7] : -(buffer[3] & 0x0f);
    }

    public IReadOnlyList<string> Left() => _network.Run(() => Leftovers.FindAsync(Host.Programs, Host.Stack, CancellationToken.None, Host.RunFolder).GetAwaiter().GetResult());

    /// <summary>The watchdog's process.</summary>
    public static int ParentOf(int process) => int.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal)).Split('\t')[1], null);

    public static long ResidentBytes(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], null) * 1024;

    /// <summary>Kills a process and waits until its last thread, and so each of its sockets, is gone.</summary>
    public static void Kill(int process)
    {
        Process.GetProcessById(process).Kill();
        try
        {
            while (ProcessIdentity.Of(process) is not null || Directory.GetDirectories($"/proc/{process}/task").Length > 1)
                Thread.Sleep(1);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone, and nobody has to ask for its exit code.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await using (var provider = Provider())
            await provider.RemoveAsync(Host.Stack, volumes: true, CancellationToken.None);
        for (var i = 0; File.Exists(Path.Combine(Host.RunFolder, "agent.sock")) && i < 100; i++)
            await Task.Delay(100);
        await Host.DisposeAsync();
        _network.Dispose();
    }
}
