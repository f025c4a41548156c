using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Debian;

/// <summary>From sources to an index: Release files verified, Packages files fetched by their hashes, parsed once and cached by digest.</summary>
public static class IndexFetch
{
    private const string Name = "read package index";

    /// <summary>What an index may unpack to at most, whatever its Release file says: the largest of Debian has 60 MB.</summary>
    private const long UnpackedLimit = 1L << 30;

    /// <summary>
    /// The index of all suites. When none changed since the last time, this is one request a suite and one read from the store.
    /// </summary>
    /// <param name="store">Keeps indexes and what was seen of each suite.</param>
    /// <param name="sources">Where the suites come from.</param>
    /// <param name="progress">Told how far it is, and of warnings.</param>
    /// <param name="clock">This machine's; null for the real one.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="locked">The releases of the lock that is to be replaced: an archive that became another one since is refused.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<DebianIndex> ReadAsync(
        Store store, DebianSources sources, IProgress<Activity>? progress = null, TimeProvider? clock = null,
        TransferSettings? settings = null, IReadOnlyList<LockedRelease>? locked = null, CancellationToken cancellationToken = default)
    {
        var keys = sources.OnlyDepots ? KeyRing.OfDepots(sources.DepotKeys) : KeyRing.Open(sources.Keys);
        return await ReadAsync(store, sources, keys, progress, clock ?? TimeProvider.System, settings ?? TransferSettings.FromEnvironment(), locked, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<DebianIndex> ReadAsync(
        Store store, DebianSources sources, KeyRing keys, IProgress<Activity>? progress, TimeProvider clock, TransferSettings settings, IReadOnlyList<LockedRelease>? locked, CancellationToken cancellationToken)
    {
        if (sources.NoIndex is { } reason)
            throw reason;
        using var transport = new Transport(settings, proxy: sources.Proxy);
        var reader = new SuiteReader(store, transport, keys, clock, progress, locked);
        progress?.Report(new Activity(Name, string.Join(", ", sources.Sources.Select(static source => source.Suite))));
        var suites = await Task.WhenAll(sources.Sources.Select(source => reader.ReadAsync(source, sources.Architecture, cancellationToken))).ConfigureAwait(false);

        foreach (var suite in suites)
        {
            if (sources.Foreign.FirstOrDefault(architecture => !suite.Release.Architectures.Contains(architecture)) is { } missing)
                throw new MayflyException($"{suite.Source.Suite} has no architecture {missing}, only {string.Join(", ", suite.Release.Architectures)}", "leave it out of .Architectures(…) in stack.cs");
        }

        var key = Key(string.Join(' ', sources.Foreign.Prepend(sources.Architecture)), suites);
        var cache = store.PathOf(StoreArea.Indexes, key);
        if (!DebianIndex.TryLoadCache(cache, out var index))
        {
            index = await ParseAsync(store, sources.Architecture, sources.Foreign, suites, transport, progress, cancellationToken).ConfigureAwait(false);
            using var work = store.BeginWork("index");
            var path = Path.Combine(work.Path, "index");
            index.WriteCache(path);
            // A cache of another format, or one that a power cut damaged, is replaced.
            Mayfly.Linux.Files.Rename(path, cache);
        }

        progress?.Report(new Activity(Name, $"{index.Count} packages") { Ended = true });
        return index.From(suites.ToDictionary(static suite => suite.Source.Suite, static suite => (IReadOnlyList<string>)[.. suite.Source.Mirrors.Select(static mirror => mirror.Host)]));
    }

    private static async Task<DebianIndex> ParseAsync(
        Store store, string architecture, IReadOnlyList<string> foreign, IReadOnlyList<VerifiedSuite> suites, Transport transport, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var files = suites.SelectMany(suite => suite.Source.Components.SelectMany(component => Architectures(suite).Select(one => Index(suite, component, one)))).ToArray();
        await new Downloads(store, transport, "fetch package index", progress).AllAsync([.. files.Select(static file => file.Wanted)], cancellationToken).ConfigureAwait(false);
        try
        {
            return DebianIndex.Parse(architecture, files.Select(file => new PackagesFile(
                file.Suite.Release.Lock(file.Suite.Source), file.Component,
                () => Open(store, file.Wanted.Sha256, file.Name, file.Unpacked))
            {
                Priority = file.Suite.Release.Priority,
            }), foreign);
        }
        catch (Exception e) when (e is ArchiveException or FormatException)
        {
            throw new MayflyException($"a package index is damaged: {e.Message}", "the archive signed it like this: try another mirror, or tell the archive's keepers", e);
        }

        IEnumerable<string> Architectures(VerifiedSuite suite) => suite.Release.SeparateAll ? [architecture, .. foreign, "all"] : [architecture, .. foreign];
    }

    private static (VerifiedSuite Suite, string Component, string Name, long Unpacked, Wanted Wanted) Index(VerifiedSuite suite, string component, string architecture)
    {
        var plain = $"{component}/binary-{architecture}/Packages";
        foreach (var ending in (ReadOnlySpan<string>)[".xz", ".gz", ""])
        {
            if (!suite.Release.Files.TryGetValue(plain + ending, out var file))
                continue;
            if (file.Size > UnpackedLimit)
                throw new MayflyException($"the package index of {suite.Source.Suite} {component} has absurd {file.Size} bytes", "the archive signed it like this: try another mirror, or tell the archive's keepers");
            var folder = $"dists/{suite.Source.Suite}/{component}/binary-{architecture}/";
            var names = suite.Release.ByHash ? (string[])[$"by-hash/SHA256/{file.Sha256}", "Packages" + ending] : ["Packages" + ending];
            var wanted = new Wanted($"the package index of {suite.Source.Suite} {component}", file.Sha256, file.Size,
                [.. suite.Mirrors.SelectMany(mirror => names.Select(name => new Uri(mirror, folder + name)))])
            {
                MissingHint = "the mirror is perhaps being updated: try again in some minutes, or name another mirror",
            };
            return (suite, component, "Packages" + ending, suite.Release.Files.TryGetValue(plain, out var unpacked) ? Math.Min(unpacked.Size, UnpackedLimit) : UnpackedLimit, wanted);
        }

        throw new MayflyException($"{suite.Source.Suite} lists no index of {component} for {architecture} that Mayfly can read (.xz, .gz or plain)",
            "name another mirror, or leave that component out");
    }

    private static Stream Open(Store store, string sha256, string name, long limit) =>
        // Without the runtime's own lock, which fails, whatever is shared, where a process that is just being started still holds the one of the download.
        Limit(Compression.Open(name, new FileStream(FileHandles.OpenFile(store.PathOf(StoreArea.Artifacts, sha256)), FileAccess.Read)), limit);

    /// <summary>The same stream, which refuses to give more.</summary>
    internal static Stream Limit(Stream unpacked, long limit) => new Limited(unpacked, limit);

    /// <summary>The Release files' digests and everything else that decides what is parsed from them.</summary>
    private static string Key(string architecture, IReadOnlyList<VerifiedSuite> suites)
    {
        var text = string.Join('\n', suites.Select(static suite => $"{suite.Source.Suite} {suite.Source.Snapshot?.Stamp} {suite.Release.Digest} {string.Join(',', suite.Source.Components)}").Prepend(architecture));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>No more comes out than the signed Release file says the index has.</summary>
    private sealed class Limited(Stream source, long limit) : ForwardStream
    {
        private long _left = limit;

        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer);
            if ((_left -= read) < 0)
                throw new ArchiveException("it unpacks to more than the Release file says");
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                source.Dispose();
            base.Dispose(disposing);
        }
    }
}
