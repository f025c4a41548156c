using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mayfly.Machines.Agent;

/// <summary>The client's end of a connection to the agent; many requests at once share it.</summary>
internal sealed class AgentConnection : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (TaskCompletionSource<AgentReply> Answer, Action<Activity>? Progress)> _waiting = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _last;

    private AgentConnection(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _ = ReadAsync();
    }

    /// <summary>What the agent said of itself.</summary>
    public HelloReply Agent { get; private set; } = null!;

    public bool IsOpen => !_closed.Task.IsCompleted;

    /// <summary>Completes when the agent has gone.</summary>
    public Task Closed => _closed.Task;

    /// <returns>Null when there is no agent, or it ends just now.</returns>
    public static async Task<AgentConnection?> TryConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            socket.Dispose();
            throw new MayflyException($"the agent's socket {path} is not ours to use", "run it with sudo, as in: sudo mayfly up", e);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        var connection = new AgentConnection(socket);
        try
        {
            connection.Agent = (HelloReply)await connection.AskAsync(new HelloRequest(), null, cancellationToken);
            return connection;
        }
        catch (AgentGoneException)
        {
            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks and waits for the answer. Cancelling tells the agent to stop too.</summary>
    /// <exception cref="AgentGoneException">The connection ended before the answer came.</exception>
    /// <exception cref="MayflyException">The agent's own message and hint.</exception>
    public async Task<AgentReply> AskAsync(AgentRequest request, Action<Activity>? progress, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<AgentReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        int id;
        lock (_gate)
        {
            if (!IsOpen)
                throw new AgentGoneException();
            id = ++_last;
            _waiting.Add(id, (answer, progress));
        }

        await WriteAsync(request with { Id = id });
        await using (cancellationToken.Register(() => _ = WriteAsync(new CancelRequest(id))))
        {
            // The answer is waited for even then: the agent has ended what it began when it comes.
            var reply = await answer.Task;
            cancellationToken.ThrowIfCancellationRequested();
            return reply switch
            {
                FailedReply { Bug: { } bug } failed => throw new InvalidOperationException($"{failed.Message}\n--- in the agent ---\n{bug}"),
                FailedReply failed => throw new MayflyException(failed.Message, failed.Hint),
                _ => reply,
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _closed.Task;
    }

    private async Task WriteAsync(AgentRequest request)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, AgentJson.Default.AgentRequest), (byte)'\n']);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader sees the same end, and answers everybody who waits.
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (JsonSerializer.Deserialize(line, AgentJson.Default.AgentReply) is { } reply)
                    Deliver(reply);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or JsonException or NotSupportedException)
        {
            // Gone, or speaking another language: either way nobody gets an answer from it.
        }

        lock (_gate)
        {
            _closed.TrySetResult();
            foreach (var (answer, _) in _waiting.Values)
                answer.TrySetException(new AgentGoneException());
            _waiting.Clear();
        }
    }

    private void Deliver(AgentReply reply)
    {
        (TaskCompletionSource<AgentReply> Answer, Action<Activity>? Progress) request;
        lock (_gate)
        {
            if (!_waiting.TryGetValue(reply.Id, out request))
                return;
            if (reply is not ProgressReply)
                _waiting.Remove(reply.Id);
        }

        if (reply is ProgressReply progress)
            request.Progress?.Invoke(progress.Activity);
        else
            request.Answer.TrySetResult(reply);
    }
}

/// <summary>The agent ended while a command waited for it.</summary>
internal sealed class AgentGoneException()
    : MayflyException("the agent ended while it was at work", "what was live goes on running: run the command again, it finishes the job");
