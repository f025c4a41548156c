namespace Mayfly.Packages.Debian;

/// <summary>One suite of the archive and where to get it.</summary>
/// <param name="Suite">The name below <c>dists/</c>: <c>bookworm-security</c>.</param>
/// <param name="Mirrors">Roots with <c>dists/</c> and <c>pool/</c> below, ending in a slash, tried in turn; <c>http</c>, <c>https</c> or <c>file</c>.</param>
/// <param name="Components">Such as <c>main</c>, in the order of the sources.</param>
public sealed record DebianSource(string Suite, IReadOnlyList<Uri> Mirrors, IReadOnlyList<string> Components)
{
    /// <summary>When it is the state of a past day, then <see cref="Mirrors"/> are that snapshot alone, and nothing else is asked for an index.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>What stands before the suite's name in the record of what was seen: depots and archives have each their own state.</summary>
    public string SeenAs { get; init; } = "";

    /// <summary>Mirrors of today, to be asked for packages of a snapshot before the service is: a package is known by its hash, wherever it comes from.</summary>
    public IReadOnlyList<Uri> Pools { get; init; } = [];
}
