using System.Globalization;
using System.Text;

namespace Mayfly.Machines.Local;

/// <summary>A stack's nftables table as text: what replaces the old one in one transaction, see nft(8).</summary>
internal static class Rules
{
    public static string For(StackSubnet subnet, IReadOnlyList<PublishedTarget> ports)
    {
        var table = Network.TableOf(subnet.Stack);
        var (net, bridge) = (subnet.Prefix, subnet.Bridge);
        var published = new StringBuilder();
        foreach (var port in ports.Where(port => port.Targets.Count > 0))
            published.Append(CultureInfo.InvariantCulture, $"    {To(port)} tcp dport {port.HostPort} {Translation(port)}\n");
        // "add" first, so that the deletion succeeds where there is none; the kernel takes all of it or nothing.
        return $$"""
            add table ip {{table}}
            delete table ip {{table}}
            table ip {{table}} {
              chain published {
            {{published}}  }
              chain arriving {
                type nat hook prerouting priority dstnat; policy accept;
                jump published
              }
              chain local {
                type nat hook output priority -100; policy accept;
                jump published
              }
              chain leaving {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr {{net}} oifname != "{{bridge}}" ip daddr != 127.0.0.0/8 masquerade
                ip saddr 127.0.0.0/8 oifname "{{bridge}}" masquerade
                ip saddr {{net}} ip daddr {{net}} ct status dnat masquerade
              }
              chain guard {
                type filter hook prerouting priority raw; policy accept;
                iifname "{{bridge}}" ip daddr 127.0.0.0/8 drop
                iifname "{{bridge}}" ip saddr != {{net}} drop
              }
              chain between {
                type filter hook forward priority filter; policy accept;
                iifname "{{bridge}}" oifname "{{bridge}}" accept
                oifname "{{bridge}}" ct state established,related accept
                oifname "{{bridge}}" ct status dnat accept
                oifname "{{bridge}}" drop
              }
            }

            """;
    }

    private static string To(PublishedTarget port) => port.HostAddress is null or "0.0.0.0" ? "fib daddr type local" : $"ip daddr {port.HostAddress}";

    private static string Translation(PublishedTarget port)
    {
        if (port.Targets is [var only])
            return $"dnat to {only.Address}:{only.Port}";
        var map = string.Join(", ", port.Targets.Select((target, n) => string.Create(CultureInfo.InvariantCulture, $"{n} : {target.Address} . {target.Port}")));
        return $"dnat ip to numgen inc mod {port.Targets.Count} map {{ {map} }}";
    }
}
