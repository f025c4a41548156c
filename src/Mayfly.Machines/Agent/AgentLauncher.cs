using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mayfly.Linux;
using Mayfly.Machines.Local;
using Mayfly.Machines.Names;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>
/// Finds the agent of this host, or starts it.
/// </summary>
/// <remarks>
/// What starts is a watchdog, a loop of /bin/sh in a session of its own, and under it the agent. The launcher opens the control
/// socket, the two DNS sockets and the lock, and the watchdog keeps them open over the agents' deaths: what arrives while there is no
/// agent waits in the sockets' queues and is answered by the next one, a moment later. One launcher at a time works (launch.lock);
/// one watchdog exists (agent.lock, held through the inherited descriptor, so the kernel frees it when watchdog and agent are gone).
/// Why a shell: it is on every host, is small, and there is nothing in it that could fail; it needs no runtime of its own.
/// </remarks>
internal sealed class AgentLauncher(Store store, RuntimePrograms programs, string runFolder)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// $1 is dotnet, $2 leads to the current copy, $3 is the log. The copy's real folder is named to the agent, as what
    /// <c>current</c> leads to may change while it runs. An agent that dies within two seconds, twenty times in a row, is given up.
    /// </summary>
    private const string Watchdog = """
        exec >>"$3" 2>&1
        cd /
        quick=0
        while :; do
            began=$(date +%s)
            copy=$(cd -P "$2" && pwd -P) || exit 1
            "$1" exec "$copy/Mayfly.Agent.dll"
            code=$?
            case $code in
                0) exit 0 ;;
                75) continue ;;
            esac
            echo "the agent ended with code $code" >&2
            if [ $(($(date +%s) - began)) -lt 2 ]; then quick=$((quick + 1)); else quick=0; fi
            [ $quick -lt 20 ] || { echo "the agent does not stay: given up" >&2; exit 1; }
            [ $quick -lt 3 ] || sleep 1
        done
        """;

    /// <summary>How long an agent of another store is given to end by itself, as one does that has nothing to do.</summary>
    private static readonly TimeSpan OtherStore = TimeSpan.FromSeconds(5);

    private readonly AgentPaths _paths = new(runFolder);
    private AgentPlan? _plan;

    /// <summary>Opens the sockets and starts the watchdog, on a thread of a test's choosing: in a network of its own.</summary>
    internal Action<Action> Within { get; init; } = launch => launch();

    /// <summary>A connection to an agent of this very version, started when there is none.</summary>
    public async Task<AgentConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Inheritance.EffectiveUser != 0)
            throw new MayflyException("running instances needs root", "run it with sudo, as in: sudo mayfly up");
        _plan ??= AgentCopy.Plan(AppContext.BaseDirectory, store, programs, runFolder);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (true)
            {
                if (await AgentConnection.TryConnectAsync(_paths.Socket, patience.Token) is not { } connection)
                    await StartAsync(patience.Token);
                else if (connection.Agent.Identity == _plan.Settings.Identity)
                    return connection;
                else if (connection.Agent.Store != store.Root)
                    await LeaveAsync(connection, patience.Token);
                else
                    await TakeOverAsync(connection, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MayflyException($"the agent of this host does not answer on {_paths.Socket} within {Patience.TotalSeconds:0} s", $"its log says why: {_paths.Log}");
        }
    }

    /// <summary>Starts a watchdog over descriptors that are open; they become its and the agent's 3, 4, 5 and 6.</summary>
    /// <param name="copy">Leads to the agent's copy.</param>
    public static void StartWatchdog(string copy, AgentPaths paths, IReadOnlyList<SafeHandle> descriptors)
    {
        var dotnet = DotnetHost();
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        AgentLog.Bound(paths.Log);
        Dictionary<string, string> environment = new()
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["DOTNET_ROOT"] = Path.GetDirectoryName(dotnet)!,
            ["LC_ALL"] = "C.UTF-8",
            // The youngest generation would else grow to the size of the processor's cache before it is looked at: 2 MiB, in hexadecimal.
            ["DOTNET_GCgen0size"] = "200000",
            // Compiled code would else be mapped twice, once to write and once to run, and both count.
            ["DOTNET_EnableWriteXorExecute"] = "0",
            // An arena of the C library for each thread that allocates is mostly empty.
            ["MALLOC_ARENA_MAX"] = "1",
        };
        ChildProcess.Start(["/bin/sh", "-c", Watchdog, "mayfly-watchdog", dotnet, copy, paths.Log], environment, [nothing, nothing, nothing, .. descriptors], newSession: true);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(runFolder);
        using var launching = await LockAsync(_paths.LaunchLock, cancellationToken);
        // Another command may have been first.
        if (await AgentConnection.TryConnectAsync(_paths.Socket, cancellationToken) is { } connection)
        {
            await connection.DisposeAsync();
            return;
        }

        // Found out here, where it costs nothing to those who find an agent: what is missing would else be told as the first component's failure.
        HostRequirements.Require(store, programs);
        // One that is ending still holds this until it is gone.
        using var held = await LockAsync(_paths.Lock, cancellationToken);
        var current = AgentCopy.Install(_plan!, store);
        Within(() => Launch(current, held));
    }

    private void Launch(string current, SafeHandle held)
    {
        using var datagrams = BindNames(SocketType.Dgram);
        using var listener = BindNames(SocketType.Stream);
        using var control = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // .NET removes the name that a socket was bound to when it is disposed here: the name that lasts is another one.
        var bound = _paths.Socket + ".new";
        File.Delete(bound);
        control.Bind(new UnixDomainSocketEndPoint(bound));
        Files.ChangeMode(bound, 0x180 /* 0600 */);
        control.Listen(64);
        Files.Rename(bound, _paths.Socket);
        StartWatchdog(current, _paths, [control.SafeHandle, datagrams.SafeHandle, listener.SafeHandle, held]);
    }

    /// <summary>One host has one agent, and that one another store: its stacks must go first, or ours must be in its store.</summary>
    private async Task LeaveAsync(AgentConnection connection, CancellationToken cancellationToken)
    {
        var other = connection.Agent.Store;
        await connection.DisposeAsync();
        for (var until = DateTime.UtcNow + OtherStore; DateTime.UtcNow < until; await Task.Delay(100, cancellationToken))
        {
            if (!File.Exists(_paths.Socket))
                return;
        }

        throw new MayflyException($"the agent of this host works with the store {other}, and this command with {store.Root}",
            $"set MAYFLY_STORE={other}, or take down what runs from there");
    }

    /// <summary>Has an agent of another version replaced by ours. What runs goes on meanwhile.</summary>
    private async Task TakeOverAsync(AgentConnection connection, CancellationToken cancellationToken)
    {
        await using (connection)
        {
            if (connection.Agent.Protocol != AgentProgram.Protocol)
                AgentLog.Write($"the agent speaks version {connection.Agent.Protocol} of the protocol and is replaced");
            using var launching = await LockAsync(_paths.LaunchLock, cancellationToken);
            AgentCopy.Install(_plan!, store);
            var until = DateTime.UtcNow + TimeSpan.FromSeconds(20);
            while (true)
            {
                try
                {
                    await connection.AskAsync(new HandOverRequest(), null, cancellationToken);
                    break;
                }
                catch (MayflyException) when (DateTime.UtcNow < until && connection.IsOpen)
                {
                    await Task.Delay(200, cancellationToken);
                }
            }

            await connection.Closed.WaitAsync(cancellationToken);
        }
    }

    private static Socket BindNames(SocketType type)
    {
        const int IpLevel = 0, FreeBind = 15, SocketLevel = 1, ReceiveBufferForce = 33;
        var socket = new Socket(AddressFamily.InterNetwork, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        try
        {
            // The address comes with the first stack's network; a socket may wait for it.
            socket.SetRawSocketOption(IpLevel, FreeBind, BitConverter.GetBytes(1));
            if (type == SocketType.Dgram)
                // Room for the queries of a whole restart of the agent; the ordinary limit holds some two hundred.
                socket.SetRawSocketOption(SocketLevel, ReceiveBufferForce, BitConverter.GetBytes(4 << 20));
            socket.Bind(new IPEndPoint(NameServer.Address, 53));
            if (type == SocketType.Stream)
                socket.Listen(128);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new MayflyException($"port 53 of {NameServer.Address} cannot be opened for the stacks' names: {e.Message}",
                "another name server holds port 53 of every address ('ss -lpn sport = 53' shows it): let it listen on its own addresses only", e);
        }
    }

    private static async Task<SafeHandle> LockAsync(string path, CancellationToken cancellationToken)
    {
        var file = FileHandles.OpenOrCreate(path, 0x180 /* 0600 */);
        try
        {
            while (!Files.Lock(file, exclusive: true, wait: false))
                await Task.Delay(20, cancellationToken);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The dotnet program: the one that runs us, else DOTNET_ROOT's, else the first on PATH.</summary>
    private static string DotnetHost()
    {
        IEnumerable<string?> candidates =
        [
            Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath : null,
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH"),
            Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, "dotnet") : null,
            // The framework that runs us lies in shared/Microsoft.NETCore.App/VERSION below its dotnet.
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")),
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "dotnet")),
            "/usr/bin/dotnet", "/usr/lib/dotnet/dotnet", "/usr/share/dotnet/dotnet",
        ];
        var found = candidates.FirstOrDefault(candidate => candidate is not null && File.Exists(candidate))
            ?? throw new MayflyException("the program 'dotnet' is not found", "set DOTNET_ROOT to the folder of the .NET 10 SDK or runtime");
        // A link on PATH says nothing of where the runtime is.
        return new FileInfo(found).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(found);
    }
}
