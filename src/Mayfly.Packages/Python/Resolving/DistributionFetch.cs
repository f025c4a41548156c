using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>What was chosen, brought into the store: wheels as they are, sources as the wheels that are built from them.</summary>
public static class DistributionFetch
{
    /// <summary>Everything is there and is what it should be before the first build begins.</summary>
    /// <param name="store">Gets them.</param>
    /// <param name="chosen">What was chosen, and is not there already.</param>
    /// <param name="sources">Where it was chosen from.</param>
    /// <param name="builder">Builds the sources among it; null where nothing may be built.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>A wheel for each, in the same order.</returns>
    /// <exception cref="MayflyException">A file is not there or not what the index says, or something cannot be built.</exception>
    public static async Task<IReadOnlyList<BuiltWheel>> WheelsAsync(
        Store store, IReadOnlyList<ChosenDistribution> chosen, PythonSources sources, ISourceBuilder? builder = null,
        IProgress<Activity>? progress = null, TransferSettings? settings = null, CancellationToken cancellationToken = default)
    {
        var fetched = new Queue<(string Name, string Sha256)>(await PythonDownload.AllAsync(store, [.. chosen.Where(static one => one.Direct is not { IsFolder: true }).Select(static one => one.File!)], sources.Access, progress, settings, cancellationToken).ConfigureAwait(false));
        List<BuiltWheel> wheels = [];
        foreach (var one in chosen)
        {
            var (file, sha256) = (one.File!, one.Direct is { IsFolder: true } ? null : fetched.Dequeue().Sha256);
            if (!one.IsSource)
                wheels.Add(new BuiltWheel(file.Name, sha256!, []));
            else if (builder is null || !sources.Builds.Allows(one.Project, one.Direct))
                throw new MayflyException($"{file.Direct?.Name ?? file.Name} is sources, from which nothing is built without permission", sources.Builds.Hint(one.Project));
            else
                wheels.Add(await builder.BuildAsync(SourceTree.Of(sha256 is null ? file : file with { Hashes = new Dictionary<string, string> { ["sha256"] = sha256 } }) with { Meant = (one.Project, one.Version), Requires = one.BuildRequires }, cancellationToken).ConfigureAwait(false));
        }

        return wheels;
    }

    /// <summary>The same distributions with what their sources are built with: that is known when they were built.</summary>
    /// <param name="chosen">What was chosen.</param>
    /// <param name="wheels">What became of it.</param>
    public static IReadOnlyList<ChosenDistribution> Locked(IReadOnlyList<ChosenDistribution> chosen, IReadOnlyList<BuiltWheel> wheels) =>
        [.. chosen.Zip(wheels, static (one, wheel) => !one.IsSource ? one : one with { BuildRequires = wheel.Requires })];
}
