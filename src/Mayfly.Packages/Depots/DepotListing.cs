using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Depots;

/// <summary>What a depot holds, for people.</summary>
/// <param name="Locks">Those of stacks, then those of Python alone.</param>
/// <param name="Packages">By suite, Debian's packages in it.</param>
/// <param name="Wheels">By project, older versions first.</param>
public sealed record DepotListing(IReadOnlyList<DepotLock> Locks, IReadOnlyDictionary<string, int> Packages, IReadOnlyList<DepotWheel> Wheels)
{
    /// <summary>Reads lists and indexes, and no package.</summary>
    /// <param name="root">The depot's address.</param>
    /// <param name="keys">Files with the keys that may sign it; empty for the one that lies in the depot.</param>
    /// <exception cref="MayflyException">Something of it is missing or not to be trusted.</exception>
    public static async Task<DepotListing> ReadAsync(Uri root, IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        using var transport = new Transport(TransferSettings.FromEnvironment());
        try
        {
            var ring = keys.Count > 0 ? KeyRing.OfDepots(keys)
                : KeyRing.Of([(new MemoryStream((await new DepotReader(root, transport, KeyRing.Of([]), Fault).GetAsync(DepotFolder.KeyName, null, cancellationToken).ConfigureAwait(false))!), null)]);
            var contents = (await new DepotReader(root, transport, ring, Fault).ReadAsync(cancellationToken).ConfigureAwait(false))!;
            return new DepotListing([.. contents.Locks.Select(static one => one.Entry)],
                contents.Suites.ToDictionary(static suite => suite.Name, static suite => suite.Packages.Values.Sum(static packages => packages.Count), StringComparer.Ordinal), contents.Wheels);
        }
        catch (Exception e) when (e is IOException or Org.BouncyCastle.Bcpg.OpenPgp.PgpException or ArgumentException)
        {
            throw new MayflyException($"the depot at {root} has a {DepotFolder.KeyName} that is no OpenPGP key ({e.Message})", "name the key with --key", e);
        }

        void Fault(string path, string why) => throw new MayflyException($"the depot at {root} cannot be read: {path}: {why}", "mayfly depot verify says all that is wrong with it");
    }
}
