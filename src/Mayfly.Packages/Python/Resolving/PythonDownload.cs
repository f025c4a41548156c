using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Brings files of indexes into the store, each verified before it is there.</summary>
public static class PythonDownload
{
    /// <summary>Returns when all are in the store; the first one that cannot be had ends the others.</summary>
    /// <param name="store">Has them among its artifacts then.</param>
    /// <param name="files">Which ones.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Name and SHA-256 of each, in the order asked for.</returns>
    /// <exception cref="MayflyException">One of them is not there, or not what its index says.</exception>
    public static async Task<IReadOnlyList<(string Name, string Sha256)>> AllAsync(Store store, IReadOnlyList<IndexFile> files, IProgress<Activity>? progress = null, TransferSettings? settings = null, CancellationToken cancellationToken = default)
    {
        var digests = new string[files.Count];
        using var transport = new Transport(settings ?? TransferSettings.FromEnvironment());
        // What is to be had and how long it is must be known for a transfer to go on where an earlier one ended.
        var known = files.Where(static file => Digest(file) is not null && file.Size is not null).ToArray();
        var downloads = new Downloads(store, transport, "fetch wheels", progress);
        await downloads.AllAsync([.. known.Select(static file => new Wanted(file.Name, Digest(file)!, file.Size!.Value, [file.Address]) { MissingHint = "the index is perhaps being updated: try again in some minutes, or name another index" })], cancellationToken).ConfigureAwait(false);
        await using var index = new IndexClient(store, transport, new PythonSources(), null, progress, cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, files.Count).Select(async number => digests[number] = await index.BringAsync(files[number]).ConfigureAwait(false))).ConfigureAwait(false);
        return [.. files.Zip(digests, static (file, digest) => (file.Name, digest))];
    }

    private static string? Digest(IndexFile file) => file.Hashes.GetValueOrDefault("sha256");
}
