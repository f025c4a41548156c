using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Mayfly.Machines.Tests.Names;

public sealed class NameServerTests
{
    [Fact]
    [Trait("needs", "oracle")]
    public async Task Dig_agrees_by_datagram_and_stream()
    {
        await using var names = new ServedNames();
        Assert.Equal(["10.77.3.11", "10.77.3.12"], (await DigAsync(names, "web.shop.internal", "A", "+short")).Order());
        Assert.Equal(["10.77.3.11", "10.77.3.12"], (await DigAsync(names, "web.shop.internal", "A", "+short", "+tcp")).Order());
        Assert.Equal(["10.77.3.200"], await DigAsync(names, "-b", "127.0.0.2", "web.shop.internal", "A", "+short"));
        Assert.Equal(["0 10 80 web-1.shop.internal.", "0 10 80 web-2.shop.internal."], (await DigAsync(names, "_http._tcp.web.shop.internal", "SRV", "+short")).Order());
        Assert.Equal(["orders-1.shop.internal."], await DigAsync(names, "-x", "10.77.3.5", "+short"));
        Assert.Equal(["mayfly-ns.shop.internal."], await DigAsync(names, "shop.internal", "NS", "+short"));
        Assert.Equal(["mayfly-ns.shop.internal. hostmaster.shop.internal. 7 60 10 3600 1"], await DigAsync(names, "shop.internal", "SOA", "+short"));
    }

    [Theory]
    [Trait("needs", "oracle")]
    [InlineData("nobody.shop.internal", "A", "NXDOMAIN", "aa")]
    [InlineData("web.shop.internal", "AAAA", "NOERROR", "aa")]
    [InlineData("example.org", "A", "REFUSED", "")]
    public async Task Dig_sees_the_status_and_the_flags(string name, string type, string status, string flag)
    {
        await using var names = new ServedNames();
        var lines = await DigAsync(names, name, type);
        Assert.Contains(lines, line => line.Contains($"status: {status}", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith(";; flags: qr", StringComparison.Ordinal) && line.Contains(flag, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("WARNING", StringComparison.Ordinal) || line.Contains("malformed", StringComparison.OrdinalIgnoreCase));
        if (flag == "aa")
            Assert.Contains(lines, line => line.Contains("SOA", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Dig_asks_again_by_stream_when_the_answer_is_truncated()
    {
        await using var names = new ServedNames(ServedNames.Shop(webs: 100));
        Assert.Equal(100, (await DigAsync(names, "web.shop.internal", "A", "+short")).Length);
        Assert.Contains(await DigAsync(names, "web.shop.internal", "A", "+ignore"), line => line.StartsWith(";; flags:", StringComparison.Ordinal) && line.Contains(" tc", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Other_names_are_answered_by_the_hosts_resolver()
    {
        // The resolver is a second server of ours under another stack's name, found through a resolv.conf and its port.
        await using var resolver = new ServedNames();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "# ours first, which must be left out\nnameserver 169.254.53.53\nnameserver 127.0.0.1\n");
        await using var names = new ServedNames(Mayfly.Machines.Names.NameTable.Empty, file, resolver.Port);
        Assert.Equal(["10.77.3.5"], await DigAsync(names, "orders.shop.internal", "A", "+short"));
        Assert.Equal(["10.77.3.5"], await DigAsync(names, "orders.shop.internal", "A", "+short", "+tcp"));
        File.Delete(file);
    }

    [Fact]
    public async Task A_silent_resolver_ends_in_a_server_failure()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "nameserver 127.0.0.1\n");
        await using var names = new ServedNames(resolverFile: file, resolverPort: ((IPEndPoint)silent.LocalEndPoint!).Port);
        var reply = await AskAsync(names, [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, (byte)'o', (byte)'r', (byte)'g', 0, 0, 1, 0, 1]);
        Assert.Equal(2, reply[3] & 0x0f);
        File.Delete(file);
    }

    [Fact]
    public async Task Rubbish_on_both_sockets_does_not_end_the_service()
    {
        await using var names = new ServedNames();
        using var rubbish = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var random = new Random(4);
        for (var i = 0; i < 500; i++)
        {
            var packet = new byte[random.Next(0, 100)];
            random.NextBytes(packet);
            await rubbish.SendToAsync(packet, new IPEndPoint(IPAddress.Loopback, names.Port));
        }

        for (var i = 0; i < 20; i++)
        {
            using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await stream.ConnectAsync(IPAddress.Loopback, names.Port);
            await stream.SendAsync(new byte[] { 0, (byte)i, 1, 2, 3 });
            stream.LingerState = new LingerOption(true, 0);
        }

        byte[] query = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, (byte)'w', (byte)'e', (byte)'b', 4, (byte)'s', (byte)'h', (byte)'o', (byte)'p', 8, .. "internal"u8, 0, 0, 1, 0, 1];
        Assert.Equal(2, (await AskAsync(names, query))[7]);
    }

    /// <summary>Asks as resolvers do: again, when a datagram got lost in a full buffer.</summary>
    private static async Task<byte[]> AskAsync(ServedNames names, byte[] query)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPAddress.Loopback, names.Port);
        var buffer = new byte[1500];
        for (var attempt = 1; ; attempt++)
        {
            await socket.SendAsync(query);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                return buffer[..await socket.ReceiveAsync(buffer, patience.Token)];
            }
            catch (OperationCanceledException) when (attempt < 4)
            {
            }
        }
    }

    private static async Task<string[]> DigAsync(ServedNames names, params string[] arguments)
    {
        using var dig = Process.Start(new ProcessStartInfo("dig", ["@127.0.0.1", "-p", $"{names.Port}", "+tries=1", "+time=5", .. arguments]) { RedirectStandardOutput = true })!;
        var output = await dig.StandardOutput.ReadToEndAsync();
        await dig.WaitForExitAsync();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
