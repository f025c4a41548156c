using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Brings files of indexes into the store, each verified before it is there. Depots that this machine knows are asked first for those whose digest is known.</summary>
public static class PythonDownload
{
    /// <summary>Returns when all are in the store; the first one that cannot be had ends the others.</summary>
    /// <param name="store">Has them among its artifacts then.</param>
    /// <param name="files">Which ones.</param>
    /// <param name="access">How their places are reached.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Name and SHA-256 of each, in the order asked for.</returns>
    /// <exception cref="MayflyException">One of them is not there, or not what its index says.</exception>
    public static async Task<IReadOnlyList<(string Name, string Sha256)>> AllAsync(Store store, IReadOnlyList<IndexFile> files, NetworkAccess access, IProgress<Activity>? progress = null, TransferSettings? settings = null, CancellationToken cancellationToken = default)
    {
        var digests = new string[files.Count];
        using var transport = new Transport(settings ?? TransferSettings.FromEnvironment(), access);
        var offers = await OffersAsync(store, transport, files, progress, cancellationToken).ConfigureAwait(false);
        // What is to be had and how long it is must be known for a transfer to go on where an earlier one ended.
        var known = files.Where(static file => Digest(file) is not null && file.Size is not null && file.Direct is not { IsRepository: true }).ToArray();
        var downloads = new Downloads(store, transport, "fetch wheels", progress);
        await downloads.AllAsync([.. known.Select(file => new Wanted(file.Name, Digest(file)!, file.Size!.Value, offers.TryGetValue(Digest(file)!, out var offer) ? [offer.Address, file.Address] : [file.Address]) { MissingHint = "the index is perhaps being updated: try again in some minutes, or name another index" })], cancellationToken).ConfigureAwait(false);
        await using var index = new IndexClient(store, transport, new PythonSources(), null, progress, cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, files.Count).Select(async number => digests[number] = await BringAsync(index, files[number]).ConfigureAwait(false))).ConfigureAwait(false);
        return [.. files.Zip(digests, static (file, digest) => (file.Name, digest))];

        async Task<string> BringAsync(IndexClient index, IndexFile file)
        {
            try
            {
                return await index.BringAsync(Digest(file) is { } digest && offers.TryGetValue(digest, out var offer) ? file with { Address = offer.Address, Size = offer.Size ?? file.Size } : file).ConfigureAwait(false);
            }
            catch (MayflyException) when (Digest(file) is { } digest && offers.ContainsKey(digest))
            {
                // A depot that is ill does not matter where the file's own place has it.
                return await index.BringAsync(file).ConfigureAwait(false);
            }
        }
    }

    /// <summary>By SHA-256, what depots have of those that the store lacks.</summary>
    private static async Task<IReadOnlyDictionary<string, IndexFile>> OffersAsync(Store store, Transport transport, IReadOnlyList<IndexFile> files, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var offers = new Dictionary<string, IndexFile>(StringComparer.Ordinal);
        var missing = files.Where(file => Digest(file) is { } digest && !store.Has(StoreArea.Artifacts, digest)).Select(static file => WheelName.TryParse(file.Name)?.Project).OfType<ProjectName>().Distinct().ToArray();
        var wanted = files.Select(Digest).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var depot in missing.Length == 0 ? [] : Depots.DepotIndexes.OfHost())
        {
            await using var index = new IndexClient(store, transport, new PythonSources { Indexes = [depot] }, null, progress, cancellationToken);
            try
            {
                foreach (var offer in (await Task.WhenAll(missing.Select(index.PageAsync)).ConfigureAwait(false)).SelectMany(static page => page.Files).Where(file => Digest(file) is { } digest && wanted.Contains(digest)))
                    offers.TryAdd(Digest(offer)!, offer);
            }
            catch (MayflyException)
            {
                // Each file has a place of its own, too.
            }
        }

        return offers;
    }

    private static string? Digest(IndexFile file) => file.Hashes.GetValueOrDefault("sha256");
}
