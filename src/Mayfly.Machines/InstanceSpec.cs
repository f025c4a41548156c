namespace Mayfly.Machines;

/// <summary>
/// One replica of one component, ready to run: everything a provider needs and nothing it must look up. Pure data.
/// Secrets appear by name only.
/// </summary>
public sealed record InstanceSpec
{
    /// <summary>Where commands are looked for unless <see cref="Environment"/> has another PATH.</summary>
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public required string Stack { get; init; }

    public required string Component { get; init; }

    /// <summary>Counts from 1.</summary>
    public required int Replica { get; init; }

    /// <summary>The machine (pod) that hosts it, such as <c>box</c> or <c>app-2</c>.</summary>
    public required string Machine { get; init; }

    /// <summary>The digest of all that makes the instance what it is; an instance whose key is unchanged is left running.</summary>
    public required string Key { get; init; }

    /// <summary>The image that it runs, by digest.</summary>
    public required string Image { get; init; }

    /// <summary>Keys of the image's layers in the store, lowest first.</summary>
    public required IReadOnlyList<string> Layers { get; init; }

    /// <summary>The argument vector of the main process.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Commands run in the instance before the main process, at every start, as the same user and with the same environment.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Prepare { get; init; } = [];

    /// <summary>User name inside the image.</summary>
    public string User { get; init; } = "root";

    public string WorkingDirectory { get; init; } = "/";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Secrets given as environment variables or files; see <see cref="SecretUse"/>.</summary>
    public IReadOnlyList<SecretUse> Secrets { get; init; } = [];

    /// <summary>Data directories that outlive the instance.</summary>
    public IReadOnlyList<VolumeUse> Volumes { get; init; } = [];

    /// <summary>Directories on a fresh tmpfs (below /run), made and owned before the start.</summary>
    public IReadOnlyList<RuntimeDirectory> RuntimeDirectories { get; init; } = [];

    public IReadOnlyList<PortSpec> Ports { get; init; } = [];

    public HealthCheck? Health { get; init; }

    /// <summary>Linux capabilities that it keeps, such as <c>CAP_CHOWN</c>; none unless asked for.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>How long it may take to stop before SIGKILL.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A port that the component listens on.</summary>
/// <param name="Port">TCP port inside the instance.</param>
/// <param name="Name">The service's name in SRV records: <c>http</c>, <c>postgresql</c>.</param>
public sealed record PortSpec(int Port, string Name);

/// <summary>A secret and where the instance finds it.</summary>
/// <param name="Secret">Its name in the stack's secret folder.</param>
/// <param name="Variable">The environment variable that gets it; null when it is a file.</param>
/// <param name="File">The absolute path of the file that holds it, on a tmpfs; null when it is a variable.</param>
/// <param name="Format">
/// The value with <c>{secret}</c> in it replaced, percent-encoded where it stands in a URL: <c>postgres://shop:{secret}@orders.shop.internal/orders</c>.
/// </param>
public sealed record SecretUse(string Secret, string? Variable, string? File, string Format = "{secret}");

/// <summary>A data directory.</summary>
/// <param name="Name">The volume's name, unique in the stack: <c>orders-1</c>.</param>
/// <param name="Path">Where the instance finds it.</param>
/// <param name="Owner">Owner and group by the image's own names, given when the volume is new.</param>
/// <param name="Mode">Mode bits given when the volume is new.</param>
public sealed record VolumeUse(string Name, string Path, string Owner = "root:root", int Mode = 0b111_101_101);

/// <summary>A directory on tmpfs made before the start.</summary>
public sealed record RuntimeDirectory(string Path, string Owner = "root:root", int Mode = 0b111_101_101);

/// <summary>How to tell that an instance does its work.</summary>
public sealed record HealthCheck
{
    public required HealthCheckKind Kind { get; init; }

    /// <summary>The port that TCP and HTTP checks connect to.</summary>
    public int Port { get; init; }

    /// <summary>The path that an HTTP check asks for; answers of 200 to 399 are healthy.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The Host header of an HTTP check; null means the component's own name.</summary>
    public string? Host { get; init; }

    /// <summary>What a command check runs inside the instance; exit code 0 is healthy.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Pause between two checks once healthy; while starting it is checked much more often.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a start may take before it has failed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(60);
}

public enum HealthCheckKind
{
    /// <summary>The port accepts a connection.</summary>
    Tcp,

    /// <summary>A GET request is answered with 200 to 399.</summary>
    Http,

    /// <summary>A command inside the instance ends with 0.</summary>
    Command,
}
