using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Debian;

/// <summary>Brings the packages of a lock into the store: in parallel, resumed, verified, and all before anything is unpacked.</summary>
public static class Fetch
{
    /// <summary>
    /// Returns when every package is in the store's artifacts, whole and with the lock's hash. Nothing is asked of any
    /// mirror when they already are.
    /// </summary>
    /// <param name="store">Where they go.</param>
    /// <param name="sources">Where they come from: depots, mirrors and a service of snapshots, in turn, each verified by the lock's hash.</param>
    /// <param name="packages">Those of a lock.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="releases">The lock's: they name the day for a service of snapshots.</param>
    /// <param name="cancellationToken">Ends it; what was transferred stays for the next time.</param>
    public static async Task AllAsync(
        Store store, DebianSources sources, IReadOnlyList<LockedPackage> packages, IProgress<Activity>? progress = null,
        TransferSettings? settings = null, IReadOnlyList<LockedRelease>? releases = null, CancellationToken cancellationToken = default)
        => await BringAsync(store, sources, [.. packages.Where(package => !IsThere(store, package))], progress, settings, releases, cancellationToken).ConfigureAwait(false);

    /// <summary>Like <see cref="AllAsync"/> for who needs the packages as their archive serves them, also when they are unpacked already.</summary>
    public static async Task ArtifactsAsync(Store store, DebianSources sources, IReadOnlyList<LockedPackage> packages, IProgress<Activity>? progress = null,
        IReadOnlyList<LockedRelease>? releases = null, CancellationToken cancellationToken = default)
        => await BringAsync(store, sources, [.. packages.Where(package => !store.Has(StoreArea.Artifacts, package.Sha256))], progress, null, releases, cancellationToken).ConfigureAwait(false);

    private static async Task BringAsync(Store store, DebianSources sources, LockedPackage[] missing, IProgress<Activity>? progress,
        TransferSettings? settings, IReadOnlyList<LockedRelease>? releases, CancellationToken cancellationToken)
    {
        if (missing.Length == 0)
            return;
        settings ??= TransferSettings.FromEnvironment();
        using var transport = new Transport(settings, proxy: sources.Proxy);
        var wanted = missing.Select(package => new Wanted(
            $"{package.Id} {package.Version}", package.Sha256, package.Size, Places(sources, package, releases))
        {
            MissingHint = "archives drop a version soon after a newer one is there: remove stack.lock, and `mayfly lock` locks what the mirror has now",
        }).ToArray();
        if (settings.Offline)
            NoNetwork.RequireReachable(wanted, store);
        await new Downloads(store, transport, "fetch packages", progress).AllAsync(wanted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>True when it need not be fetched: also an unpacked package needs no artifact any more.</summary>
    public static bool IsThere(Store store, LockedPackage package) =>
        store.Has(StoreArea.Artifacts, package.Sha256) || store.Has(StoreArea.Unpacked, package.Sha256);

    private static IReadOnlyList<Uri> Places(DebianSources sources, LockedPackage package, IReadOnlyList<LockedRelease>? releases) =>
        [.. sources.PlacesOf(package.Release, releases?.FirstOrDefault(release => release.Id == package.Release)).Select(root => Place(root, package))];

    private static Uri Place(Uri mirror, LockedPackage package)
    {
        // The lock may come from anywhere: its paths must stay below the mirror, above all below one that is a folder of this host.
        if (package.Path.StartsWith('/') || package.Path.Split('/').Contains("..") || !Uri.TryCreate(mirror, string.Join('/', package.Path.Split('/').Select(Uri.EscapeDataString)), out var place))
            throw new MayflyException($"the lock's path of {package.Id} leaves the mirror: {package.Path}", "remove stack.lock, and `mayfly lock` makes it anew");
        return place;
    }
}
