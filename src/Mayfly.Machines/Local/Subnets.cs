using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Which /24 of which /16 is whose: <c>network.json</c> of the store.</summary>
internal static class Subnets
{
    public static StackSubnet? Find(Store store, string stack) => All(store).FirstOrDefault(subnet => subnet.Stack == stack);

    public static IReadOnlyList<StackSubnet> All(Store store)
    {
        var allocation = Read(store);
        return allocation is null ? [] : [.. allocation.Stacks.Select(entry => Subnet(allocation.Base, entry.Key, entry.Value))];
    }

    public static StackSubnet Allocate(Store store, string stack, NetworkLinks links)
    {
        if (Find(store, stack) is { } known)
            return known;
        using var file = FileHandles.OpenOrCreate(PathOf(store) + ".lock");
        Files.Lock(file, exclusive: true, wait: true);
        var allocation = Read(store) ?? new SubnetAllocation(Choose(links.Networks().Select(present => present.Network).ToList()), []);
        if (!allocation.Stacks.TryGetValue(stack, out var number))
        {
            number = Enumerable.Range(0, 256).Except(allocation.Stacks.Values).FirstOrDefault(-1);
            if (number < 0)
                throw new MayflyException($"there is no network left for stack '{stack}': {allocation.Base}/16 holds 256 stacks", $"remove stacks that are no more from {PathOf(store)}");
            allocation.Stacks[stack] = number;
            File.WriteAllBytes(PathOf(store) + ".new", JsonSerializer.SerializeToUtf8Bytes(allocation, SubnetJson.Default.SubnetAllocation));
            Files.Rename(PathOf(store) + ".new", PathOf(store));
        }

        return Subnet(allocation.Base, stack, number);
    }

    /// <summary>The first /16 that touches nothing that the host reaches by an address or a route: 10.77, 10.78, … and then the other private ones.</summary>
    internal static string Choose(IReadOnlyCollection<IPNetwork> present)
    {
        IEnumerable<string> candidates =
        [
            .. Enumerable.Range(77, 178).Concat(Enumerable.Range(0, 77)).Select(n => $"10.{n}.0.0"),
            .. Enumerable.Range(16, 16).Select(n => $"172.{n}.0.0"),
            "192.168.0.0",
        ];
        return candidates.FirstOrDefault(candidate => !present.Any(network => Touches(new IPNetwork(IPAddress.Parse(candidate), 16), network)))
            ?? throw new MayflyException("every private network of IPv4 is in use on this host", "ip route shows what takes them; a route to 10.0.0.0/8 as a whole is the usual cause");
    }

    private static bool Touches(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);

    private static StackSubnet Subnet(string @base, string stack, int number)
    {
        var bytes = IPAddress.Parse(@base).GetAddressBytes();
        bytes[2] = (byte)number;
        var prefix = new IPNetwork(new IPAddress(bytes), 24);
        bytes[3] = 1;
        return new StackSubnet(stack, prefix, new IPAddress(bytes), Network.BridgeOf(stack));
    }

    private static SubnetAllocation? Read(Store store) => InstanceFolder.Read(PathOf(store)) is { } text
        ? JsonSerializer.Deserialize(text, SubnetJson.Default.SubnetAllocation) : null;

    private static string PathOf(Store store) => Path.Combine(store.Root, "network.json");
}

/// <param name="Base">The first address of the host-wide /16.</param>
/// <param name="Stacks">The third number of each stack's addresses.</param>
internal sealed record SubnetAllocation(string Base, SortedDictionary<string, int> Stacks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SubnetAllocation))]
internal sealed partial class SubnetJson : JsonSerializerContext;
