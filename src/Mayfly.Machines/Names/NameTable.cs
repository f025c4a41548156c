using System.Net;
using ARSoft.Tools.Net;

namespace Mayfly.Machines.Names;

/// <summary>
/// Every name of the host at one moment: which zone each asker sees.
/// </summary>
/// <remarks>
/// What it keeps: the zones of each stack by view, and for each instance's address the stack and view that it was started in.
/// How it changes: the agent makes a new table and swaps it in; a query in flight keeps the one that it began with.
/// An instance sees its own stack in its own view; every other asker, the host included, sees the live views.
/// </remarks>
public sealed class NameTable
{
    public const string Live = "live";

    private readonly Dictionary<IPAddress, (string Stack, string View)> _askers;
    private readonly IReadOnlyList<(string Stack, string View, StackZone Zone)> _zones;

    public NameTable(IEnumerable<(string Stack, string View, StackZone Zone)> zones, IEnumerable<(IPAddress Asker, string Stack, string View)> askers)
    {
        _zones = [.. zones];
        _askers = askers.DistinctBy(asker => asker.Asker).ToDictionary(asker => asker.Asker, asker => (asker.Stack, asker.View));
    }

    public static NameTable Empty { get; } = new([], []);

    /// <summary>The zone that answers this asker for this name, or null when the name is none of ours.</summary>
    public StackZone? ZoneFor(IPAddress asker, DomainName name)
    {
        _askers.TryGetValue(asker, out var own);
        foreach (var (stack, view, zone) in _zones)
        {
            if (view == (stack == own.Stack ? own.View : Live) && zone.Holds(name))
                return zone;
        }

        return null;
    }
}
