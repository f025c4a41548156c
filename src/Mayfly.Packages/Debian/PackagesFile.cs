namespace Mayfly.Packages.Debian;

/// <summary>One verified Packages file, uncompressed, to be parsed into an index.</summary>
/// <param name="Release">The release that it belongs to.</param>
/// <param name="Component"><c>main</c>.</param>
/// <param name="Open">Opens its contents; called once.</param>
public sealed record PackagesFile(LockedRelease Release, string Component, Func<Stream> Open)
{
    /// <summary>
    /// apt's pin priority of the release: 500, or 100 when its Release file says <c>NotAutomatic: yes</c> and
    /// <c>ButAutomaticUpgrades: yes</c>, or 1 when only the former (apt_preferences(5)). The highest priority, then the highest version wins.
    /// </summary>
    public int Priority { get; init; } = 500;
}
