using Mayfly.Packages.Archives;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Debian;

/// <summary>Which packages have shared libraries, by the archive's lists of what every package has (<c>Contents-ARCHITECTURE</c>; wiki.debian.org/DebianRepository/Format).</summary>
public static class LibraryOwners
{
    /// <summary>What a list may unpack to at most: the largest of Debian has 0.5 GB.</summary>
    private const long UnpackedLimit = 2L << 30;

    /// <summary>Looks for them in every list that the suites have, each verified by its Release file.</summary>
    /// <param name="store">Keeps the lists, some 12 MB each.</param>
    /// <param name="sources">Where the suites come from.</param>
    /// <param name="libraries">By the names that the linker looks for: <c>libpcap.so.0.8</c>.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>For each that was found one package: that which is called as policy 8.1 has it, else the first by name.</returns>
    /// <exception cref="MayflyException">A list is not to be had, or is damaged.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(Store store, DebianSources sources, IReadOnlyCollection<string> libraries, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        if (sources.NoIndex is { } reason)
            throw reason;
        using var transport = new Transport(TransferSettings.FromEnvironment(), proxy: sources.Proxy);
        var reader = new SuiteReader(store, transport, sources.OnlyDepots ? KeyRing.OfDepots(sources.DepotKeys) : KeyRing.Open(sources.Keys), TimeProvider.System, progress);
        var suites = await Task.WhenAll(sources.Sources.Select(source => reader.ReadAsync(source, sources.Architecture, cancellationToken))).ConfigureAwait(false);
        var lists = suites.SelectMany(suite => Lists(suite, sources.Architecture)).ToArray();
        await new Downloads(store, transport, "fetch lists of contents", progress).AllAsync([.. lists.Select(static list => list.Wanted)], cancellationToken).ConfigureAwait(false);
        var owners = libraries.ToDictionary(static library => library, static _ => new SortedSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var (name, wanted, limit) in lists)
        {
            try
            {
                using var file = new FileStream(store.PathOf(StoreArea.Artifacts, wanted.Sha256), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var text = new StreamReader(IndexFetch.Limit(Compression.Open(name, file), limit));
                await Task.Run(() => Read(text, owners, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (ArchiveException e)
            {
                throw new MayflyException($"{wanted.Name} is damaged: {e.Message}", "the archive signed it like this: try another mirror, or tell the archive's keepers", e);
            }
        }

        return owners.Where(static one => one.Value.Count > 0).ToDictionary(static one => one.Key, static one => SharedLibraryName.PackagesOf(one.Key).FirstOrDefault(one.Value.Contains) ?? one.Value.Min!, StringComparer.Ordinal);
    }

    /// <summary>Adds to the owners of each library those that a list names.</summary>
    /// <param name="list">Lines of a path, blanks, and packages with their sections between commas.</param>
    /// <param name="owners">By the library's name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static void Read(TextReader list, Dictionary<string, SortedSet<string>> owners, CancellationToken cancellationToken = default)
    {
        var wanted = owners.GetAlternateLookup<ReadOnlySpan<char>>();
        while (list.ReadLine() is { } line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A path may have blanks, and what has it cannot.
            var blank = line.AsSpan().LastIndexOfAny(' ', '\t');
            var path = line.AsSpan(0, Math.Max(blank, 0)).TrimEnd();
            var slash = path.LastIndexOf('/');
            if (slash < 0 || !wanted.TryGetValue(path[(slash + 1)..], out var packages) || !IsSearched(path[..slash]))
                continue;
            foreach (var package in line[(blank + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries))
                packages.Add(package[(package.LastIndexOf('/') + 1)..]);
        }
    }

    /// <summary>Whether the linker looks into a folder without being told to: <c>usr/lib/x86_64-linux-gnu</c>, and no package's own below it.</summary>
    private static bool IsSearched(ReadOnlySpan<char> folder)
    {
        var below = folder.StartsWith("usr/") ? folder[4..] : folder;
        return below is "lib" or "lib64" or "lib32" || (below.StartsWith("lib/") && below[4..] is var triplet && !triplet.Contains('/') && triplet.Contains("-linux-gnu", StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, Wanted Wanted, long Limit)> Lists(VerifiedSuite suite, string architecture)
    {
        var name = $"Contents-{architecture}";
        // Debian has a list for each component, Ubuntu one for all.
        foreach (var folder in suite.Source.Components.Select(static component => $"{component}/").Append(""))
        {
            foreach (var ending in (ReadOnlySpan<string>)[".xz", ".gz"])
            {
                if (!suite.Release.Files.TryGetValue($"{folder}{name}{ending}", out var file) || file.Size > UnpackedLimit)
                    continue;
                var names = suite.Release.ByHash ? (string[])[$"by-hash/SHA256/{file.Sha256}", $"{name}{ending}"] : [$"{name}{ending}"];
                var wanted = new Wanted($"the list of contents of {suite.Source.Suite} {folder.TrimEnd('/')}".TrimEnd(), file.Sha256, file.Size, [.. suite.Mirrors.SelectMany(mirror => names.Select(one => new Uri(mirror, $"dists/{suite.Source.Suite}/{folder}{one}")))])
                {
                    MissingHint = "the mirror is perhaps being updated: try again in some minutes, or name another mirror",
                };
                yield return ($"{name}{ending}", wanted, suite.Release.Files.TryGetValue($"{folder}{name}", out var plain) ? Math.Min(plain.Size, UnpackedLimit) : UnpackedLimit);
                break;
            }
        }
    }
}
