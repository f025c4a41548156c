using System.Net.Sockets;
using Mayfly.Machines.Agent;
using Mayfly.Machines.Names;
using Mayfly.Packages;

namespace Mayfly.Machines.Tests.Agent;

/// <summary>An agent in this process on a pretended host, reached through a real socket.</summary>
internal sealed class PretendAgent : IAsyncDisposable
{
    private static readonly SupervisionPolicy Quick = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(5),
        LongestPause = TimeSpan.FromMilliseconds(20),
        StartingInterval = TimeSpan.FromMilliseconds(5),
    };

    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"agent-{Guid.NewGuid():n}.sock");
    private readonly bool _ownsFolder;

    public PretendAgent(PretendHost host, string? folder = null, TimeSpan? idle = null)
    {
        Host = host;
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("mayfly-agent-").FullName;
        var store = Store.Open(Folder);
        Generations = new GenerationStore(store);
        Supervisor = new Supervisor(host, Generations, TimeProvider.System, table => Names = table, Quick);
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        Server = new AgentServer(_listener, Supervisor, "feedbeef", Folder, idle ?? TimeSpan.FromMinutes(1)) { Ready = Supervisor.SettleAsync(Supervisor.TakeUp(), _ending.Token) };
        Running = Server.RunAsync(_ending.Token);
    }

    public PretendHost Host { get; }

    public string Folder { get; }

    public GenerationStore Generations { get; }

    public Supervisor Supervisor { get; }

    public AgentServer Server { get; }

    public Task<int> Running { get; }

    public NameTable Names { get; private set; } = NameTable.Empty;

    public string SocketPath => _path;

    public async Task<AgentConnection> ConnectAsync() => (await AgentConnection.TryConnectAsync(_path, TestContext.Current.CancellationToken))!;

    /// <summary>As SIGKILL would: nothing is ended, nothing is tidied.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Running;
        await Supervisor.LetGoAsync();
        _listener.Dispose();
        File.Delete(_path);
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }

    public static InstanceSpec Spec(string component, int replica = 1, string key = "k1", HealthCheck? health = null) => new()
    {
        Stack = "shop",
        Component = component,
        Replica = replica,
        Machine = "box",
        Key = key,
        Image = "sha256:0",
        Layers = [],
        Command = ["/bin/serve"],
        Ports = [new PortSpec(80, "http")],
        Health = health ?? new HealthCheck { Kind = HealthCheckKind.Tcp, Port = 80, Interval = TimeSpan.FromMilliseconds(50) },
    };

    public static Generation Generation(int number, params InstanceSpec[] specs) => new()
    {
        Number = number,
        Stack = "shop",
        Key = $"g{number}",
        Machines = [new MachineSpec("box")],
        Instances = specs,
        Published = [new PublishedPort(8080, "web", 80)],
    };
}
