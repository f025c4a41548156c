using System.Net;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>What running instances needs of this host, tried out rather than looked up: a kernel's configuration says nothing about modules, containers and policies.</summary>
public static class HostRequirements
{
    /// <summary>
    /// Every requirement, met or not, in the order in which they should be mended. What it makes to try is gone afterwards.
    /// </summary>
    /// <param name="store">Whose file system is to hold writable layers.</param>
    /// <param name="programs">Null while they are not fetched: translation of ports is not tried then.</param>
    public static IReadOnlyList<HostRequirement> Check(Store? store = null, RuntimePrograms? programs = null)
    {
        var root = new HostRequirement("superuser", Environment.IsPrivilegedProcess, Environment.IsPrivilegedProcess ? "root" : Environment.UserName,
            Environment.IsPrivilegedProcess ? null : "run it as root: building images and running instances makes mounts, control groups and networks");
        if (!root.Met)
            return [root];
        List<HostRequirement> all =
        [
            root,
            Try("namespaces", "the kernel needs CONFIG_NAMESPACES and CONFIG_NET_NS; inside a container, start that one privileged", () =>
            {
                using var thread = new NamespaceThread(Namespaces.Mounts | Namespaces.Network | Namespaces.HostName | Namespaces.Ipc, "probe");
                return Directory.Exists("/proc/self/ns") && File.Exists("/proc/self/ns/pid") ? "mounts, network, host name, IPC, processes" : throw new IOException("no PID namespaces");
            }),
            Try("overlay file system", "load it: modprobe overlay; a store on a network disk or on another overlay cannot hold writable layers: set MAYFLY_STORE to a local disk", () => Overlay(store)),
            Try("bridge and veth", "load them: modprobe bridge; modprobe veth", Links),
            Try("system call filter", "the kernel needs CONFIG_SECCOMP_FILTER", () => File.ReadAllText("/proc/sys/kernel/seccomp/actions_avail").Trim()),
            .. Groups(),
        ];
        if (programs is not null)
        {
            all.Add(Try("nftables with NAT", "load it: modprobe nf_tables; modprobe nft_chain_nat; modprobe nft_fib_ipv4; modprobe nft_numgen", () => Translation(programs)));
            all.Add(Forwarding(programs));
        }

        return all;
    }

    /// <summary>Refuses a host that lacks something, before anything is begun there.</summary>
    /// <exception cref="MayflyException">It names what is missing, and the remedy.</exception>
    internal static void Require(Store store, RuntimePrograms programs)
    {
        if (Check(store, programs).FirstOrDefault(requirement => requirement is { Met: false, Required: true }) is { } missing)
            throw new MayflyException($"this host cannot run instances: {missing.Name}: {missing.Found}", missing.Remedy);
    }

    private static HostRequirement Try(string name, string remedy, Func<string> probe)
    {
        const int NotPermitted = 1, AccessDenied = 13;
        try
        {
            return new HostRequirement(name, true, probe(), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MayflyException)
        {
            return new HostRequirement(name, false, e.Message, e is LinuxException { Errno: NotPermitted or AccessDenied }
                ? "not even root may do that here: inside a container, start that one privileged, with all capabilities"
                : remedy);
        }
    }

    private static string Overlay(Store? store)
    {
        var folder = Path.Combine(store?.Folder(StoreArea.Tmp) ?? Path.GetTempPath(), $"{Environment.ProcessId}-probe");
        try
        {
            foreach (var name in (string[])["lower", "upper", "work", "root"])
                Directory.CreateDirectory(Path.Combine(folder, name));
            using var thread = new NamespaceThread(Namespaces.Mounts, "probe");
            thread.Run(() => Mounts.Mount("overlay", Path.Combine(folder, "root"), "overlay", MountFlags.None,
                $"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work,volatile"));
            return "with a writable layer below " + Path.GetDirectoryName(folder);
        }
        finally
        {
            Trees.Remove(folder);
        }
    }

    private static string Links()
    {
        using var outer = new NamespaceThread(Namespaces.Network, "probe");
        using var inner = new NamespaceThread(Namespaces.Network, "probe");
        using var space = inner.Run(() => File.OpenHandle("/proc/thread-self/ns/net", options: FileOptions.None));
        outer.Run(() =>
        {
            using var links = new NetworkLinks();
            links.AddBridge("mf-probe", [0x02, 0x4d, 0, 0, 0, 1]);
            links.AddPair("mfv-probe", null, links.Find("mf-probe")!.Index, "eth0", [2, 0, 0, 0, 0, 1], space);
        });
        return "made and connected";
    }

    private static IEnumerable<HostRequirement> Groups()
    {
        const string Remedy = "boot with systemd.unified_cgroup_hierarchy=1, or mount control groups: mount -t cgroup2 none /sys/fs/cgroup";
        if (ControlGroups.Find(File.ReadAllText("/proc/self/mounts")) is not { } groups)
            return [new HostRequirement("control groups", false, "none mounted", Remedy)];
        var version = groups.Unified ? "version 2" : "version 1";
        string[] needed = groups.Unified ? ["cpu", "memory", "pids"] : ["cpu", "memory", "pids", "freezer", "devices"];
        var missing = needed.Except(groups.Controllers).ToList();
        return [missing.Count == 0
            ? new HostRequirement("control groups", true, $"{version}: {string.Join(", ", needed)}", null)
            : new HostRequirement("control groups", false, $"{version}, without {string.Join(", ", missing)}", groups.Unified ? "the memory controller may be off at boot: remove cgroup_disable=memory from the kernel's command line" : Remedy)];
    }

    private static string Translation(RuntimePrograms programs)
    {
        using var thread = new NamespaceThread(Namespaces.Network, "probe");
        var target = new PublishedTarget(80, null, [new IPEndPoint(IPAddress.Parse("10.0.0.2"), 80), new IPEndPoint(IPAddress.Parse("10.0.0.3"), 80)]);
        thread.Run(() => Network.Nft(programs, Rules.For(new StackSubnet("probe", IPNetwork.Parse("10.0.0.0/24"), IPAddress.Parse("10.0.0.1"), "mf-probe"), [target])));
        return "a table of rules was taken";
    }

    /// <summary>Another firewall that drops what is forwarded drops what goes to instances too: no table can allow what another one drops.</summary>
    private static HostRequirement Forwarding(RuntimePrograms programs)
    {
        const string Name = "forwarding to instances";
        string chains;
        try
        {
            chains = Network.Nft(programs, "list chains\n");
        }
        catch (MayflyException e)
        {
            return new HostRequirement(Name, false, e.Message, e.Hint, Required: false);
        }

        var table = "";
        foreach (var line in chains.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("table ", StringComparison.Ordinal))
                table = line[..^2];
            else if (line.Contains("hook forward", StringComparison.Ordinal) && line.Contains("policy drop", StringComparison.Ordinal))
            {
                return new HostRequirement(Name, false, $"{table} drops what it does not know",
                    "let the bridges pass in that firewall: with Docker, iptables -I DOCKER-USER -i mf-+ -j ACCEPT and -o mf-+ -j ACCEPT; connections from this host itself work in any case", Required: false);
            }
        }

        return new HostRequirement(Name, true, "no other firewall drops it", null, Required: false);
    }
}

/// <param name="Name">What is needed, for people: <c>overlay file system</c>.</param>
/// <param name="Met">It is there.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do about it; null when met.</param>
/// <param name="Required">Without it nothing runs; otherwise it is a warning.</param>
public sealed record HostRequirement(string Name, bool Met, string Found, string? Remedy, bool Required = true);
