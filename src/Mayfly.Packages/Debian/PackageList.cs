namespace Mayfly.Packages.Debian;

/// <summary>One list of packages that an index was parsed from: a component of a release.</summary>
/// <param name="Release">The release.</param>
/// <param name="Component"><c>main</c>.</param>
/// <param name="Priority">apt's own priority of it; see <see cref="PackagesFile.Priority"/>.</param>
public sealed record PackageList(LockedRelease Release, string Component, int Priority);
