namespace Mayfly.Packages.Debian;

/// <summary>Gives each version its priority, as apt's policy engine does (apt_preferences(5), "How APT Interprets Priorities").</summary>
internal sealed class VersionPolicy
{
    private readonly IReadOnlyList<PackageList> _lists;
    private readonly IReadOnlyList<PinRule> _named;
    private readonly ulong[] _matching; // by named pin that asks for lists: which of them it matches
    private readonly int[] _priorities; // by list

    /// <param name="lists">Those of the index.</param>
    /// <param name="pins">In order.</param>
    /// <param name="hosts">By a release's id, the hosts that it may come from; what <c>origin</c> is compared with.</param>
    public VersionPolicy(IReadOnlyList<PackageList> lists, IReadOnlyList<Pin> pins, IReadOnlyDictionary<string, IReadOnlyList<string>> hosts)
    {
        var rules = pins.Select(static pin => new PinRule(pin)).ToList();
        _lists = lists;
        _named = [.. rules.Where(static rule => !rule.IsGeneral)];
        _matching = [.. _named.Select(rule => lists.Index().Where(list => rule.Matches(list.Item, Hosts(list.Item))).Aggregate(0UL, static (bits, list) => bits | (1UL << list.Index)))];
        _priorities = [.. lists.Select(list => rules.FirstOrDefault(rule => rule.IsGeneral && rule.Matches(list, Hosts(list)))?.Pin.Priority ?? list.Priority)];

        IReadOnlyList<string> Hosts(PackageList list) => hosts.GetValueOrDefault(list.Release.Id, []);
    }

    /// <summary>The priority of a version: of the first pin that names its package and matches it, else the highest of the lists that have it.</summary>
    public int PriorityOf(BinaryPackage package)
    {
        for (var i = 0; i < _named.Count; i++)
        {
            if (_named[i].Names(package) && (_named[i].Matches(package.Version) ?? (_matching[i] & package.OfferedBy) != 0))
                return _named[i].Pin.Priority;
        }

        var most = int.MinValue;
        for (var list = 0; list < _lists.Count; list++)
        {
            if ((package.OfferedBy & (1UL << list)) != 0)
                most = Math.Max(most, _priorities[list]);
        }

        return most;
    }
}
