using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Brings locked wheels into the store, and of those that are built there their sources and what they are built with: in parallel, resumed, verified by their digests, wherever they come from.</summary>
public static class WheelFetch
{
    /// <summary>True when it need not be fetched: also a wheel that is apart in the store needs no archive any more.</summary>
    public static bool IsThere(Store store, LockedWheel wheel) => store.Has(StoreArea.Artifacts, wheel.Sha256) || UnpackedWheel.IsIn(store, wheel.Sha256);

    /// <summary>Returns when every wheel is in the store, or all that it is built from. No index is asked when they already are.</summary>
    /// <param name="store">Where they go.</param>
    /// <param name="sources">Where they may come from; the digest decides, so any place that has the file will do.</param>
    /// <param name="wheels">Those of a lock.</param>
    /// <param name="addresses">Where addresses lead that the lock has without their passwords; null for none.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it; what was transferred stays for the next time.</param>
    /// <exception cref="MayflyException">One is not to be had, or is not what the lock says.</exception>
    public static Task AllAsync(Store store, PythonSources sources, IReadOnlyList<LockedWheel> wheels, IReadOnlyDictionary<string, Uri>? addresses = null, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) =>
        BringAsync(store, sources, [.. wheels.Where(wheel => !IsThere(store, wheel)).SelectMany(LockedFile.Of)], addresses, progress, cancellationToken);

    /// <summary>The same for who needs the archives themselves, also of wheels that are apart already.</summary>
    public static Task ArchivesAsync(Store store, PythonSources sources, IReadOnlyList<LockedWheel> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) =>
        BringAsync(store, sources, [.. wheels.SelectMany(LockedFile.Of)], null, progress, cancellationToken);

    private static async Task BringAsync(Store store, PythonSources sources, IReadOnlyList<LockedFile> files, IReadOnlyDictionary<string, Uri>? addresses, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        LockedFile[] missing = [.. files.Where(file => !store.Has(StoreArea.Artifacts, file.Sha256)).DistinctBy(static file => file.Sha256)];
        if (missing.Length == 0)
            return;
        if (Array.Find(missing, static file => file.IsOwn) is { } own)
            throw new MayflyException($"{own.From}, from which {LockFile.Name} has {own.Project}, lies beside the stack, and this host has not taken it from there", "`mayfly fetch` in the stack's folder does");
        sources = sources with { Indexes = [.. Depots.DepotIndexes.OfHost(), .. sources.Indexes] };
        var settings = TransferSettings.FromEnvironment();
        using var transport = new Transport(settings, sources.Access);
        await using var index = new IndexClient(store, transport, sources, null, progress, cancellationToken);
        var wanted = await Task.WhenAll(missing.Select(async file => new Wanted(file.Name, file.Sha256, file.Size, await PlacesAsync(file).ConfigureAwait(false))
        {
            MissingHint = file.From is not null ? $"whoever has that address has taken it away: name another one, and `mayfly update {file.Project}:{LockedWheel.Architecture}`" : "its project may have withdrawn it: name an index or a folder that has it, or choose anew with `mayfly update`",
        })).ConfigureAwait(false);
        if (settings.Offline)
            NoNetwork.RequireReachable(wanted, store);
        if (Array.Find(wanted, static one => one.Places.Count == 0) is { } lost)
        {
            throw new MayflyException($"no index that is configured here has {lost.Name} with the SHA-256 {lost.Sha256}",
                "set PIP_INDEX_URL, or index-url in pip.conf, to the index that the lock was made from, or one that has the same files");
        }

        await new Downloads(store, transport, "fetch wheels", progress).AllAsync(wanted, cancellationToken).ConfigureAwait(false);

        // No index is asked for what is not from one: there a name may be anybody's.
        async Task<IReadOnlyList<Uri>> PlacesAsync(LockedFile file) => file.From is { } from ? [addresses?.GetValueOrDefault(from) ?? new Uri(from)]
            : await index.PlacesOfAsync(file.Project, file.Name, file.Sha256).ConfigureAwait(false);
    }

    /// <summary>The SHA-256 and size of each file; one whose index says neither is fetched to know them.</summary>
    internal static async Task<IReadOnlyList<(string Sha256, long Size)>> KnowAsync(Store store, PythonSources sources, IReadOnlyList<IndexFile> files, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        using var transport = new Transport(TransferSettings.FromEnvironment(), sources.Access);
        await using var index = new IndexClient(store, transport, sources, null, progress, cancellationToken);
        return await Task.WhenAll(files.Select(async file =>
        {
            if (file is { Size: { } size } && file.Hashes.GetValueOrDefault("sha256") is { } said)
                return (said, size);
            var sha256 = await index.BringAsync(file).ConfigureAwait(false);
            return (sha256, new FileInfo(store.PathOf(StoreArea.Artifacts, sha256)).Length);
        })).ConfigureAwait(false);
    }

    /// <summary>A file that somewhere is to be had.</summary>
    private sealed record LockedFile(ProjectName Project, string Name, string Sha256, long Size, string? From, bool IsOwn)
    {
        /// <summary>The wheel itself; of one that is built the sources, and all that it is built with.</summary>
        public static IEnumerable<LockedFile> Of(LockedWheel wheel) =>
            [new LockedFile(wheel.ReadName().Project, wheel.Fetched.File, wheel.Fetched.Sha256, wheel.Fetched.Size, wheel.From, wheel.IsOwn), .. wheel.Source?.With.SelectMany(Of) ?? []];
    }
}
