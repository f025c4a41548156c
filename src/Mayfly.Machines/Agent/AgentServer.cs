using System.Net.Sockets;
using Mayfly.Linux;

namespace Mayfly.Machines.Agent;

/// <summary>Accepts commands on the control socket until it is told to end, or nobody needs it any more.</summary>
/// <remarks>
/// What it keeps: the open sessions. How it ends: when nothing runs, nothing should run and nobody has been connected for a moment, or
/// when a newer version asks for the place. The listening socket belongs to the watchdog too, so a command that connects
/// between two agents waits in its backlog.
/// </remarks>
internal sealed class AgentServer(Socket listener, Supervisor supervisor, string identity, string store, TimeSpan idle)
{
    private readonly int _owner = Inheritance.EffectiveUser;
    private readonly Lock _gate = new();
    private readonly HashSet<AgentSession> _sessions = [];
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _busyAt = Environment.TickCount64;

    public Supervisor Supervisor => supervisor;

    public StackTurns Turns { get; } = new();

    public string Identity => identity;

    public string Store => store;

    /// <summary>Completes when the first look at what runs has been taken; requests wait for it.</summary>
    public required Task Ready { get; init; }

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var accepting = AcceptAsync(ending.Token);
        var watching = WatchIdleAsync(ending.Token);
        await using (cancellationToken.Register(() => _ended.TrySetResult(0)))
        {
            var code = await _ended.Task;
            await ending.CancelAsync();
            await Task.WhenAll(accepting, watching);
            return code;
        }
    }

    /// <summary>False while a command is at work whose instances would end with its connection.</summary>
    public bool CanHandOver(AgentSession asking)
    {
        lock (_gate)
            return !supervisor.HasTrials && !_sessions.Any(session => session != asking && (session.IsBusy || session.IsChanging));
    }

    /// <summary>Ends the agent for another version to take its place.</summary>
    public void EndForHandOver() => _ended.TrySetResult(AgentProgram.HandOverCode);

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Socket connection;
            try
            {
                connection = await listener.AcceptAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(10, CancellationToken.None);
                continue;
            }

            // The socket's mode says the same; the kernel's word does not depend on a folder's mode staying as it was.
            if (PeerUser(connection) != _owner)
            {
                AgentLog.Write($"refused a connection of user {PeerUser(connection)}");
                connection.Dispose();
                continue;
            }

            var session = new AgentSession(this, connection);
            lock (_gate)
                _sessions.Add(session);
            _ = ServeAsync(session, cancellationToken);
        }
    }

    private async Task ServeAsync(AgentSession session, CancellationToken cancellationToken)
    {
        try
        {
            await session.RunAsync(cancellationToken);
        }
        catch (Exception e)
        {
            AgentLog.Write($"a session ended: {e}");
        }
        finally
        {
            lock (_gate)
            {
                _sessions.Remove(session);
                _busyAt = Environment.TickCount64;
            }

            // What a change took is given back at once: the next one may be days away, and nothing else would make the collector look.
            if (session.IsChanging)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    private async Task WatchIdleAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (!Ready.IsCompleted)
                    continue;
                lock (_gate)
                {
                    if (_sessions.Count > 0 || !supervisor.IsIdle)
                        _busyAt = Environment.TickCount64;
                    else if (Environment.TickCount64 - _busyAt >= idle.TotalMilliseconds)
                        _ended.TrySetResult(0);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>The user at the other end, as the kernel knows it (SO_PEERCRED, unix(7)).</summary>
    private static int PeerUser(Socket connection)
    {
        const int SocketLevel = 1, PeerCredentials = 17;
        Span<byte> credentials = stackalloc byte[12];
        return connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == 12 ? BitConverter.ToInt32(credentials[4..8]) : -1;
    }
}
