using System.Net;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>The stacks' networks on this host: a /24 and a bridge each, the DNS server's address, and published ports.</summary>
public sealed class Network(Store store, RuntimePrograms programs, string runFolder = Runtime.DefaultRunFolder)
{
    internal RuntimePrograms Programs => programs;

    internal Store Store => store;

    internal string RunFolder => runFolder;

    /// <summary>Where the agent answers DNS, on every host.</summary>
    public const string DnsAddress = "169.254.53.53";

    /// <summary>The stack's subnet with its bridge and the DNS address present on the host; repairs what is missing.</summary>
    public StackSubnet Ensure(string stack) => throw new NotImplementedException();

    /// <summary>The stack's subnet, or null when it never had one. Changes nothing.</summary>
    public StackSubnet? Find(string stack) => throw new NotImplementedException();

    /// <summary>The stack whose subnet holds this address; the DNS server asks for its view.</summary>
    public string? StackOf(IPAddress address) => throw new NotImplementedException();

    /// <summary>A free address of the stack's subnet; the longest unused first, so that nobody's cache leads to a stranger.</summary>
    public string AllocateAddress(string stack) => throw new NotImplementedException();

    /// <summary>Makes these the stack's published ports, all at once; established connections go on.</summary>
    /// <exception cref="MayflyException">A port is taken; nothing changed. The message names who holds it.</exception>
    public Task PublishAsync(string stack, IReadOnlyList<PublishedTarget> ports, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Throws what <see cref="PublishAsync"/> would when a port is taken, and changes nothing.</summary>
    public void CheckPorts(string stack, IReadOnlyList<PublishedPort> ports) => throw new NotImplementedException();

    /// <summary>Removes the stack's ports, rules and bridge, and the DNS address with the last stack; its subnet stays its own.</summary>
    public Task RemoveAsync(string stack, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>A stack's part of the host's network.</summary>
/// <param name="Prefix">Such as <c>10.77.3.0/24</c>.</param>
/// <param name="Gateway">The bridge's address: the first of the subnet.</param>
public sealed record StackSubnet(string Stack, IPNetwork Prefix, IPAddress Gateway, string Bridge);

/// <summary>A port of the host and the instances that it leads to, in turn.</summary>
public sealed record PublishedTarget(int HostPort, string? HostAddress, IReadOnlyList<IPEndPoint> Targets);
