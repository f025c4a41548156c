using System.Net.Sockets;
using Mayfly.Linux;
using Mayfly.Machines.Names;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>The agent's main: takes the descriptors that the watchdog holds, takes up what runs, and serves.</summary>
public static class AgentProgram
{
    /// <summary>The version of the socket's language.</summary>
    internal const int Protocol = 1;

    /// <summary>Exit code that tells the watchdog to start what is current now (EX_TEMPFAIL of sysexits.h).</summary>
    internal const int HandOverCode = 75;

    // What the watchdog inherits from the launcher and hands down, see AgentLauncher.
    internal const int ControlDescriptor = 3, DatagramDescriptor = 4, StreamDescriptor = 5, LockDescriptor = 6;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    /// <summary>Runs the agent of this copy's <c>agent.json</c> to its end.</summary>
    /// <returns>0 when nothing is left to do, <see cref="HandOverCode"/> to be replaced; anything else is a failure.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments.Length > 0)
        {
            Console.Error.WriteLine("The Mayfly agent is started by the mayfly commands, and takes no arguments.");
            return 2;
        }

        var settings = AgentSettings.Read(AppContext.BaseDirectory);
        var paths = new AgentPaths(settings.RunFolder);
        var watchdog = Inheritance.ParentProcessId;
        using var control = Inherited(ControlDescriptor);
        using var datagrams = Inherited(DatagramDescriptor);
        using var listener = Inherited(StreamDescriptor);
        using var held = new Microsoft.Win32.SafeHandles.SafeFileHandle(LockDescriptor, ownsHandle: true);
        Inheritance.End(held);
        AgentLog.Bound(paths.Log);
        AgentLog.Write($"agent {settings.Identity[..12]} runs as process {Environment.ProcessId}");

        using var ending = new CancellationTokenSource();
        var store = Store.Open(settings.Store);
        var names = new NameServer(datagrams, listener);
        var host = new LocalHost(store, settings.Programs, settings.RunFolder);
        var supervisor = new Supervisor(host, new GenerationStore(store), TimeProvider.System, table => names.Table = table);
        var abandoned = supervisor.TakeUp();
        // Only now: a query that is answered before the names are known would be denied, and denials are cached.
        var naming = names.RunAsync(ending.Token);
        var server = new AgentServer(control, supervisor, settings.Identity, settings.Store, Idle) { Ready = supervisor.SettleAsync(abandoned, ending.Token) };
        var serving = server.RunAsync(ending.Token);
        var orphaned = WatchParentAsync(watchdog, ending.Token);
        var maintaining = MaintainAsync(host, paths, ending.Token);

        await Task.WhenAny(serving, orphaned);
        var code = serving.IsCompleted ? await serving : HandOverCode;
        if (code == 0)
            File.Delete(paths.Socket);
        await supervisor.LetGoAsync();
        await ending.CancelAsync();
        await Task.WhenAll(serving, naming, maintaining);
        if (orphaned.IsCompletedSuccessfully)
            AgentLauncher.StartWatchdog(AgentCopy.Current(store), paths, [control.SafeHandle, datagrams.SafeHandle, listener.SafeHandle, held]);
        AgentLog.Write($"agent ends with code {code}");
        return code;
    }

    /// <summary>Completes when the watchdog has died: then nobody would start the next agent.</summary>
    private static async Task WatchParentAsync(int watchdog, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (Inheritance.ParentProcessId == watchdog)
                continue;
            AgentLog.Write("the watchdog has died");
            return;
        }
    }

    /// <summary>Once in a while: logs that have grown, and rules that another program has flushed.</summary>
    private static async Task MaintainAsync(LocalHost host, AgentPaths paths, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                AgentLog.Bound(paths.Log);
                await host.MaintainAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static Socket Inherited(int descriptor)
    {
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        Inheritance.End(handle);
        return new Socket(handle);
    }
}
