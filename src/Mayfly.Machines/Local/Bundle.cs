using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>An instance as the OCI runtime sees it: what is decided from specs and names alone, without touching the host.</summary>
internal static class Bundle
{
    /// <summary>Where the script that runs the prepare commands is bound; /run is a tmpfs, so no image has anything there.</summary>
    private const string StartScript = "/run/mayfly-start";

    // What would tell about, or change, the host: proc(5), sysfs(5).
    private static readonly string[] Masked =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    private static readonly string[] Unwritable = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static OciConfig Create(BundleInput input)
    {
        var spec = input.Label.Spec;
        return new OciConfig
        {
            Hostname = HostName(spec),
            Root = new OciRoot("rootfs"),
            Process = Process(input),
            Mounts = [.. SystemMounts(), .. RuntimeDirectories(input), .. FileMounts(input), .. VolumeMounts(input)],
            Linux = new OciLinux
            {
                Namespaces = [new("pid"), new("ipc"), new("uts"), new("mount"), new("cgroup"), new("network", input.NetworkNamespace)],
                CgroupsPath = ControlGroupOf(input.Label),
                // All devices are refused; the OCI runtime itself adds null, zero, full, random, urandom, tty and the terminals.
                Resources = new OciResources([new OciDeviceRule(false, "rwm")]),
                Seccomp = Seccomp.For(spec.Capabilities),
                MaskedPaths = Masked,
                ReadonlyPaths = Unwritable,
                // The namespace is the instance's own, so low ports and ping need no privilege there.
                Sysctl = new Dictionary<string, string>
                {
                    ["net.ipv4.ip_unprivileged_port_start"] = "0",
                    ["net.ipv4.ping_group_range"] = "0 2147483647",
                },
            },
        };
    }

    /// <summary>What runs a further command in an instance: the main process's user, environment and limits.</summary>
    public static OciProcess Command(OciProcess main, IReadOnlyList<string> command, bool terminal, TerminalSize? size) =>
        main with { Args = command, Terminal = terminal, ConsoleSize = terminal && size is { } known ? new OciSize(known.Rows, known.Columns) : null };

    public static string HostName(InstanceSpec spec) => $"{spec.Component}-{spec.Replica}";

    /// <summary>The pod's group holds the limits, the instance's below it tells its processes apart.</summary>
    public static string ControlGroupOf(InstanceLabel label) => $"{MachineGroupOf(label)}/{label.Id}";

    public static string MachineGroupOf(InstanceLabel label) => $"{ControlGroups.Top}/{label.Spec.Stack}/{label.Machine.Name}";

    /// <summary>The files that the instance sees in /etc, by name.</summary>
    public static IEnumerable<(string Name, string Text)> HostFiles(InstanceLabel label)
    {
        var name = HostName(label.Spec);
        var domain = label.Spec.Stack + ".internal";
        yield return ("hostname", name + "\n");
        yield return ("hosts", $"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{label.Address} {name}.{domain} {name}\n");
        yield return ("resolv.conf", Resolver(domain));
    }

    /// <summary>Has names looked for in a stack's zone, and asked of the host's agent.</summary>
    public static string Resolver(string domain) => $"nameserver {Network.DnsAddress}\nsearch {domain}\noptions timeout:2 attempts:4\n";

    /// <summary>Runs each prepare command, gives up at the first that fails, and becomes the main process. Null when there is nothing to prepare.</summary>
    public static string? Script(InstanceSpec spec) => spec.Prepare.Count == 0 ? null
        : string.Join('\n', ["#!/bin/sh", "set -e", .. spec.Prepare.Select(Words), "exec " + Words(spec.Command), ""]);

