using Mayfly.Packages.Debian;

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
        _ => Math.Sign(new DebianVersion(After.Version).CompareTo(new DebianVersion(Before.Version))) switch
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
        var old = before.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        var now = after.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        return
        [
            .. old.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
                .Select(id => new LockChange(old.GetValueOrDefault(id), now.GetValueOrDefault(id)))
                .Where(static change => change.Before?.Sha256 != change.After?.Sha256)
                .Select(change => change with { IsSecurity = change.Before is not null && change.After is { } package && security.Contains(package.Release) }),
        ];
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
