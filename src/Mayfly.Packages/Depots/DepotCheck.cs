using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Depots;

/// <summary>Reads everything that a depot says it holds, and says what is missing or altered.</summary>
public static class DepotCheck
{
    /// <summary>What was found.</summary>
    /// <param name="Bytes">Of packages and wheels.</param>
    /// <param name="Faults">Path and what is wrong with it, in words; empty when all is well.</param>
    public sealed record Result(int Locks, int Packages, int Wheels, long Bytes, IReadOnlyList<(string Path, string Why)> Faults);

    /// <summary>Checks signatures, every index, page, package and wheel, and that each lock's packages are there.</summary>
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
                return new Result(0, 0, 0, 0, faults);
            try
            {
                ring = KeyRing.Of([(new MemoryStream(own), null)]);
            }
            catch (Exception e) when (e is IOException or Org.BouncyCastle.Bcpg.OpenPgp.PgpException or ArgumentException)
            {
                Add(DepotFolder.KeyName, $"it is no OpenPGP key ({e.Message})");
                return new Result(0, 0, 0, 0, faults);
            }
        }

        var reader = new DepotReader(root, transport, ring, Add);
        if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } contents)
            return new Result(0, 0, 0, 0, faults);

        var indexed = contents.Suites.SelectMany(static suite => suite.Packages.Values).SelectMany(static all => all).Select(static package => (package.Path, package.Sha256, package.Size)).ToHashSet();
        // What a lock names is read even where its index is damaged.
        var packages = indexed.Concat(contents.Packages.Select(static package => (package.Path, package.Sha256, package.Size))).DistinctBy(static package => package.Path).ToArray();
        var wheels = contents.Wheels.SelectMany(static wheel => ((string Path, string Sha256, long Size)[])[(wheel.Path, wheel.Sha256, wheel.Size), (wheel.MetadataPath, wheel.MetadataSha256, Python.CoreMetadata.Largest)]);
        var (done, total) = (0L, packages.Sum(static package => package.Size) + contents.Wheels.Sum(static wheel => wheel.Size));
        await Parallel.ForEachAsync(packages.Concat(wheels), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount * 2, CancellationToken = cancellationToken }, async (package, token) =>
        {
            await reader.CopyAsync(package.Path, package.Sha256, package.Size, Stream.Null, token).ConfigureAwait(false);
            progress?.Report(new Activity("verify packages", Path.GetFileName(package.Path)) { Done = Interlocked.Add(ref done, package.Size), Total = total });
        }).ConfigureAwait(false);
        progress?.Report(new Activity("verify packages", $"{packages.Length + contents.Wheels.Count} packages") { Ended = true });
        // Pages are made of the list alone, so they can be made again.
        foreach (var (path, meant) in SimplePages.All(contents.Wheels))
        {
            if (await reader.GetAsync(path, null, cancellationToken).ConfigureAwait(false) is { } page && !page.AsSpan().SequenceEqual(meant))
                Add(path, $"it says something else than {DepotWheel.ListPath}");
        }

        // An index that could not be read is one fault, and not one for each of its packages.
        var read = contents.Suites.SelectMany(static suite => suite.Packages.Keys.Select(architecture => (suite.Name, architecture))).ToHashSet();
        var there = contents.Wheels.Select(static wheel => wheel.Sha256).ToHashSet(StringComparer.Ordinal);
        foreach (var (entry, _, stackLock) in contents.Locks.Where(static one => one.Lock is not null))
        {
            // Who published with a Mayfly that knew no wheels left them out; what was published since is listed whole.
            foreach (var wheel in contents.Wheels.Any(wheel => wheel.Locks.Contains(entry.Sha256)) ? stackLock!.Wheels().Where(wheel => !there.Contains(wheel.Sha256)) : [])
                Add(wheel.Path, $"the lock {entry.Name} names it, and {DepotWheel.ListPath} does not");
            foreach (var package in stackLock!.Packages.Where(package => read.Contains((package.Release, stackLock.Architecture)) && !indexed.Contains((package.Path, package.Sha256, package.Size))))
                Add(package.Path, $"the lock {entry.Name} names it, and no index of the depot does");
        }

        return new Result(contents.Locks.Count, packages.Length, contents.Wheels.Count, total, [.. faults.OrderBy(static fault => fault.Item1, StringComparer.Ordinal)]);

        void Add(string path, string why)
        {
            lock (faults)
                faults.Add((path, why));
        }
    }
}
