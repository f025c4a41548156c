using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Depots;

/// <summary>What a depot holds, as far as it could be read and was signed.</summary>
/// <param name="Locks">Each with its text; those of Python alone have no Debian packages, and so no <see cref="StackLock"/>.</param>
/// <param name="Wheels">Sorted.</param>
internal sealed record DepotContents(DepotManifest Manifest, IReadOnlyList<DepotSuite> Suites, IReadOnlyList<(DepotLock Entry, byte[] Text, StackLock? Lock)> Locks, IReadOnlyList<DepotWheel> Wheels)
{
    /// <summary>Every Debian package that a lock names.</summary>
    public IEnumerable<LockedPackage> Packages => Locks.SelectMany(static one => one.Lock?.Packages ?? []);
}

/// <summary>Reads a depot from a folder or a server, believing only what is signed.</summary>
/// <param name="root">Ends in a slash.</param>
/// <param name="keys">Who may have signed it.</param>
/// <param name="fault">Told of everything that is missing or altered: the path, and what is wrong with it.</param>
internal sealed class DepotReader(Uri root, Transport transport, KeyRing keys, Action<string, string> fault)
{
    private const int IndexLimit = 1 << 30;

    /// <summary>Null when the list of what it holds is missing or not to be trusted.</summary>
    public async Task<DepotContents?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await SignedAsync(DepotFolder.ManifestPath, "", null, DepotManifest.Parse, cancellationToken).ConfigureAwait(false) is not { } manifest)
            return null;
        var suites = new List<DepotSuite>();
        foreach (var (name, sha256) in manifest.Suites)
        {
            if (await SuiteAsync(name, sha256, cancellationToken).ConfigureAwait(false) is { } suite)
                suites.Add(suite);
        }

        var locks = new List<(DepotLock, byte[], StackLock?)>();
        foreach (var entry in manifest.Locks)
        {
            if (await GetAsync(entry.Path, entry.Sha256, cancellationToken).ConfigureAwait(false) is not { } text)
                continue;
            try
            {
                locks.Add((entry, text, entry.IsPython ? null : LockFile.Parse(Encoding.UTF8.GetString(text), entry.Path)));
            }
            catch (LockFileException e)
            {
                fault(entry.Path, e.Message);
            }
        }

        return new DepotContents(manifest, suites, locks, await WheelsAsync(manifest, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A file of the depot, or null when it is missing or has other bytes, which is told.</summary>
    public async Task<byte[]?> GetAsync(string path, string? sha256, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        if (await CopyAsync(path, sha256, IndexLimit, bytes, cancellationToken).ConfigureAwait(false))
            return bytes.ToArray();
        return null;
    }

    /// <summary>Reads a file of the depot to its end; false when it is missing or has other bytes, which is told.</summary>
    public async Task<bool> CopyAsync(string path, string? sha256, long limit, Stream into, CancellationToken cancellationToken)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var transfer = await transport.OpenAsync(new Uri(root, string.Join('/', path.Split('/').Select(Uri.EscapeDataString))), 0, null, cancellationToken).ConfigureAwait(false);
            var buffer = new byte[128 * 1024];
            var total = 0L;
            for (int read; (read = await transfer.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if ((total += read) > limit)
                {
                    fault(path, $"it has more than {limit} bytes");
                    return false;
                }

                hash.AppendData(buffer, 0, read);
                into.Write(buffer, 0, read);
            }

            var found = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (sha256 is null || found == sha256)
                return true;
            fault(path, $"it was altered: its bytes have the SHA-256 {found} instead of {sha256}");
        }
        catch (TransferException e)
        {
            fault(path, e.Missing ? "it is missing" : $"it cannot be read: {e.Message}");
        }

        return false;
    }

    private async Task<IReadOnlyList<DepotWheel>> WheelsAsync(DepotManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Wheels is not { } sha256 || await GetAsync(DepotWheel.ListPath, sha256, cancellationToken).ConfigureAwait(false) is not { } list)
            return [];
        try
        {
            return DepotWheel.ReadAll(list);
        }
        catch (FormatException e)
        {
            fault(DepotWheel.ListPath, e.Message);
            return [];
        }
    }

    private async Task<DepotSuite?> SuiteAsync(string name, string sha256, CancellationToken cancellationToken)
    {
        var folder = $"dists/{name}/";
        if (await SignedAsync(folder + "InRelease", name, sha256, text => (Text: text, File: ReleaseFile.Parse(text, Encoding.UTF8.GetBytes(text))), cancellationToken).ConfigureAwait(false) is not { File: { } release } read)
            return null;
        if (await GetAsync(folder + "Release", null, cancellationToken).ConfigureAwait(false) is { } plain && await GetAsync(folder + "Release.gpg", null, cancellationToken).ConfigureAwait(false) is { } signature)
        {
            if (Encoding.UTF8.GetString(plain).TrimEnd('\n') != read.Text.TrimEnd('\n'))
                fault(folder + "Release", "it says something else than InRelease");
            if (keys.VerifyDetached(plain, signature, name, DateTimeOffset.UtcNow) is { Good: [] } verdict)
                fault(folder + "Release.gpg", verdict.Why);
        }

        var packages = new Dictionary<string, IReadOnlyList<Stanza>>(StringComparer.Ordinal);
        foreach (var (path, (_, hash)) in release.Files)
        {
            // Each is there twice: under its name, and under its hash.
            var bytes = await GetAsync(folder + path, hash, cancellationToken).ConfigureAwait(false);
            await GetAsync($"{folder}{Path.GetDirectoryName(path)}/by-hash/SHA256/{hash}", hash, cancellationToken).ConfigureAwait(false);
            var architecture = release.Architectures.FirstOrDefault(one => DepotSuite.IndexPath(one) == path);
            if (bytes is null || architecture is null)
                continue;
            try
            {
                packages[architecture] = Stanza.ReadAll(new MemoryStream(bytes));
            }
            catch (Exception e) when (e is FormatException or ArchiveException)
            {
                fault(folder + path, e.Message);
            }
        }

        return new DepotSuite(release.Lock(new DebianSource(name, [root], [DepotSuite.Component])), release.Priority, packages);
    }

    private async Task<T?> SignedAsync<T>(string path, string suite, string? sha256, Func<string, T> parse, CancellationToken cancellationToken)
    {
        if (await GetAsync(path, sha256, cancellationToken).ConfigureAwait(false) is not { } bytes)
            return default;
        try
        {
            var signed = SignedText.Parse(bytes);
            if (keys.Verify(signed, suite, DateTimeOffset.UtcNow) is not { Good: [] } refused)
                return parse(signed.Payload);
            fault(path, refused.Why);
        }
        catch (FormatException e)
        {
            fault(path, e.Message);
        }

        return default;
    }
}
