using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Depots;

/// <summary>Reads everything that a depot says it holds, and says what is missing or altered.</summary>
public static class DepotCheck
{
    /// <summary>What was found.</summary>
    /// <param name="Faults">Path and what is wrong with it, in words; empty when all is well.</param>
    public sealed record Result(int Locks, int Packages, long Bytes, IReadOnlyList<(string Path, string Why)> Faults);

    /// <summary>Checks signatures, every index and every package, and that each lock's packages are there.</summary>
    /// <param name="root">The depot's address.</param>
    /// <param name="keys">Files with the keys that may sign it; empty for the one that lies in the depot, which proves only that it is whole.</param>
    public static async Task<Result> RunAsync(Uri root, IReadOnlyList<string> keys, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var faults = new List<(string, string)>();
        using var transport = new Transport(TransferSettings.FromEnvironment() with { Attempts = 1 });
        var ring = keys.Count > 0 ? KeyRing.OfDepots(keys) : null;
        if (ring is null)
        {
            var own = await new DepotReader(root, transport, KeyRing.Of([]), Add).GetAsync(DepotFolder.KeyName, null, cancellationToken).ConfigureAwait(false);
            if (own is null)
                return new Result(0, 0, 0, faults);
            try
            {
                ring = KeyRing.Of([(new MemoryStream(own), null)]);
            }
            catch (Exception e) when (e is IOException or Org.BouncyCastle.Bcpg.OpenPgp.PgpException or ArgumentException)
            {
                Add(DepotFolder.KeyName, $"it is no OpenPGP key ({e.Message})");
                return new Result(0, 0, 0, faults);
            }
        }

        var reader = new DepotReader(root, transport, ring, Add);
        if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } contents)
            return new Result(0, 0, 0, faults);

        var indexed = contents.Suites.SelectMany(static suite => suite.Packages.Values).SelectMany(static all => all).Select(static package => (package.Path, package.Sha256, package.Size)).ToHashSet();
        // What a lock names is read even where its index is damaged.
        var packages = indexed.Concat(contents.Locks.SelectMany(static one => one.Lock.Packages).Select(static package => (package.Path, package.Sha256, package.Size))).DistinctBy(static package => package.Path).ToArray();
        var (done, total) = (0L, packages.Sum(static package => package.Size));
        await Parallel.ForEachAsync(packages, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount * 2, CancellationToken = cancellationToken }, async (package, token) =>
        {
            await reader.CopyAsync(package.Path, package.Sha256, package.Size, Stream.Null, token).ConfigureAwait(false);
            progress?.Report(new Activity("verify packages", Path.GetFileName(package.Path)) { Done = Interlocked.Add(ref done, package.Size), Total = total });
        }).ConfigureAwait(false);
        progress?.Report(new Activity("verify packages", $"{packages.Length} packages") { Ended = true });

        // An index that could not be read is one fault, and not one for each of its packages.
        var read = contents.Suites.SelectMany(static suite => suite.Packages.Keys.Select(architecture => (suite.Name, architecture))).ToHashSet();
        foreach (var (entry, _, stackLock) in contents.Locks)
        {
            foreach (var package in stackLock.Packages.Where(package => read.Contains((package.Release, stackLock.Architecture)) && !indexed.Contains((package.Path, package.Sha256, package.Size))))
                Add(package.Path, $"the lock {entry.Name} names it, and no index of the depot does");
        }

        return new Result(contents.Locks.Count, packages.Length, total, [.. faults.OrderBy(static fault => fault.Item1, StringComparer.Ordinal)]);

        void Add(string path, string why)
        {
            lock (faults)
                faults.Add((path, why));
        }
    }
}