    private static string Words(IReadOnlyList<string> command) =>
        string.Join(' ', command.Select(word => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'"));

    private static OciProcess Process(BundleInput input)
    {
        var spec = input.Label.Spec;
        var user = input.Names.User(spec.User, spec.Component);
        Dictionary<string, string> environment = new()
        {
            ["PATH"] = InstanceSpec.DefaultPath,
            ["HOME"] = user.Home,
            ["USER"] = user.Name,
            ["LOGNAME"] = user.Name,
            ["LANG"] = "C.UTF-8",
        };
        foreach (var (name, value) in spec.Environment)
            environment[name] = value;
        foreach (var secret in spec.Secrets.Where(secret => secret.Variable is not null))
            environment[secret.Variable!] = input.SecretValue(secret);
        return new OciProcess
        {
            User = new OciUser(user.Id, user.Group, user.Groups),
            Args = spec.Prepare.Count == 0 ? spec.Command : ["/bin/sh", StartScript],
            Env = [.. environment.Select(variable => $"{variable.Key}={variable.Value}")],
            Cwd = spec.WorkingDirectory,
            Capabilities = new OciCapabilities(spec.Capabilities),
            Rlimits =
            [
                new OciLimit("RLIMIT_CORE", 0, 0),
                // A soft limit much higher makes programs slow that close every possible descriptor.
                new OciLimit("RLIMIT_NOFILE", Math.Min(16384, input.MostOpenFiles), Math.Min(524288, input.MostOpenFiles)),
            ],
        };
    }

    private static IEnumerable<OciMount> SystemMounts() =>
    [
        new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        new("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777"]),
        new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
        new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
        new("/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=1777"]),
        new("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755"]),
        new("/run/lock", "tmpfs", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=5120k"]),
    ];

    // A tmpfs each, because a mount can be born with an owner: nothing has to run as root inside to make the directory.
    private static IEnumerable<OciMount> RuntimeDirectories(BundleInput input) =>
        from directory in input.Label.Spec.RuntimeDirectories
        orderby directory.Path.Count(c => c == '/') // parents before what lies in them
        let owner = input.Names.Owner(directory.Owner, $"{input.Label.Spec.Component}, directory {directory.Path}")
        select new OciMount(directory.Path, "tmpfs", "tmpfs",
            ["nosuid", "nodev", $"mode={Convert.ToString(directory.Mode, 8)}", $"uid={owner.User}", $"gid={owner.Group}"]);

    private static IEnumerable<OciMount> FileMounts(BundleInput input)
    {
        string[] readOnly = ["bind", "ro", "nosuid", "nodev"];
        foreach (var (name, _) in HostFiles(input.Label))
            yield return new OciMount("/etc/" + name, "bind", Path.Combine(input.Folder, name), readOnly);
        if (input.Label.Spec.Prepare.Count > 0)
            yield return new OciMount(StartScript, "bind", Path.Combine(input.Folder, "start"), readOnly);
        var n = 0;
        foreach (var secret in input.Label.Spec.Secrets.Where(secret => secret.File is not null))
            yield return new OciMount(secret.File!, "bind", Path.Combine(input.Folder, "secrets", $"{n++}"), ["bind", "ro", "nosuid", "nodev", "noexec"]);
    }

    private static IEnumerable<OciMount> VolumeMounts(BundleInput input) =>
        from volume in input.Label.Spec.Volumes
        orderby volume.Path.Count(c => c == '/')
        select new OciMount(volume.Path, "bind", input.VolumePath(volume), ["bind", "rw", "nosuid", "nodev"]);
}

/// <summary>All that a bundle is made from.</summary>
internal sealed record BundleInput
{
    public required InstanceLabel Label { get; init; }

    /// <summary>The folder that holds the bundle and the files that are bound into the instance.</summary>
    public required string Folder { get; init; }

    public required ImageNames Names { get; init; }

    /// <summary>A path that leads to the network namespace while the instance is created.</summary>
    public required string NetworkNamespace { get; init; }

    /// <summary>The host's hard limit of open files, which nothing may exceed.</summary>
    public required ulong MostOpenFiles { get; init; }

    /// <summary>The secret, put into its format.</summary>
    public required Func<SecretUse, string> SecretValue { get; init; }

    /// <summary>The volume's folder on the host.</summary>
    public required Func<VolumeUse, string> VolumePath { get; init; }
}
