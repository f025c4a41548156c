using System.Net;
using System.Net.Sockets;
using System.Text;
using Mayfly.Machines.Agent;

namespace Mayfly.Machines.Tests.Agent;

public sealed class HealthProbeTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", null)]
    [InlineData("HTTP/1.0 302 Found\r\n\r\n", null)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "GET /up was answered with status 400")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n\r\n", "GET /up was answered with status 503")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "does not answer in HTTP")]
    [InlineData("", "does not answer in HTTP")]
    public async Task Http_is_judged_by_its_status(string answer, string? expected)
    {
        using var listener = Listen();
        var served = ServeAsync(listener, answer);
        var failure = await CheckAsync(listener, HealthCheckKind.Http);
        if (expected is null)
            Assert.Null(failure);
        else
            Assert.Contains(expected, failure, StringComparison.Ordinal);
        Assert.StartsWith("GET /up HTTP/1.1\r\nHost: web\r\n", await served, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_port_is_enough_for_tcp()
    {
        using var listener = Listen();
        Assert.Null(await CheckAsync(listener, HealthCheckKind.Tcp));
    }

    [Fact]
    public async Task A_closed_port_is_refused()
    {
        var listener = Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        listener.Dispose();
        var failure = await HealthProbe.CheckAsync(IPAddress.Loopback, "web", new HealthCheck { Kind = HealthCheckKind.Tcp, Port = port }, CancellationToken.None);
        Assert.Equal($"port {port}: connection refused", failure);
    }

    [Fact]
    public async Task Silence_is_a_timeout()
    {
        using var listener = Listen();
        Assert.EndsWith("no answer within 0.3 s", await CheckAsync(listener, HealthCheckKind.Http, 0.3), StringComparison.Ordinal);
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static Task<string?> CheckAsync(Socket listener, HealthCheckKind kind, double seconds = 20) =>
        HealthProbe.CheckAsync(IPAddress.Loopback, "web", new HealthCheck
        {
            Kind = kind,
            Port = ((IPEndPoint)listener.LocalEndPoint!).Port,
            Path = "/up",
            Timeout = TimeSpan.FromSeconds(seconds),
        }, CancellationToken.None);

    private static async Task<string> ServeAsync(Socket listener, string answer)
    {
        using var connection = await listener.AcceptAsync();
        var buffer = new byte[4096];
        var length = await connection.ReceiveAsync(buffer);
        await connection.SendAsync(Encoding.ASCII.GetBytes(answer));
        connection.Shutdown(SocketShutdown.Both);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
