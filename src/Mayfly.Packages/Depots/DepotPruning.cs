namespace Mayfly.Packages.Depots;

/// <summary>Removes from a depot what its newest locks do not name.</summary>
public sealed class DepotPruning(DepotFolder depot, IDepotSigner signer)
{
    /// <summary>What was removed.</summary>
    /// <param name="Files">Packages and wheels.</param>
    public sealed record Result(int Locks, int Files, long Bytes);

    /// <summary>Keeps the newest locks of each name, and the packages that those name; the index speaks of nothing else before any file is removed.</summary>
    public async Task<Result> RunAsync(int keep, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!depot.IsDepot)
            throw new MayflyException($"{depot.Root} is no depot", "mayfly depot publish makes one");
        using var turn = await depot.TakeAsync("mayfly depot prune", progress, cancellationToken).ConfigureAwait(false);
        try
        {
            var former = (await Publication.FormerAsync(depot, signer, cancellationToken).ConfigureAwait(false))!;
            var kept = former.Locks.GroupBy(static one => (one.Entry.Name, one.Entry.IsPython)).SelectMany(group => group.OrderByDescending(static one => one.Entry.Published).Take(keep)).ToHashSet();
            var hashes = kept.SelectMany(static one => one.Lock?.Packages ?? []).Select(static package => package.Sha256).ToHashSet(StringComparer.Ordinal);
            List<DepotSuite> suites = [.. former.Suites.Select(suite => suite with
            {
                Packages = suite.Packages.ToDictionary(static pair => pair.Key, pair => (IReadOnlyList<Stanza>)[.. pair.Value.Where(package => hashes.Contains(package.Sha256))], StringComparer.Ordinal),
            })];
            var locks = kept.Select(static one => one.Entry.Sha256).ToHashSet(StringComparer.Ordinal);
            DepotWheel[] wheels = [.. former.Wheels.Select(wheel => wheel with { Locks = [.. wheel.Locks.Where(locks.Contains)] }).Where(static wheel => wheel.Locks.Count > 0)];
            new DepotWriter(depot, signer).Commit(suites, new WheelIntake.Result(wheels, new Dictionary<string, string>()), [.. former.Locks.Where(kept.Contains).Select(static one => (one.Entry, one.Text))],
                Publication.Later(former, DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds())), keepFormer: false);
            var paths = suites.SelectMany(static suite => suite.Packages.Values).SelectMany(static packages => packages).Select(package => Path.Combine(depot.Root, package.Path)).ToHashSet(StringComparer.Ordinal);
            // Wheels that nothing names went with the former folder.
            var (files, bytes) = (former.Wheels.Count - wheels.Length, former.Wheels.Sum(static wheel => wheel.Size) - wheels.Sum(static wheel => wheel.Size));
            // Links are not followed: what they lead to is not the depot's.
            foreach (var file in new DirectoryInfo(depot.Require("pool")).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            {
                if (paths.Contains(file.FullName))
                    continue;
                (files, bytes) = (files + 1, bytes + file.Length);
                file.Delete();
            }

            return new Result(former.Locks.Count - kept.Count, files, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw depot.Refusal(e);
        }
        finally
        {
            WorkFolder.Remove(depot.Work);
        }
    }
}
