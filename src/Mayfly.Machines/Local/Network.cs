using System.Net;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>The stacks' networks on this host: a /24 and a bridge each, the DNS server's address, and published ports.</summary>
/// <remarks>
/// What it keeps: <c>network.json</c> in the store, the subnet of each stack for good, so that addresses survive a reboot;
/// and <c>ports/STACK</c> in the run folder, what is published now. Bridges, addresses and rules themselves are the kernel's,
/// asked anew each time. How it changes: under a lock file, by renames; the kernel's rules by one nft transaction.
/// Why destination NAT and no proxy process: connections go on when the agent dies, is replaced or restarts.
/// </remarks>
public sealed class Network(Store store, RuntimePrograms programs, string runFolder = Runtime.DefaultRunFolder)
{
    /// <summary>Where the agent answers DNS, on every host.</summary>
    public const string DnsAddress = "169.254.53.53";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _lastHost = [];

    /// <summary>The rules that this process last gave the kernel: giving the same ones again would only cost time.</summary>
    private readonly Dictionary<string, string> _applied = [];

    /// <summary>The stack's subnet with its bridge and the DNS address present on the host; repairs what is missing.</summary>
    public StackSubnet Ensure(string stack)
    {
        lock (_lock)
        {
            using var host = LockHost();
            using var links = new NetworkLinks();
            var subnet = Subnets.Allocate(store, stack, links);
            if (links.Find(subnet.Bridge) is not { } bridge)
            {
                // Instances remember where their gateway is; should that change as neighbours come and go, what they send is lost for seconds.
                links.AddBridge(subnet.Bridge, HardwareAddress(subnet.Gateway));
                bridge = links.Find(subnet.Bridge)!;
            }

            var addresses = links.Addresses(bridge.Index);
            if (addresses.Any(present => !present.Address.Equals(subnet.Gateway)))
            {
                throw new MayflyException($"the bridge {subnet.Bridge} has the address {addresses[0].Address}, and the stack '{stack}' of this store has {subnet.Gateway}",
                    "another store runs a stack of that name on this host: take it down, or name this one otherwise");
            }

            var loopback = links.Find("lo") ?? throw new MayflyException("this host has no loopback device", "mayfly runs in the host's own network namespace, or one with a loopback device");
            links.AddAddress(loopback.Index, IPAddress.Parse(DnsAddress), 32);
            if (!loopback.Up)
                links.SetUp("lo");
            var made = links.AddAddress(bridge.Index, subnet.Gateway, subnet.Prefix.PrefixLength);
            if (bridge.Up && !made)
                return subnet;
            links.SetUp(subnet.Bridge);
            // Connections to published ports from this host come from 127.0.0.1 and must be let out towards the bridge; the rules
            // drop what instances would send to 127.0.0.0/8 themselves.
            WriteSetting($"net/ipv4/conf/{subnet.Bridge}/route_localnet", "1");
            WriteSetting("net/ipv4/ip_forward", "1");
            ApplyRules(subnet, Published.Read(runFolder, stack));
            return subnet;
        }
    }

    /// <summary>Puts the stack's rules back where something else has flushed them (a firewall that was reloaded); true when that was so.</summary>
    public Task<bool> RepairAsync(string stack, CancellationToken cancellationToken) => Task.Run(() =>
    {
        lock (_lock)
        {
            if (Find(stack) is not { } subnet || Tables(programs).Contains(TableOf(stack)))
                return false;
            using (var links = new NetworkLinks())
            {
                if (links.Find(subnet.Bridge) is null)
                    return false;
            }

            ApplyRules(subnet, Published.Read(runFolder, stack));
            return true;
        }
    }, cancellationToken);

    /// <summary>The stack's subnet, or null when it never had one. Changes nothing.</summary>
    public StackSubnet? Find(string stack) => Subnets.Find(store, stack);

    /// <summary>The stack whose subnet holds this address; the DNS server asks for its view.</summary>
    public string? StackOf(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Subnets.All(store).FirstOrDefault(subnet => subnet.Prefix.Contains(plain))?.Stack;
    }

