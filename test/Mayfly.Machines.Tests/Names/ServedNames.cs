using System.Net;
using System.Net.Sockets;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Tests.Names;

/// <summary>A name server on loopback with a shop of two views: askers 127.0.0.1 and the host see live, 127.0.0.2 the rehearsal.</summary>
internal sealed class ServedNames : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Task _running;

    public ServedNames(NameTable? table = null, string resolverFile = "/nonexistent/resolv.conf", int resolverPort = 53)
    {
        // One port for both: the stream's is chosen first, the datagrams' follows.
        _listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        _listener.Listen();
        _datagrams.Bind(_listener.LocalEndPoint!);
        Server = new NameServer(_datagrams, _listener, new NameForwarder(resolverFile, resolverPort)) { Table = table ?? Shop() };
        _running = Server.RunAsync(_ending.Token);
    }

    public NameServer Server { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public static NameTable Shop(int webs = 2)
    {
        var network = IPAddress.Parse("10.77.3.0");
        var live = new StackZone("shop", network,
        [
            .. Enumerable.Range(1, webs).Select(n => new NamedInstance("web", n, IPAddress.Parse($"10.77.3.{n + 10}"), [new PortSpec(80, "http")])),
            new NamedInstance("orders", 1, IPAddress.Parse("10.77.3.5"), [new PortSpec(5432, "postgresql")]),
        ], serial: 7);
        var rehearsal = new StackZone("shop", network, [new NamedInstance("web", 1, IPAddress.Parse("10.77.3.200"), [new PortSpec(80, "http")])], serial: 8);
        return new NameTable([("shop", "live", live), ("shop", "rehearsal", rehearsal)], [(IPAddress.Parse("127.0.0.2"), "shop", "rehearsal")]);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _datagrams.Dispose();
        _listener.Dispose();
        _ending.Dispose();
    }
}
