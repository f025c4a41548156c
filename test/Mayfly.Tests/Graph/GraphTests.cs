using System.Xml.Linq;
using Mayfly.Graph;
using Mayfly.Spec;

namespace Mayfly.Tests.Graph;

public sealed class GraphTests
{
    [Fact]
    public void Mermaid_shows_machines_uses_and_ports()
    {
        Assert.Equal(
            """
            flowchart LR
              subgraph machine_edge["edge"]
                c_www["www<br/>http:80"]
              end
              subgraph machine_data["data"]
                c_orders[("orders<br/>sql:5432")]
              end
              host_8080((":8080"))
              host_8080 --> c_www
              c_www --> c_orders
            """, Mermaid.Write(Small()), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_picture_is_well_formed_and_names_everything()
    {
        var picture = XDocument.Parse(SvgPicture.Draw(Small()));
        var texts = picture.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToList();
        Assert.Equal(["orders", "www"], texts.Intersect(["www", "orders"]).Order());
        Assert.Contains(":8080", texts);
        Assert.Contains("edge", texts);
    }

    [Fact]
    public void What_is_used_stands_to_the_right_of_its_user()
    {
        var topology = Small();
        Assert.Equal(0, topology.Depth("www"));
        Assert.Equal(1, topology.Depth("orders"));
    }

    private static Topology Small()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var orders = stack.Component("orders").Run("db").Listens(5432, "sql").Owns("/data");
        var www = stack.Component("www").Run("web").Listens(80, "http").Uses(orders).Publishes(8080);
        stack.Machine("edge").Hosts(www);
        stack.Machine("data").Hosts(orders);
        return Topology.Of(StackReader.Read(stack));
    }
}