    /// <summary>A free address of the stack's subnet; the longest unused first, so that nobody's cache leads to a stranger.</summary>
    public string AllocateAddress(string stack)
    {
        const int First = 2, Last = 254;
        lock (_lock)
        {
            using var links = new NetworkLinks();
            var subnet = Subnets.Allocate(store, stack, links);
            HashSet<string> taken = [.. InstanceFolder.All(runFolder).Select(folder => folder.ReadLabel()).Where(label => label?.Spec.Stack == stack).Select(label => label!.Address)];
            var bytes = subnet.Prefix.BaseAddress.GetAddressBytes();
            var after = _lastHost.GetValueOrDefault(stack, First - 1);
            for (var n = 1; n <= Last - First + 1; n++)
            {
                var host = First + ((after - First + n) % (Last - First + 1));
                bytes[3] = (byte)host;
                var address = new IPAddress(bytes).ToString();
                if (taken.Contains(address))
                    continue;
                _lastHost[stack] = host;
                return address;
            }
        }

        throw new MayflyException($"the network of stack '{stack}' has no free address", "it holds 253 instances: place the components on more stacks");
    }

    /// <summary>Makes these the stack's published ports, all at once; established connections go on.</summary>
    /// <exception cref="MayflyException">A port is taken; nothing changed. The message names who holds it.</exception>
    public Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken) => Task.Run(() =>
    {
        CheckPorts(stack, [.. ports.Select(port => new PublishedPort(port.HostPort, "", 0, port.HostAddress))]);
        lock (_lock)
        {
            var subnet = Find(stack) ?? throw new InvalidOperationException($"no network of {stack}");
            if (_applied.GetValueOrDefault(stack) == Rules.For(subnet, ports))
                return;
            ApplyRules(subnet, ports);
            Published.Write(runFolder, stack, ports);
        }
    }, cancellationToken);

    /// <summary>Throws what <see cref="PublishAsync"/> would when a port is taken, and changes nothing.</summary>
    public void CheckPorts(string stack, IReadOnlyList<PublishedPort> ports) => Published.Check(runFolder, stack, ports);

    /// <summary>Removes the stack's ports, rules and bridge, and the DNS address with the last stack; its subnet stays its own.</summary>
    public Task RemoveAsync(string stack, CancellationToken cancellationToken) => Task.Run(() =>
    {
        lock (_lock)
        {
            var bridge = BridgeOf(stack);
            Published.Write(runFolder, stack, []);
            _applied.Remove(stack);
            Nft(programs, $"add table ip {TableOf(stack)}\ndelete table ip {TableOf(stack)}\n");
            using var host = LockHost();
            using var links = new NetworkLinks();
            links.Delete(bridge);
            if (!links.List().Any(link => link.Name.StartsWith("mf-", StringComparison.Ordinal)) && links.Find("lo") is { } loopback)
                links.RemoveAddress(loopback.Index, IPAddress.Parse(DnsAddress), 32);
        }
    }, cancellationToken);

    /// <summary>Held while the name server's address comes or goes with a bridge: it is one for all stores of this host.</summary>
    internal static IDisposable LockHost()
    {
        Directory.CreateDirectory(Runtime.DefaultRunFolder);
        var file = FileHandles.OpenOrCreate(Path.Combine(Runtime.DefaultRunFolder, "network.lock"));
        Files.Lock(file, exclusive: true, wait: true);
        return file;
    }

    internal static string BridgeOf(string stack)
    {
        const int LongestName = 15; // IFNAMSIZ less the end
        return stack.Length <= LongestName - 3 ? "mf-" + stack : "mf-" + stack[..3] + "-" + ShortHash(stack);
    }

    internal static string TableOf(string stack) => "mayfly-" + stack;

    /// <summary>Eight characters that stand for a longer name.</summary>
    internal static string ShortHash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));

    /// <summary>A locally administered one that follows from the address, so that neighbours that remember one know the other.</summary>
    internal static byte[] HardwareAddress(IPAddress address) => [0x02, 0x4d, .. address.GetAddressBytes()];

    /// <summary>The pair of devices between an instance's namespace, in which <paramref name="inside"/> runs, and its stack's bridge.</summary>
    internal static void Connect(NamespaceThread inside, Microsoft.Win32.SafeHandles.SafeFileHandle space, StackSubnet subnet, InstanceFolder folder, string address)
    {
        const string Device = "eth0";
        var ip = IPAddress.Parse(address);
        if (Directory.Exists("/proc/sys/net/ipv6"))
            inside.Run(() => WriteSetting("net/ipv6/conf/default/disable_ipv6", "1"));
        using (var links = new NetworkLinks())
        {
            // What an earlier run of the instance left goes by itself, but later than its successor comes.
            links.Delete(folder.Link);
            var bridge = links.Find(subnet.Bridge) ?? throw new MayflyException($"the bridge {subnet.Bridge} is gone", "run the command again: it is made anew");
            links.AddPair(folder.Link, folder.Id, bridge.Index, Device, HardwareAddress(ip), space);
        }

        inside.Run(() =>
        {
            using var links = new NetworkLinks();
            links.AddAddress(links.Find(Device)!.Index, ip, subnet.Prefix.PrefixLength);
            links.SetUp(Device);
            links.AddDefaultRoute(subnet.Gateway);
        });
    }

    /// <summary>The names of the IPv4 tables on this host.</summary>
    internal static IReadOnlyList<string> Tables(RuntimePrograms programs) =>
        [.. Nft(programs, "list tables ip\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1])];

    internal static string Nft(RuntimePrograms programs, string script)
    {
        // Not System.Diagnostics.Process: it and what it needs stay in the agent's memory for one program that is run now and then.
        var (commands, given) = ChildProcess.Pipe();
        var (output, written) = ChildProcess.Pipe();
        var (errors, complained) = ChildProcess.Pipe();
        using var told = new StreamReader(new FileStream(output, FileAccess.Read));
        using var complaints = new StreamReader(new FileStream(errors, FileAccess.Read));
        ChildProcess process;
        using (given)
        {
            using (commands)
            using (written)
            using (complained)
                process = ChildProcess.Start([programs.Nft, "-f", "-"], Crun.Environment, [commands, written, complained]);
            try
            {
                // It reads all of them before it says anything.
                FileHandles.Write(given, Encoding.UTF8.GetBytes(script), "nft");
            }
            catch (LinuxException)
            {
                // It ended without reading: what it said and its exit code tell why.
            }
        }

        var text = told.ReadToEnd();
        var error = complaints.ReadToEnd().Trim();
        return process.Wait() == 0 ? text : throw new MayflyException($"nft cannot set this host's rules: {error}", "mayfly doctor tells what this host lacks");
    }

    private void ApplyRules(StackSubnet subnet, IReadOnlyList<PublishedTarget> ports)
    {
        var rules = Rules.For(subnet, ports);
        _applied.Remove(subnet.Stack);
        Nft(programs, rules);
        _applied[subnet.Stack] = rules;
    }

    private static void WriteSetting(string name, string value)
    {
        var path = "/proc/sys/" + name;
        if (File.ReadAllText(path).Trim() == value)
            return;
        try
        {
            File.WriteAllText(path, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path} cannot be set to {value}: {e.Message}", $"set it on the host: sysctl -w {name.Replace('/', '.')}={value}", e);
        }
    }
}

/// <summary>A stack's part of the host's network.</summary>
/// <param name="Prefix">Such as <c>10.77.3.0/24</c>.</param>
/// <param name="Gateway">The bridge's address: the first of the subnet.</param>
public sealed record StackSubnet(string Stack, IPNetwork Prefix, IPAddress Gateway, string Bridge);

/// <summary>A port of the host and the instances that it leads to, in turn.</summary>
public sealed record PublishedTarget(int HostPort, string? HostAddress, IReadOnlyList<IPEndPoint> Targets);
