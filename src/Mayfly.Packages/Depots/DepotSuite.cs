namespace Mayfly.Packages.Depots;

/// <summary>One suite of a depot.</summary>
/// <param name="Release">Who it says it is: the same as the archive's suite that its packages come from. Its date is the newest that a lock of the depot has of that suite, so that who locks from
/// the depot makes an image of the same bytes as who locked from the archive; it never goes back, or readers would take the new state for a replayed old one.</param>
/// <param name="Priority">apt's pin priority.</param>
/// <param name="Packages">By architecture, sorted.</param>
internal sealed record DepotSuite(LockedRelease Release, int Priority, IReadOnlyDictionary<string, IReadOnlyList<Stanza>> Packages)
{
    public const string Component = "main";

    public string Name => Release.Id;

    /// <summary>The path of an index below the suite's folder.</summary>
    public static string IndexPath(string architecture) => $"{Component}/binary-{architecture}/Packages";
}
