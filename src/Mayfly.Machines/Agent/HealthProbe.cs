using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mayfly.Machines.Agent;

/// <summary>
/// Health checks over the network. HTTP is spoken by hand: one request and the first line of the answer, on a connection of its own,
/// is all that a check is, and HttpClient with its pools would cost the agent more memory than everything else that it does.
/// </summary>
internal static class HealthProbe
{
    /// <returns>Why it is not healthy; null when it is.</returns>
    public static async Task<string?> CheckAsync(IPAddress address, string component, HealthCheck health, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(health.Timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(address, health.Port), patience.Token);
            return health.Kind == HealthCheckKind.Tcp ? null : await GetAsync(socket, health.Host ?? component, health, patience.Token);
        }
        catch (SocketException e)
        {
            return $"port {health.Port}: {Words(e)}";
        }
        catch (IOException e)
        {
            return $"port {health.Port}: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"port {health.Port}: no answer within {health.Timeout.TotalSeconds:0.#} s";
        }
    }

    private static async Task<string?> GetAsync(Socket socket, string host, HealthCheck health, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {health.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mayfly-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"), cancellationToken);
        // RFC 9112 section 4: HTTP-version SP 3DIGIT SP. The rest is read too (a little), so that the server sees a client that listens.
        var buffer = new byte[4096];
        var length = await stream.ReadAtLeastAsync(buffer, 12, throwOnEndOfStream: false, cancellationToken);
        var start = Encoding.ASCII.GetString(buffer, 0, Math.Min(length, 12));
        if (length < 12 || !start.StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(start.AsSpan(9, 3), out var status))
            return $"port {health.Port} does not answer in HTTP";
        return status is >= 200 and <= 399 ? null : $"GET {health.Path} was answered with status {status}";
    }

    private static string Words(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable => "host unreachable",
        SocketError.NetworkUnreachable => "network unreachable",
        SocketError.ConnectionReset => "connection reset",
        _ => e.Message,
    };
}
