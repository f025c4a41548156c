using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Packages.Depots;

/// <summary>Writes and signs the indexes of a depot, and puts them in the place of the former ones at once.</summary>
internal sealed class DepotWriter(DepotFolder depot, IDepotSigner signer)
{
    private const string Made = ".mayfly/work/dists";

    /// <summary>Makes this what the depot holds. The packages must be in the pool, and the wheels in the work folder or where the former state has them.</summary>
    /// <param name="date">That of the list of what it holds; each suite has its own.</param>
    /// <param name="keepFormer">Whether indexes that only former Release files name stay under their hashes, for who is reading right now.</param>
    public void Commit(IReadOnlyList<DepotSuite> suites, WheelIntake.Result wheels, IReadOnlyList<(DepotLock Entry, byte[] Text)> locks, DateTimeOffset date, bool keepFormer)
    {
        depot.Require(Made);
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var suite in suites)
            digests[suite.Name] = Write(suite, keepFormer);
        foreach (var (entry, text) in locks)
            Write(entry.Path["dists/".Length..], text);
        var list = DepotWheel.Write(wheels.Wheels);
        if (wheels.Wheels.Count > 0)
        {
            wheels.Place(depot, Made);
            foreach (var (path, bytes) in SimplePages.All(wheels.Wheels).Append((DepotWheel.ListPath, list)))
                Write(path["dists/".Length..], bytes);
            // It leads nowhere until the exchange, where there were no wheels before.
            depot.LinkPages();
        }

        Write("Depot", signer.ClearSign(new DepotManifest(date, digests, [.. locks.Select(static one => one.Entry)], wheels.Wheels.Count > 0 ? Hex(list) : null).Write()));

        // The names and the packages' bytes before the index that speaks of them.
        Files.SyncFileSystem(depot.Root);
        var (made, place) = (Path.Combine(depot.Root, Made), Path.Combine(depot.Root, "dists"));
        if (new DirectoryInfo(place) is { LinkTarget: not null })
            throw new MayflyException($"{place} is a symbolic link, and what is published must lie in the depot itself", "remove that link, or name the folder that it leads to as the depot");
        if (!Directory.Exists(place))
            Files.Rename(made, place);
        else
            Exchange(made, place);
        Files.SyncFolder(depot.Root);
    }

    private static void Exchange(string made, string place)
    {
        const int Invalid = 22, NoCall = 38, CrossDevice = 18;
        try
        {
            Files.Exchange(made, place);
        }
        catch (LinuxException e) when (e.Errno is Invalid or NoCall or CrossDevice)
        {
            throw new MayflyException($"the file system of {place} cannot exchange two folders at once, so a depot there could be seen half-changed",
                "put the depot on ext4, xfs, btrfs or tmpfs, and copy it from there (rsync pool first, then dists)", e);
        }
    }

    /// <summary>Gives the SHA-256 of InRelease.</summary>
    private string Write(DepotSuite suite, bool keepFormer)
    {
        var sums = new StringBuilder();
        foreach (var (architecture, packages) in suite.Packages.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            var path = DepotSuite.IndexPath(architecture);
            var hashes = $"{suite.Name}/{Path.GetDirectoryName(path)}/by-hash/SHA256";
            if (keepFormer)
                KeepFormer(hashes);
            var plain = Joined(packages);
            foreach (var (name, bytes) in (ReadOnlySpan<(string, byte[])>)[(path, plain), (path + ".gz", Packed(plain))])
            {
                var sha256 = Hex(bytes);
                Write($"{suite.Name}/{name}", bytes);
                Write($"{hashes}/{sha256}", bytes);
                sums.Append(CultureInfo.InvariantCulture, $" {sha256} {bytes.Length,8} {name}\n");
            }
        }

        var release = suite.Release;
        // The identity is the archive's, which apt's pins and a lock's releases speak of; the signature says who gives it.
        var text = $"""
            Origin: {release.Origin}
            Label: {release.Label}
            Suite: {release.Suite}
            Codename: {release.Codename}
            Date: {release.Date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}
            {(suite.Priority < 500 ? "NotAutomatic: yes\n" : "")}{(suite.Priority == 100 ? "ButAutomaticUpgrades: yes\n" : "")}Acquire-By-Hash: yes
            Architectures: {string.Join(' ', suite.Packages.Keys.Order(StringComparer.Ordinal))}
            Components: {DepotSuite.Component}
            Description: packages of {release.Id} that stack.lock files name, published by Mayfly
            SHA256:
            {sums}
            """.TrimEnd('\n') + "\n";
        var signed = signer.ClearSign(text);
        Write($"{suite.Name}/InRelease", signed);
        Write($"{suite.Name}/Release", Encoding.UTF8.GetBytes(text));
        Write($"{suite.Name}/Release.gpg", signer.Sign(Encoding.UTF8.GetBytes(text)));
        return Hex(signed);
    }

    private void KeepFormer(string hashes)
    {
        var former = Path.Combine(depot.Root, "dists", hashes);
        if (!Directory.Exists(former))
            return;
        depot.Require($"dists/{hashes}");
        var folder = depot.Require($"{Made}/{hashes}");
        foreach (var file in Directory.EnumerateFiles(former))
        {
            if (LockFile.IsSha256(Path.GetFileName(file)) && new FileInfo(file).LinkTarget is null)
                Files.Link(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private void Write(string path, ReadOnlySpan<byte> bytes) => depot.Write($"{Made}/{path}", bytes);

    private static byte[] Joined(IReadOnlyList<Stanza> packages)
    {
        var joined = new MemoryStream(packages.Sum(static package => package.Text.Length + 1));
        foreach (var package in packages)
        {
            joined.Write(package.Text);
            joined.WriteByte((byte)'\n');
        }

        return joined.ToArray();
    }

    private static byte[] Packed(byte[] plain)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(plain);
        return packed.ToArray();
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
