using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mayfly.Machines.Names;

/// <summary>
/// Passes queries for names that are not ours to the host's own resolvers, byte for byte, so that it needs to know nothing of their record types.
/// </summary>
/// <remarks>
/// What it keeps: the addresses that /etc/resolv.conf names, read again when the file changes (a laptop changes networks), without
/// our own, which would loop. Each query has a socket of its own, and so a random port (RFC 5452 section 9.2).
/// </remarks>
internal sealed class NameForwarder(string resolverFile = "/etc/resolv.conf", int port = 53)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private DateTime _readAt;
    private IPAddress[] _resolvers = [];

    /// <returns>The answer, or null when no resolver gave one.</returns>
    /// <exception cref="NoResolverException">The host has no resolver.</exception>
    public async Task<byte[]?> AskAsync(byte[] query, bool datagram, CancellationToken cancellationToken)
    {
        var known = Resolvers();
        if (known.Length == 0)
            throw new NoResolverException();
        foreach (var resolver in known)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            try
            {
                return await (datagram ? AskDatagramAsync(resolver, query, patience.Token) : AskStreamAsync(resolver, query, patience.Token));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // The next resolver may do better.
            }
        }

        return null;
    }

    internal static IPAddress[] Parse(IEnumerable<string> lines) =>
        [.. lines.Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] == "nameserver")
            .Select(words => IPAddress.TryParse(words[1], out var address) ? address : null)
            .OfType<IPAddress>()
            .Where(address => !address.Equals(NameServer.Address))
            .Take(3)];

    private IPAddress[] Resolvers()
    {
        lock (_gate)
        {
            try
            {
                var changed = File.GetLastWriteTimeUtc(resolverFile);
                if (changed != _readAt)
                    (_resolvers, _readAt) = (File.Exists(resolverFile) ? Parse(File.ReadLines(resolverFile)) : [], changed);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _resolvers = [];
            }

            return _resolvers;
        }
    }

    private async Task<byte[]> AskDatagramAsync(IPAddress resolver, byte[] query, CancellationToken cancellationToken)
    {
        using var socket = new Socket(resolver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        // Connected, so that the kernel drops datagrams of anybody else.
        await socket.ConnectAsync(new IPEndPoint(resolver, port), cancellationToken);
        await socket.SendAsync(query, cancellationToken);
        var buffer = new byte[ushort.MaxValue];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken);
            if (length >= 12 && buffer.AsSpan(0, 2).SequenceEqual(query.AsSpan(0, 2)))
                return buffer[..length];
        }
    }

    private async Task<byte[]> AskStreamAsync(IPAddress resolver, byte[] query, CancellationToken cancellationToken)
    {
        using var socket = new Socket(resolver.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(resolver, port), cancellationToken);
        await using var stream = new NetworkStream(socket);
        await StreamMessage.WriteAsync(stream, query, cancellationToken);
        return await StreamMessage.ReadAsync(stream, cancellationToken) ?? throw new EndOfStreamException();
    }
}

/// <summary>The host names no resolver.</summary>
internal sealed class NoResolverException : Exception;

/// <summary>DNS over a stream: each message after its length in two bytes (RFC 1035 section 4.2.2).</summary>
internal static class StreamMessage
{
    /// <returns>Null at a clean end.</returns>
    public static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var prefix = new byte[2];
        if (await stream.ReadAtLeastAsync(prefix, 2, throwOnEndOfStream: false, cancellationToken) < 2)
            return null;
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(message, cancellationToken);
        return message;
    }

    public static async Task WriteAsync(Stream stream, byte[] message, CancellationToken cancellationToken)
    {
        // One write, as some clients read the length and the message from one segment (RFC 7766 section 8).
        var framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellationToken);
    }
}
