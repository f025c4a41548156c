using Mayfly.Packages.Debian;
using Mayfly.Packages.Python;

namespace Mayfly.Packages;

/// <summary>What becomes of one package from one lock to another.</summary>
/// <param name="Before">Null when it is new.</param>
/// <param name="After">Null when it is gone.</param>
public sealed record LockChange(LockedPackage? Before, LockedPackage? After)
{
    /// <summary><c>name:architecture</c>.</summary>
    public string Id => (After ?? Before)!.Id;

    public LockChangeKind Kind => (Before, After) switch
    {
        (null, _) => LockChangeKind.Added,
        (_, null) => LockChangeKind.Removed,
        _ => Math.Sign(Compare(After, Before)) switch
        {
            > 0 => LockChangeKind.Upgraded,
            < 0 => LockChangeKind.Downgraded,
            // The same version with other bytes: built again, or from another archive.
            _ => LockChangeKind.Replaced,
        },
    };

    /// <summary>True when the new version comes from an archive of security fixes, which names itself so in its Release file.</summary>
    public bool IsSecurity { get; private init; }

    /// <summary>All that differs, by name.</summary>
    public static IReadOnlyList<LockChange> Between(StackLock before, StackLock after)
    {
        var security = after.Releases.Where(static release => release.Label.EndsWith("-Security", StringComparison.OrdinalIgnoreCase) || release.Suite.EndsWith("-security", StringComparison.Ordinal))
            .Select(static release => release.Id).ToHashSet(StringComparer.Ordinal);
        // A project may have another version in every environment.
        var environments = before.Environments.Concat(after.Environments).Select(static environment => (environment.Set, environment.Into)).Distinct();
        return
        [
            .. Between(before.Packages, after.Packages)
                .Select(change => change with { IsSecurity = change.Before is not null && change.After is { } package && security.Contains(package.Release) }),
            .. environments.SelectMany(environment => Between(WheelsOf(before, environment), WheelsOf(after, environment))).DistinctBy(static change => (change.Id, change.Before?.Sha256, change.After?.Sha256))
                .OrderBy(static change => change.Id, StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<LockChange> Between(IEnumerable<LockedPackage> before, IEnumerable<LockedPackage> after)
    {
        var old = before.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        var now = after.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        return old.Keys.Union(now.Keys).Order(StringComparer.Ordinal).Select(id => new LockChange(old.GetValueOrDefault(id), now.GetValueOrDefault(id))).Where(static change => change.Before?.Sha256 != change.After?.Sha256);
    }

    private static IEnumerable<LockedPackage> WheelsOf(StackLock stack, (string Set, string Into) environment) =>
        stack.Environments.Where(one => (one.Set, one.Into) == environment).SelectMany(static one => one.Wheels).Select(static wheel => wheel.AsPackage());

    private static int Compare(LockedPackage one, LockedPackage other) => one.Architecture == LockedWheel.Architecture
        ? PythonVersion.Parse(one.Version).CompareTo(PythonVersion.Parse(other.Version))
        : new DebianVersion(one.Version).CompareTo(new DebianVersion(other.Version));

    /// <summary>
    /// A note on what of a lock that is added to could not stay, since neither the archive nor the store has it any more or something new does not go with
    /// it; null when all of it did.
    /// </summary>
    public static Activity? NotKept(StackLock before, StackLock after)
    {
        const int Shown = 5;
        var moved = Between(before, after).Where(static change => change is { Before: not null, After: not null }).Select(static change => $"{change.Id} {change.Before!.Version} → {change.After!.Version}").ToList();
        return moved.Count == 0 ? null
            : new Activity($"note: {LockFile.Name}", $"could not keep {string.Join(", ", moved.Take(Shown))}{(moved.Count > Shown ? $" and {moved.Count - Shown} more" : "")}") { Ended = true };
    }
}

public enum LockChangeKind
{
    Added,
    Upgraded,
    Downgraded,
    Replaced,
    Removed,
}
