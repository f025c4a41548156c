using System.Buffers.Binary;
using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>A network interface.</summary>
/// <param name="Up">It has been switched on (IFF_UP).</param>
/// <param name="Alias">What its maker noted about it, or null.</param>
public sealed record NetworkLink(int Index, string Name, bool Up, string? Alias);

/// <summary>
/// Links, IPv4 addresses and routes of the network namespace of the thread that opened this.
/// </summary>
/// <remarks>
/// Why not <c>ip -batch</c>: a change takes some microseconds here and a start of <c>ip</c> some milliseconds, several of
/// them in an instance's start; errors come as numbers, not as English; and a namespace is entered by a thread, for which
/// <c>ip</c> would need a name below /run/netns, a mount of the host's.
/// </remarks>
public sealed class NetworkLinks : IDisposable
{
    // linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
    private const ushort NewLink = 16, DeleteLink = 17, GetLink = 18, NewAddress = 20, DeleteAddress = 21, GetAddress = 22, NewRoute = 24, GetRoute = 26;
    private const ushort Exclusive = 0x200, Create = 0x400;
    private const byte Internet = 2;
    private const int LinkName = 3, LinkAddress = 1, LinkMaster = 10, LinkInfo = 18, LinkAlias = 20, LinkSpecs = 26, LinkNamespace = 28;
    private readonly Netlink _netlink = new();

    public void Dispose() => _netlink.Dispose();

    public IReadOnlyList<NetworkLink> List()
    {
        List<NetworkLink> links = [];
        foreach (var message in _netlink.List(GetLink, new NetlinkMessage(16), "links"))
        {
            var index = BinaryPrimitives.ReadInt32LittleEndian(message.Span[4..]);
            var up = (message.Span[8] & 1) != 0;
            var attributes = Netlink.Attributes(message, 16).ToLookup(attribute => attribute.Kind, attribute => attribute.Value);
            links.Add(new NetworkLink(index, Netlink.Text(attributes[LinkName].First()), up, attributes[LinkAlias].Select(Netlink.Text).FirstOrDefault()));
        }

        return links;
    }

    public NetworkLink? Find(string name) => List().FirstOrDefault(link => link.Name == name);

    /// <summary>Makes a bridge that does no spanning tree, so that its ports carry traffic at once.</summary>
    /// <param name="address">Its hardware address, which it keeps: one that is given none takes over another port's whenever ports come and go.</param>
    public void AddBridge(string name, ReadOnlySpan<byte> address) => _netlink.Change(NewLink, Create | Exclusive,
        new NetlinkMessage(16).Add(LinkName, name).Add(LinkAddress, address).Nest(LinkInfo, info => info.Add(1, "bridge"u8)), "add bridge", name);

    /// <summary>
    /// Makes a pair of connected Ethernet devices: one here on a bridge and switched on, the other in another namespace.
    /// Both are gone when one is.
    /// </summary>
    /// <param name="alias">What to note about the one here.</param>
    /// <param name="address">The other's hardware address.</param>
    public void AddPair(string name, string? alias, int bridge, string peer, ReadOnlySpan<byte> address, SafeFileHandle peerNamespace)
    {
        var hardware = address.ToArray();
        const int PairPeer = 1, InfoKind = 1, InfoData = 2;
        var message = new NetlinkMessage(16).Add(LinkName, name).Add(LinkMaster, bridge).Nest(LinkInfo, info => info
            .Add(InfoKind, "veth"u8)
            .Nest(InfoData, data => data
                .Nest(PairPeer, other => other.AddFixed(16).Add(LinkName, peer).Add(LinkAddress, hardware).Add(LinkNamespace, (int)peerNamespace.DangerousGetHandle()))));
        _netlink.Change(NewLink, Create | Exclusive, message, "add veth", name);
        SetUp(name, alias);
        GC.KeepAlive(peerNamespace);
    }

    /// <summary>Switches a link on. It gets no IPv6 address by itself: nothing here is addressed so, and announcing one takes seconds of multicast.</summary>
    public void SetUp(string name, string? alias = null)
    {
        const int InternetV6 = 10, AddressMode = 8;
        var message = new NetlinkMessage(16, span =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[8..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(span[12..], 1);
        }).Add(LinkName, name);
        if (alias is not null)
            message.Add(LinkAlias, alias);
        // The kernel reads this attribute when a link is changed, not when it is made.
        if (name != "lo" && Directory.Exists("/proc/sys/net/ipv6"))
            message.Nest(LinkSpecs, specs => specs.Nest(InternetV6, version6 => version6.Add(AddressMode, [1])));
        _netlink.Change(NewLink, 0, message, "set up", name);
    }

