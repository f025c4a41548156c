using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net.Dns;

namespace Mayfly.Machines.Names;

/// <summary>
/// Answers DNS queries on two sockets that somebody else has opened, from the <see cref="NameTable"/> of the moment.
/// </summary>
/// <remarks>
/// What it keeps: the table, replaced whole. The sockets come from the watchdog and outlive this process, so that queries that
/// arrive while the agent is being restarted wait in the sockets' buffers instead of being refused.
/// Names of ours are answered in the receiving loop, as that takes microseconds; the others go to the host's resolvers, each in a task.
/// </remarks>
public sealed class NameServer
{
    /// <summary>Link-local and on the loopback interface of every host, so that images may name it.</summary>
    public static readonly IPAddress Address = new([169, 254, 53, 53]);

    private const int MostForwarded = 256;
    private const int MostConnections = 128;

    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(10);

    private readonly Socket _datagrams;
    private readonly Socket _listener;
    private readonly NameForwarder _forwarder;
    private readonly SemaphoreSlim _forwarded = new(MostForwarded);
    private readonly SemaphoreSlim _connections = new(MostConnections);
    private volatile NameTable _table = NameTable.Empty;
    private uint _turn;

    public NameServer(Socket datagrams, Socket listener)
        : this(datagrams, listener, new NameForwarder())
    {
    }

    internal NameServer(Socket datagrams, Socket listener, NameForwarder forwarder)
    {
        _datagrams = datagrams;
        _listener = listener;
        _forwarder = forwarder;
    }

    /// <summary>What is answered from now on.</summary>
    public NameTable Table
    {
        get => _table;
        set => _table = value;
    }

    /// <summary>Serves until it is cancelled. The sockets stay open.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(ServeDatagramsAsync(cancellationToken), ServeConnectionsAsync(cancellationToken));

    private async Task ServeDatagramsAsync(CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(ushort.MaxValue, pinned: true);
        var anybody = new IPEndPoint(IPAddress.Any, 0);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // Looked at first and taken out when it is answered: should we be killed in between, the next agent finds it
                // still there, and a second answer harms nobody.
                var received = await _datagrams.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.Peek, anybody, cancellationToken);
                var packet = buffer[..received.ReceivedBytes];
                var asker = (IPEndPoint)received.RemoteEndPoint;
                try
                {
                    var outcome = NameReply.Answer(_table, packet, asker.Address, datagram: true, _turn++);
                    if (outcome.Reply is { } reply)
                        await _datagrams.SendToAsync(reply, SocketFlags.None, asker, cancellationToken);
                    else if (outcome.Forward)
                        _ = ForwardDatagramAsync(packet, asker, cancellationToken);
                }
                finally
                {
                    await _datagrams.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, anybody, CancellationToken.None);
                }
            }
            catch (SocketException)
            {
                // An asker that went away, or a full send buffer: its loss, as with every datagram.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ForwardDatagramAsync(byte[] packet, IPEndPoint asker, CancellationToken cancellationToken)
    {
        try
        {
            await _datagrams.SendToAsync(await ForwardAsync(packet, datagram: true, cancellationToken), SocketFlags.None, asker, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task<byte[]> ForwardAsync(byte[] packet, bool datagram, CancellationToken cancellationToken)
    {
        if (!await _forwarded.WaitAsync(TimeSpan.Zero, cancellationToken))
            return NameReply.Failure(packet, ReturnCode.ServerFailure);
        try
        {
            return await _forwarder.AskAsync(packet, datagram, cancellationToken) ?? NameReply.Failure(packet, ReturnCode.ServerFailure);
        }
        catch (NoResolverException)
        {
            return NameReply.Failure(packet, ReturnCode.Refused);
        }
        finally
        {
            _forwarded.Release();
        }
    }

    private async Task ServeConnectionsAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(cancellationToken);
                _ = ServeConnectionAsync(await AcceptAsync(cancellationToken), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _listener.AcceptAsync(cancellationToken);
            }
            catch (SocketException)
            {
                // Reset before it was accepted, or no descriptor left: neither may end the loop, nor make it spin.
                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
            }
        }
    }

    private async Task ServeConnectionAsync(Socket connection, CancellationToken cancellationToken)
    {
        try
        {
            using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            var asker = ((IPEndPoint)connection.RemoteEndPoint!).Address;
            while (true)
            {
                idle.CancelAfter(IdleConnection);
                if (await StreamMessage.ReadAsync(stream, idle.Token) is not { } packet)
                    return;
                var outcome = NameReply.Answer(_table, packet, asker, datagram: false, Interlocked.Increment(ref _turn));
                if (outcome is { Reply: null, Forward: false })
                    return;
                await StreamMessage.WriteAsync(stream, outcome.Reply ?? await ForwardAsync(packet, datagram: false, idle.Token), idle.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client's going, its silence, or ours at the end.
        }
        finally
        {
            connection.Dispose();
            _connections.Release();
        }
    }
}
