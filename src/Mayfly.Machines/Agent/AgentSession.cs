using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mayfly.Machines.Agent;

/// <summary>One connection of a command: its requests run side by side, and what it has on trial ends with it.</summary>
internal sealed class AgentSession(AgentServer server, Socket connection)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, CancellationTokenSource> _running = [];
    private readonly HashSet<string> _touched = [];
    private readonly List<SupervisedInstance> _started = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly List<Task> _requests = [];
    private readonly Dictionary<string, Task> _turns = new(StringComparer.Ordinal);

    /// <summary>A stack is this command's to change.</summary>
    public bool IsChanging
    {
        get
        {
            lock (_gate)
                return _turns.Count > 0;
        }
    }

    /// <summary>A request is under way.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_gate)
                return _running.Count > 0;
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(connection, ownsSocket: true);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
            while (await reader.ReadLineAsync(ending.Token) is { } line)
            {
                if (JsonSerializer.Deserialize(line, AgentJson.Default.AgentRequest) is not { } request)
                    return;
                if (request is CancelRequest cancel)
                    Cancel(cancel.Request);
                else
                    Begin(request, stream, ending.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or JsonException or NotSupportedException)
        {
            // A client that went away, or one that speaks something else: nothing to say to either.
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(Requests());
            // At a hand-over there is nothing on trial; at any other end of the agent the next one ends what was.
            if (!cancellationToken.IsCancellationRequested)
                await TidyAsync();
            foreach (var (stack, turn) in _turns)
            {
                if (turn.IsCompletedSuccessfully)
                    server.Turns.Return(stack);
            }
        }
    }

    private async Task TidyAsync()
    {
        await server.Supervisor.EndTrialsAsync(_started);
        foreach (var stack in _touched)
        {
            try
            {
                await server.Supervisor.ReconcileAsync(stack, CancellationToken.None);
            }
            catch (Exception e) when (e is MayflyException or IOException)
            {
                AgentLog.Write($"{stack}: {e.Message}");
            }
        }
    }

    private Task[] Requests()
    {
        lock (_gate)
            return [.. _requests];
    }

    private void Cancel(int id)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(id, out var source))
                source.Cancel();
        }
    }

    private void Begin(AgentRequest request, Stream stream, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_gate)
        {
            _running[request.Id] = source;
            _requests.RemoveAll(done => done.IsCompleted);
            _requests.Add(Task.Run(() => AnswerAsync(request, stream, source), CancellationToken.None));
        }
    }

    private async Task AnswerAsync(AgentRequest request, Stream stream, CancellationTokenSource source)
    {
        AgentReply reply;
        try
        {
            reply = await HandleAsync(request, activity => WriteAsync(stream, new ProgressReply(activity) { Id = request.Id }), source.Token);
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
            reply = new FailedReply("cancelled", null);
        }
        catch (Exception e) when (HostRefusal.Explain(e) is { } refusal)
        {
            reply = new FailedReply(refusal.Message, refusal.Hint);
        }
        catch (Exception e)
        {
            AgentLog.Write(e.ToString());
            reply = new FailedReply($"the agent failed at '{request.GetType().Name}': {e.Message}", null, e.ToString());
        }

        lock (_gate)
            _running.Remove(request.Id);
        source.Dispose();
        await WriteAsync(stream, reply with { Id = request.Id });
        if (reply is DoneReply && request is HandOverRequest)
            server.EndForHandOver();
    }

    private async Task<AgentReply> HandleAsync(AgentRequest request, Func<Activity, Task> progress, CancellationToken cancellationToken)
    {
        if (request is HelloRequest)
            return new HelloReply(AgentProgram.Protocol, server.Identity, Environment.ProcessId, server.Store);
        await server.Ready.WaitAsync(cancellationToken);
        var supervisor = server.Supervisor;
        if (StackChangedBy(request) is { } changed)
            await TurnAsync(changed, cancellationToken);
        switch (request)
        {
            case HandOverRequest:
                return server.CanHandOver(this) ? new DoneReply()
                    : new FailedReply("another command is at work through the agent of another version", "wait until it has ended, and run this one again");
            case ListRequest list:
                return new InstancesReply(supervisor.List(list.Stack));
            case ReadGenerationRequest read:
                return new GenerationReply(supervisor.ReadGeneration(read.Stack));
            case BeginRequest:
                return new DoneReply();
            case StartRequest start:
                var what = $"start {start.Instance.Component}-{start.Instance.Replica}";
                await progress(new Activity(what, "starting"));
                var instance = await supervisor.StartAsync(start.Instance, start.Machine, start.View, Own, cancellationToken);
                await progress(new Activity(what, "healthy") { Ended = true });
                return new InstanceReply(instance.Describe());
            case RunRequest run:
                return new CommandReply(await supervisor.RunAsync(run.Instance, run.Machine, run.View, cancellationToken));
            case StopRequest stop:
                Touch(supervisor.StackOf(stop.Instance));
                await supervisor.StopAsync(stop.Instance, stop.Drain, cancellationToken);
                return new DoneReply();
            case SetNamesRequest names:
                Touch(names.Stack);
                await supervisor.SetNamesAsync(names.Stack, names.View, names.Instances, cancellationToken);
                return new DoneReply();
            case CopyVolumesRequest copy:
                await supervisor.CopyVolumesAsync(copy.Stack, copy.View, cancellationToken);
                return new DoneReply();
            case EndViewRequest end:
                await supervisor.EndViewAsync(end.Stack, end.View, cancellationToken);
                return new DoneReply();
            case CommitRequest commit:
                await supervisor.CommitAsync(commit.Generation, commit.Instances, cancellationToken);
                Settled(commit.Generation.Stack);
                return new DoneReply();
            case RemoveRequest remove:
                await supervisor.RemoveAsync(remove.Stack, remove.Volumes, cancellationToken);
                return new DoneReply();
            default:
                return new FailedReply($"the agent does not know '{request.GetType().Name}'", null);
        }
    }

    private string? StackChangedBy(AgentRequest request) => request switch
    {
        BeginRequest begin => begin.Stack,
        StartRequest start => start.Instance.Stack,
        RunRequest run => run.Instance.Stack,
        StopRequest stop => server.Supervisor.StackOf(stop.Instance),
        SetNamesRequest names => names.Stack,
        CopyVolumesRequest copy => copy.Stack,
        EndViewRequest end => end.Stack,
        CommitRequest commit => commit.Generation.Stack,
        RemoveRequest remove => remove.Stack,
        _ => null,
    };

    private async Task TurnAsync(string stack, CancellationToken cancellationToken)
    {
        Task turn;
        lock (_gate)
        {
            // A wait that was cancelled is begun anew by the next request.
            if (!_turns.TryGetValue(stack, out turn!) || turn.IsCanceled)
                _turns[stack] = turn = server.Turns.TakeAsync(stack, cancellationToken);
        }

        await turn;
    }

    private void Own(SupervisedInstance instance)
    {
        lock (_gate)
            _started.Add(instance);
    }

    /// <summary>What this command changes of a stack is put right again should it go away before it commits.</summary>
    private void Touch(string stack)
    {
        lock (_gate)
            _touched.Add(stack);
    }

    private void Settled(string stack)
    {
        lock (_gate)
            _touched.Remove(stack);
    }

    private async Task WriteAsync(Stream stream, AgentReply reply)
    {
        await _writing.WaitAsync();
        try
        {
            await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(reply, AgentJson.Default.AgentReply), (byte)'\n']);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader notices the end of the connection and tidies up.
        }
        finally
        {
            _writing.Release();
        }
    }
}