    /// <summary>False when there is no such link.</summary>
    public bool Delete(string name)
    {
        const int NoDevice = 19;
        try
        {
            _netlink.Change(DeleteLink, 0, new NetlinkMessage(16).Add(LinkName, name), "delete link", name);
            return true;
        }
        catch (LinuxException e) when (e.Errno == NoDevice)
        {
            return false;
        }
    }

    /// <summary>Adds an address; true when it was not there.</summary>
    public bool AddAddress(int index, IPAddress address, int prefixLength)
    {
        const int Exists = 17;
        try
        {
            _netlink.Change(NewAddress, Create | Exclusive, AddressMessage(index, address, prefixLength), "add address", $"{address}/{prefixLength}");
            return true;
        }
        catch (LinuxException e) when (e.Errno == Exists)
        {
            return false;
        }
    }

    /// <summary>False when it was not there.</summary>
    public bool RemoveAddress(int index, IPAddress address, int prefixLength)
    {
        const int NotAvailable = 99;
        try
        {
            _netlink.Change(DeleteAddress, 0, AddressMessage(index, address, prefixLength), "remove address", $"{address}/{prefixLength}");
            return true;
        }
        catch (LinuxException e) when (e.Errno == NotAvailable)
        {
            return false;
        }
    }

    public void AddDefaultRoute(IPAddress gateway)
    {
        const int Gateway = 5;
        _netlink.Change(NewRoute, Create | Exclusive, new NetlinkMessage(12, span =>
        {
            const byte MainTable = 254, Boot = 3, Unicast = 1;
            (span[0], span[4], span[5], span[7]) = (Internet, MainTable, Boot, Unicast);
        }).Add(Gateway, gateway.GetAddressBytes()), "add default route", gateway.ToString());
    }

    /// <summary>Every IPv4 network that has an address or a route here, but for the default route.</summary>
    public IReadOnlyList<(int Index, IPNetwork Network)> Networks()
    {
        List<(int, IPNetwork)> networks = [];
        foreach (var message in _netlink.List(GetAddress, new NetlinkMessage(8, span => span[0] = Internet), "addresses"))
        {
            const int Local = 2;
            var index = BinaryPrimitives.ReadInt32LittleEndian(message.Span[4..]);
            foreach (var (kind, value) in Netlink.Attributes(message, 8))
            {
                if (kind == Local)
                    networks.Add((index, Masked(value.Span, message.Span[1])));
            }
        }

        foreach (var message in _netlink.List(GetRoute, new NetlinkMessage(12, span => span[0] = Internet), "routes"))
        {
            const int Destination = 1, Interface = 4;
            var (network, index) = ((IPNetwork?)null, 0);
            foreach (var (kind, value) in Netlink.Attributes(message, 12))
            {
                if (kind == Destination)
                    network = Masked(value.Span, message.Span[1]);
                else if (kind == Interface)
                    index = BinaryPrimitives.ReadInt32LittleEndian(value.Span);
            }

            if (network is { PrefixLength: > 0 } found)
                networks.Add((index, found));
        }

        return networks;
    }

    /// <summary>The IPv4 addresses of a link, with their prefix lengths.</summary>
    public IReadOnlyList<(IPAddress Address, int PrefixLength)> Addresses(int index)
    {
        List<(IPAddress, int)> addresses = [];
        foreach (var message in _netlink.List(GetAddress, new NetlinkMessage(8, span => span[0] = Internet), "addresses"))
        {
            const int Local = 2;
            if (BinaryPrimitives.ReadInt32LittleEndian(message.Span[4..]) != index)
                continue;
            foreach (var (kind, value) in Netlink.Attributes(message, 8))
            {
                if (kind == Local)
                    addresses.Add((new IPAddress(value.Span), message.Span[1]));
            }
        }

        return addresses;
    }

    private static NetlinkMessage AddressMessage(int index, IPAddress address, int prefixLength)
    {
        const int Address = 1, Local = 2;
        var bytes = address.GetAddressBytes();
        return new NetlinkMessage(8, span =>
        {
            (span[0], span[1]) = (Internet, (byte)prefixLength);
            BinaryPrimitives.WriteInt32LittleEndian(span[4..], index);
        }).Add(Local, bytes).Add(Address, bytes);
    }

    private static IPNetwork Masked(ReadOnlySpan<byte> address, int prefixLength)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(address) & (prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength));
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }
}
