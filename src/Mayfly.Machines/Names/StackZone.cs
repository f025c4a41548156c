using System.Globalization;
using System.Net;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;

namespace Mayfly.Machines.Names;

/// <summary>
/// The names of one stack in one view: <c>&lt;stack&gt;.internal</c> and the reverse zone of the stack's /24. Pure data and pure answers.
/// </summary>
/// <remarks>
/// What it keeps: for each existing name its records, made once when the zone is made, so that answering is one look-up.
/// How it changes: never; a change of names is a new zone in a new <see cref="NameTable"/>, so no reader sees half of it.
/// Why not one zone with the views inside: two views share no record, and a rehearsal's zone goes away whole.
/// </remarks>
public sealed class StackZone
{
    /// <summary>Seconds. Short, because a move is complete for new connections only when the last cache has forgotten (RFC 2308 section 5 takes the SOA's for denials).</summary>
    private const int TimeToLive = 1;

    private readonly Dictionary<DomainName, List<DnsRecordBase>> _records = [];
    private readonly SoaRecord _start;
    private readonly SoaRecord _reverseStart;

    /// <param name="network">The first address of the stack's /24.</param>
    /// <param name="serial">Rises with every change of the stack's names.</param>
    public StackZone(string stack, IPAddress network, IEnumerable<NamedInstance> instances, uint serial)
    {
        Apex = DomainName.Parse($"{stack}.internal");
        var octets = network.GetAddressBytes();
        ReverseApex = DomainName.Parse(string.Create(CultureInfo.InvariantCulture, $"{octets[2]}.{octets[1]}.{octets[0]}.in-addr.arpa"));
        var server = Below("mayfly-ns");
        _start = Start(Apex);
        _reverseStart = Start(ReverseApex);
        foreach (var apex in (SoaRecord[])[_start, _reverseStart])
            Add(apex, new NsRecord(apex.Name, TimeToLive, server));
        Add(new ARecord(server, TimeToLive, NameServer.Address));
        foreach (var instance in instances.OrderBy(instance => instance.Component, StringComparer.Ordinal).ThenBy(instance => instance.Replica))
            Add(instance, octets);

        SoaRecord Start(DomainName apex) => new(apex, TimeToLive, server, Below("hostmaster"), serial,
            refreshInterval: 60, retryInterval: 10, expireInterval: 3600, negativeCachingTTL: TimeToLive);
    }

    /// <summary><c>&lt;stack&gt;.internal</c></summary>
    public DomainName Apex { get; }

    /// <summary>The zone of the /24 below in-addr.arpa.</summary>
    public DomainName ReverseApex { get; }

    /// <summary>True for names that this zone answers for, existing or not.</summary>
    public bool Holds(DomainName name) => name.IsEqualOrSubDomainOf(Apex) || name.IsEqualOrSubDomainOf(ReverseApex);

    /// <summary>Answers one question about a name that the zone <see cref="Holds"/>.</summary>
    /// <param name="turn">Rotates the order of equal records, so that clients that take the first spread over the replicas.</param>
    public ZoneAnswer Find(DomainName name, RecordType type, uint turn)
    {
        var authority = name.IsEqualOrSubDomainOf(Apex) ? _start : _reverseStart;
        if (!_records.TryGetValue(name, out var all))
            return new ZoneAnswer(ReturnCode.NxDomain, [], [authority], []);

        var found = all.Where(record => type == RecordType.Any || record.RecordType == type).ToList();
        if (found.Count == 0)
            // NODATA (RFC 2308 section 2.2): the name exists, and has nothing of this type.
            return new ZoneAnswer(ReturnCode.NoError, [], [authority], []);
        var first = (int)(turn % (uint)found.Count);
        List<DnsRecordBase> rotated = [.. found[first..], .. found[..first]];
        // RFC 2782: the targets' addresses come along, which spares the client a second query.
        var targets = rotated.OfType<SrvRecord>().Select(service => service.Target).Concat(rotated.OfType<NsRecord>().Select(server => server.NameServer));
        return new ZoneAnswer(ReturnCode.NoError, rotated, [], [.. targets.Distinct().SelectMany(AddressesOf)]);
    }

    private IEnumerable<DnsRecordBase> AddressesOf(DomainName name) =>
        _records.TryGetValue(name, out var found) ? found.Where(record => record is ARecord) : [];

    private void Add(NamedInstance instance, byte[] network)
    {
        var component = Below(instance.Component);
        var replica = Below(string.Create(CultureInfo.InvariantCulture, $"{instance.Component}-{instance.Replica}"));
        Add(new ARecord(component, TimeToLive, instance.Address), new ARecord(replica, TimeToLive, instance.Address));
        foreach (var port in instance.Ports)
        {
            foreach (var owner in (DomainName[])[component, replica])
            {
                var protocol = DomainName.Parse("_tcp") + owner;
                // An empty non-terminal exists, so that asking for it is NODATA and not NXDOMAIN (RFC 8020).
                _records.TryAdd(protocol, []);
                Add(new SrvRecord(DomainName.Parse($"_{port.Name}") + protocol, TimeToLive, 0, 10, (ushort)port.Port, replica));
            }
        }

        var octets = instance.Address.GetAddressBytes();
        if (octets.AsSpan(0, 3).SequenceEqual(network.AsSpan(0, 3)))
            Add(new PtrRecord(DomainName.Parse(octets[3].ToString(CultureInfo.InvariantCulture)) + ReverseApex, TimeToLive, replica));
    }

    private void Add(params ReadOnlySpan<DnsRecordBase> added)
    {
        foreach (var record in added)
        {
            if (!_records.TryGetValue(record.Name, out var existing))
                _records.Add(record.Name, existing = []);
            existing.Add(record);
        }
    }

    private DomainName Below(string label) => DomainName.Parse(label) + Apex;
}

/// <summary>What the sections of an authoritative answer hold.</summary>
public sealed record ZoneAnswer(
    ReturnCode Code, IReadOnlyList<DnsRecordBase> Records, IReadOnlyList<DnsRecordBase> Authority, IReadOnlyList<DnsRecordBase> Additional);
