using System.Net;

namespace Mayfly.Linux.Tests;

[Trait("needs", "root")]
public sealed class NetworkLinksTests
{
    [Fact]
    public void A_bridge_and_a_pair_into_another_namespace_carry_addresses_and_a_route()
    {
        using var outer = new NamespaceThread(Namespaces.Network, "outer");
        using var inner = new NamespaceThread(Namespaces.Network, "inner");
        using var space = inner.Run(() => File.OpenHandle("/proc/thread-self/ns/net"));
        outer.Run(() =>
        {
            using var links = new NetworkLinks();
            links.AddBridge("br", [2, 0, 0, 0, 0, 1]);
            var bridge = links.Find("br")!;
            Assert.False(bridge.Up);
            Assert.True(links.AddAddress(bridge.Index, IPAddress.Parse("10.9.8.1"), 24));
            Assert.False(links.AddAddress(bridge.Index, IPAddress.Parse("10.9.8.1"), 24));
            links.SetUp("br");
            Assert.True(links.Find("br")!.Up);
            links.AddPair("left", "of a test", bridge.Index, "right", [2, 0, 10, 9, 8, 2], space);
            Assert.True(links.Find("left")!.Up);
            Assert.Equal("of a test", links.Find("left")!.Alias);
            Assert.Null(links.Find("right"));
            Assert.Contains((bridge.Index, IPNetwork.Parse("10.9.8.0/24")), links.Networks());
            Assert.Contains((IPAddress.Parse("10.9.8.1"), 24), links.Addresses(bridge.Index));
            var failure = Assert.Throws<LinuxException>(() => links.AddBridge("br", [2, 0, 0, 0, 0, 1]));
            Assert.Equal(17, failure.Errno);
        });
        inner.Run(() =>
        {
            using var links = new NetworkLinks();
            var right = links.Find("right")!;
            links.AddAddress(right.Index, IPAddress.Parse("10.9.8.2"), 24);
            links.SetUp("right");
            links.AddDefaultRoute(IPAddress.Parse("10.9.8.1"));
            Assert.Equal("02:00:0a:09:08:02", ReadAddress(right.Index));
        });

        // A connection across: the outer side listens, the inner side connects.
        var listener = outer.Run(() =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("10.9.8.1"), 8000));
            socket.Listen();
            return socket;
        });
        using (listener)
        {
            using var client = inner.Run(() =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                socket.Connect(IPAddress.Parse("10.9.8.1"), 8000);
                return socket;
            });
            using var accepted = listener.Accept();
            Assert.Equal("10.9.8.2", ((IPEndPoint)accepted.RemoteEndPoint!).Address.MapToIPv4().ToString());
        }

        outer.Run(() =>
        {
            using var links = new NetworkLinks();
            Assert.True(links.Delete("left"));
            Assert.False(links.Delete("left"));
            Assert.True(links.RemoveAddress(links.Find("br")!.Index, IPAddress.Parse("10.9.8.1"), 24));
            Assert.False(links.RemoveAddress(links.Find("br")!.Index, IPAddress.Parse("10.9.8.1"), 24));
        });
        Assert.Null(inner.Run(() =>
        {
            using var links = new NetworkLinks();
            return links.Find("right");
        }));
    }

    private static string ReadAddress(int index)
    {
        var name = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .Single(candidate => candidate.GetIPProperties().GetIPv4Properties()?.Index == index);
        return string.Join(':', name.GetPhysicalAddress().GetAddressBytes().Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
