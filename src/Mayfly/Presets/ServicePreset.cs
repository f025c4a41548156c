using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>
/// What is known of one server program: how Debian's package of it is run as a plain user, in a container of its own, without
/// systemd and without capabilities. Pure data: presets are the only place that knows a server by name; whatever they say
/// could as well be said in <c>stack.cs</c> with the general component.
/// </summary>
/// <remarks>
/// Every preset keeps to the same rules. The configuration belongs to the image, what must survive belongs to a volume, and
/// what must not (pid files, sockets) belongs below /run. The program stays in the foreground and its log goes to standard
/// output and error. It listens on the wildcard address, and names its peers by hostname alone.
/// </remarks>
public sealed record ServicePreset
{
    /// <summary>Packages to install.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    /// <summary>Files that must be there before the packages' scripts run.</summary>
    public IReadOnlyList<ImageFile> Before { get; init; } = [];

    /// <summary>The configuration, put into the image after the packages.</summary>
    public IReadOnlyList<ImageFile> Files { get; init; } = [];

    /// <summary>Commands run once, at build time, after <see cref="Files"/> and whatever the user has copied in.</summary>
    public IReadOnlyList<CommandStep> Build { get; init; } = [];

    /// <summary>The argument vector of the main process.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Commands run before the main process at every start, as the same user and with the same environment.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Prepare { get; init; } = [];

    /// <summary>The user of the main process, by the image's own names.</summary>
    public required string User { get; init; }

    public string WorkingDirectory { get; init; } = "/";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Secrets that the server itself needs; Mayfly makes one up when the stack has none of that name.</summary>
    public IReadOnlyList<SecretUse> Secrets { get; init; } = [];

    public IReadOnlyList<RuntimeDirectory> RuntimeDirectories { get; init; } = [];

    /// <summary>Data directories that outlive the instance.</summary>
    public IReadOnlyList<ServiceVolume> Volumes { get; init; } = [];

    public required IReadOnlyList<PortSpec> Ports { get; init; }

    public HealthCheck? Health { get; init; }

    public string StopSignal { get; init; } = "SIGTERM";

    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a component that uses this one is told, as environment variables.</summary>
    public IReadOnlyList<ServiceOffer> Offers { get; init; } = [];
}

/// <summary>A data directory of a preset; the stack gives it a name for each replica.</summary>
/// <param name="Path">Where the server finds it.</param>
/// <param name="Owner">Owner and group by the image's own names, given when the volume is new.</param>
/// <param name="Mode">Mode bits given when the volume is new.</param>
public sealed record ServiceVolume(string Path, string Owner, int Mode);

/// <summary>An environment variable that a user of the component gets.</summary>
/// <param name="Variable"><c>DATABASE_URL</c>, <c>CACHE_URL</c>.</param>
/// <param name="Format">
/// Its value, in which <c>{host}</c> stands for the component's full hostname and <c>{secret}</c> for the value of
/// <paramref name="Secret"/>, percent-encoded: <c>postgres://orders:{secret}@{host}:5432/orders</c>.
/// </param>
/// <param name="Secret">The secret's name, or null when the value holds none.</param>
public sealed record ServiceOffer(string Variable, string Format, string? Secret = null);
