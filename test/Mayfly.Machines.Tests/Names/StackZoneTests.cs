using System.Net;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Tests.Names;

public sealed class StackZoneTests
{
    private static readonly StackZone Zone = ServedNames.Shop().ZoneFor(IPAddress.Loopback, DomainName.Parse("shop.internal"))!;

    private static ZoneAnswer Ask(string name, RecordType type, uint turn = 0) => Zone.Find(DomainName.Parse(name), type, turn);

    [Fact]
    public void A_component_is_all_its_replicas_and_the_order_rotates()
    {
        var first = Ask("web.shop.internal", RecordType.A).Records.Cast<ARecord>().Select(record => record.Address.ToString());
        var second = Ask("web.shop.internal", RecordType.A, 1).Records.Cast<ARecord>().Select(record => record.Address.ToString());
        Assert.Equal(["10.77.3.11", "10.77.3.12"], first);
        Assert.Equal(["10.77.3.12", "10.77.3.11"], second);
    }

    [Fact]
    public void A_replica_has_a_name_of_its_own() =>
        Assert.Equal("10.77.3.12", Assert.IsType<ARecord>(Assert.Single(Ask("WEB-2.Shop.Internal", RecordType.A).Records)).Address.ToString());

    [Theory]
    [InlineData("web.shop.internal", RecordType.Aaaa)]
    [InlineData("shop.internal", RecordType.A)]
    [InlineData("_tcp.web.shop.internal", RecordType.Srv)]
    [InlineData("3.77.10.in-addr.arpa", RecordType.Ptr)]
    public void What_exists_without_the_type_is_no_data(string name, RecordType type)
    {
        var answer = Ask(name, type);
        Assert.Equal(ReturnCode.NoError, answer.Code);
        Assert.Empty(answer.Records);
        Assert.IsType<SoaRecord>(Assert.Single(answer.Authority));
    }

    [Theory]
    [InlineData("nobody.shop.internal", "shop.internal.")]
    [InlineData("web-3.shop.internal", "shop.internal.")]
    [InlineData("a.web.shop.internal", "shop.internal.")]
    [InlineData("99.3.77.10.in-addr.arpa", "3.77.10.in-addr.arpa.")]
    public void What_does_not_exist_is_denied_with_the_zones_start(string name, string apex)
    {
        var answer = Ask(name, RecordType.A);
        Assert.Equal(ReturnCode.NxDomain, answer.Code);
        Assert.Equal(apex, Assert.Single(answer.Authority).Name.ToString());
    }

    [Fact]
    public void Services_name_their_replicas_with_addresses()
    {
        var answer = Ask("_http._tcp.web.shop.internal", RecordType.Srv);
        Assert.Equal(["web-1.shop.internal.", "web-2.shop.internal."], answer.Records.Cast<SrvRecord>().Select(record => record.Target.ToString()));
        Assert.All(answer.Records.Cast<SrvRecord>(), record => Assert.Equal(80, record.Port));
        Assert.Equal(2, answer.Additional.Count);
    }

    [Fact]
    public void An_address_leads_back_to_its_replica() =>
        Assert.Equal("orders-1.shop.internal.", Assert.IsType<PtrRecord>(Assert.Single(Ask("5.3.77.10.in-addr.arpa", RecordType.Ptr).Records)).PointerDomainName.ToString());

    [Fact]
    public void The_view_is_the_askers()
    {
        var table = ServedNames.Shop();
        var name = DomainName.Parse("web.shop.internal");
        Assert.Equal(2, table.ZoneFor(IPAddress.Parse("10.77.3.11"), name)!.Find(name, RecordType.A, 0).Records.Count);
        Assert.Equal("10.77.3.200", Assert.IsType<ARecord>(Assert.Single(table.ZoneFor(IPAddress.Parse("127.0.0.2"), name)!.Find(name, RecordType.A, 0).Records)).Address.ToString());
        Assert.Null(table.ZoneFor(IPAddress.Loopback, DomainName.Parse("other.internal")));
        Assert.Null(table.ZoneFor(IPAddress.Loopback, DomainName.Parse("internal")));
    }
}
