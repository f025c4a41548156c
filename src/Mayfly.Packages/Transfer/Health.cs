using System.Collections.Concurrent;

namespace Mayfly.Packages.Transfer;

/// <summary>
/// What one command has learned of the hosts that it asks: who failed goes behind those that did not, for the rest of the command. Nothing of it is
/// kept: a mirror that was ill a minute ago may be well again.
/// </summary>
internal sealed class Health
{
    /// <summary>A host that lies is worse than one that is slow to come: nothing from it is worth the transfer.</summary>
    private const int Lie = 100;

    private readonly ConcurrentDictionary<string, int> _failures = new();

    /// <summary>The healthiest first; among equals in the order of preference.</summary>
    public IOrderedEnumerable<Uri> Order(IEnumerable<Uri> places) => places.OrderBy(place => _failures.GetValueOrDefault(NameOf(place)));

    /// <summary>That a host lacks a file says nothing of its health: a depot has what it was given, a mirror what is new.</summary>
    public void Failed(Uri place, TransferException failure)
    {
        if (!failure.Missing)
            _failures.AddOrUpdate(NameOf(place), failure.Wrong ? Lie : 1, (_, count) => count + (failure.Wrong ? Lie : 1));
    }

    /// <summary>Folders of this host have no name of a host: each disk is one of its own.</summary>
    private static string NameOf(Uri place) => place.IsFile ? place.Segments.Length > 2 ? string.Concat(place.Segments[..3]) : place.AbsolutePath : place.Authority;
}
