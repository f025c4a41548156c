using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>What indexes say today of wheels, or of the sources of such, that were locked some day: their projects may have withdrawn them since (PEP 592).</summary>
public static class WheelOffers
{
    /// <summary>Asks the place that each project comes from.</summary>
    /// <param name="store">Keeps pages.</param>
    /// <param name="sources">Where wheels come from.</param>
    /// <param name="wheels">Name and SHA-256 of each file.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The file as its index has it; null where none that can be reached has it.</returns>
    public static async Task<IReadOnlyList<IndexFile?>> AllAsync(Store store, PythonSources sources, IReadOnlyList<(string Name, string Sha256)> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        using var transport = new Transport(TransferSettings.FromEnvironment() with { Attempts = 2 });
        await using var index = new IndexClient(store, transport, sources, null, progress, cancellationToken);
        return await Task.WhenAll(wheels.Select(async wheel =>
        {
            try
            {
                // An archive from an address of its own may be called anything.
                if ((WheelName.TryParse(wheel.Name)?.Project ?? SourceName.TryParse(wheel.Name)?.Project) is not { } project)
                    return null;
                var page = await index.PageAsync(project).ConfigureAwait(false);
                return page.Files.FirstOrDefault(file => file.Hashes.GetValueOrDefault("sha256") is { } said ? said == wheel.Sha256 : file.Name == wheel.Name);
            }
            catch (MayflyException)
            {
                return null;
            }
        })).ConfigureAwait(false);
    }
}
