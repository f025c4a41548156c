using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Depots;

/// <summary>Adds locks to a depot, with the packages and wheels that they name.</summary>
/// <param name="keys">Files with keys that the user trusts to sign archives and depots, besides those that Mayfly brings.</param>
/// <param name="sources">Where packages come from that the store does not hold as files; asked for only then.</param>
public sealed class Publication(DepotFolder depot, Store store, IDepotSigner signer, IReadOnlyList<string> keys, Func<StackLock, DebianSources> sources)
{
    /// <summary>What was published.</summary>
    /// <param name="FromPackages">How many stanzas were made from the packages themselves, because no index at hand has them: Priority and Section are the packages' own there.</param>
    /// <param name="Changed">False when the depot held all of it already.</param>
    public sealed record Result(IReadOnlyList<string> Suites, int FromPackages, bool Changed);

    /// <summary>Publishes one lock: whole or not at all.</summary>
    /// <param name="name">What the lock is listed under.</param>
    /// <param name="text">The lock file, as it is: a <c>stack.lock</c>.</param>
    /// <param name="address">Where apt finds the depot, for <c>depot.sources</c>; null for the folder itself.</param>
    /// <param name="wheels">Those of its environments, which the store has.</param>
    public Task<Result> RunAsync(string name, byte[] text, string? address, IReadOnlyList<PublishedWheel> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(Entry(name, text, isPython: false), text, LockFile.Parse(Encoding.UTF8.GetString(text)), address, wheels, progress, cancellationToken);

    /// <summary>The same for a <c>pylock.toml</c>, whose wheels are all that it has.</summary>
    public Task<Result> RunPythonAsync(string name, byte[] text, string? address, IReadOnlyList<PublishedWheel> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(Entry(name, text, isPython: true), text, null, address, wheels, progress, cancellationToken);

    private static DepotLock Entry(string name, byte[] text, bool isPython) =>
        new(name, Convert.ToHexStringLower(SHA256.HashData(text)), DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds())) { IsPython = isPython };

    private async Task<Result> RunAsync(DepotLock entry, byte[] text, StackLock? stackLock, string? address, IReadOnlyList<PublishedWheel> wheels, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        using var turn = await depot.TakeAsync("mayfly depot publish", progress, cancellationToken).ConfigureAwait(false);
        try
        {
            var former = await FormerAsync(depot, signer, cancellationToken).ConfigureAwait(false);
            var (suites, own) = (former?.Suites ?? [], 0);
            if (stackLock is not null)
            {
                await FillPoolAsync(stackLock, former, progress, cancellationToken).ConfigureAwait(false);
                (var stanzas, var priorities, own) = Stanzas(stackLock, former);
                suites = Merged(suites, stackLock, stanzas, priorities);
            }

            var taken = new WheelIntake(depot, store).Take(wheels, entry.Sha256, former?.Wheels ?? [], entry.Published, progress, cancellationToken);
            var known = former?.Locks.Any(one => IsSame(one.Entry, entry)) == true;
            var changed = !known || former is null || !SameIndexes(former.Suites, suites) || !taken.IsShown(depot, former.Wheels);
            // Made before anything is changed, so that a disk that is full says so now. The key first: who finds an index finds what signed it.
            var made = suites.Count == 0 ? null : depot.Make(DepotFolder.SourcesName, AptSources(suites, address));
            depot.Write(DepotFolder.KeyName, signer.PublicKey);
            if (changed)
            {
                var locks = (former?.Locks ?? []).Where(one => !IsSame(one.Entry, entry)).Select(static one => (one.Entry, one.Text)).Append((entry, text)).ToArray();
                new DepotWriter(depot, signer).Commit(suites, taken, locks, Later(former, entry.Published), keepFormer: true);
            }

            if (made is not null)
                Files.Rename(made, Path.Combine(depot.Root, DepotFolder.SourcesName));
            return new Result([.. suites.Select(static suite => suite.Name)], own, changed);
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

    private static bool IsSame(DepotLock one, DepotLock other) => (one.Name, one.Sha256, one.IsPython) == (other.Name, other.Sha256, other.IsPython);

    /// <summary>What the depot holds; null when it is new. What this key did not sign, or was altered since, is never signed anew.</summary>
    internal static async Task<DepotContents?> FormerAsync(DepotFolder depot, IDepotSigner signer, CancellationToken cancellationToken)
    {
        if (!depot.IsDepot)
            return null;
        using var transport = new Transport(new TransferSettings { Offline = true });
        var reader = new DepotReader(new Uri($"file://{depot.Root}/"), transport, KeyRing.Of([(new MemoryStream(signer.PublicKey), null)]), (path, why) =>
            throw new MayflyException($"the depot {depot.Root} cannot be added to: {path}: {why}",
                $"sign with the key that it was signed with before (this one is {signer.Fingerprint}); or, to begin anew with this key, remove the folder dists in it and publish all its locks again"));
        return await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A date that is not before the former one, or readers would take the new state for a replayed old one.</summary>
    internal static DateTimeOffset Later(DepotContents? former, DateTimeOffset now) => former is not null && former.Manifest.Date > now ? former.Manifest.Date : now;

    private async Task FillPoolAsync(StackLock stackLock, DepotContents? former, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        const string Name = "publish packages";
        var taken = (former?.Suites ?? []).SelectMany(static suite => suite.Packages.Values).SelectMany(static packages => packages)
            .GroupBy(static package => package.Path, StringComparer.Ordinal).ToDictionary(static group => group.Key, static group => group.First().Sha256, StringComparer.Ordinal);
        foreach (var package in stackLock.Packages)
        {
            if (taken.GetValueOrDefault(package.Path) is { } other && other != package.Sha256)
            {
                throw new MayflyException($"{package.Id} {package.Version} cannot be published: the depot has other bytes at {package.Path}, which another of its locks names",
                    "an archive built that version anew: `mayfly update` that other stack, publish it, and `mayfly depot prune` the depot; or publish into another folder");
            }
        }

        var missing = new List<LockedPackage>();
        foreach (var package in stackLock.Packages)
        {
            if (!await IsInPoolAsync(package, cancellationToken).ConfigureAwait(false))
                missing.Add(package);
        }

        if (missing.Exists(package => !store.Has(StoreArea.Artifacts, package.Sha256)))
            await Fetch.ArtifactsAsync(store, sources(stackLock), missing, progress, stackLock.Releases, cancellationToken).ConfigureAwait(false);
        var done = 0L;
        var total = missing.Sum(static package => package.Size);
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, (package, _) =>
        {
            Add(package);
            progress?.Report(new Activity(Name, package.Name) { Done = Interlocked.Add(ref done, package.Size), Total = total });
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        if (missing.Count > 0)
            progress?.Report(new Activity(Name, $"{missing.Count} packages") { Ended = true });
    }

    private async Task<bool> IsInPoolAsync(LockedPackage package, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(depot.Require(Path.GetDirectoryName(package.Path)!), Path.GetFileName(package.Path)));
        return file.LinkTarget is null && file.Exists && file.Length == package.Size && await HashAsync(file.FullName, cancellationToken).ConfigureAwait(false) == package.Sha256;
    }

    private void Add(LockedPackage package)
    {
        var (artifact, made) = (store.PathOf(StoreArea.Artifacts, package.Sha256), Path.Combine(depot.Work, package.Sha256));
        if (DepotFolder.Bring(artifact, made) is var found && found != package.Sha256)
        {
            throw new MayflyException($"{package.Id} {package.Version} cannot be published: {artifact} has the SHA-256 {found}, so it was damaged",
                $"remove {artifact}, and run the command again: it is fetched anew");
        }

        Files.Rename(made, Path.Combine(depot.Root, package.Path));
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 128 * 1024, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
    }

    private (Dictionary<string, Stanza> Stanzas, Func<string, int> Priorities, int Own) Stanzas(StackLock stackLock, DepotContents? former)
    {
        var archive = ArchiveStanzas.Read(store, KeyRing.Open(keys), stackLock.Packages, stackLock.Architecture);
        var published = (former?.Suites ?? []).SelectMany(static suite => suite.Packages.Values).SelectMany(static packages => packages)
            .DistinctBy(static package => (package.Sha256, package.Path)).ToDictionary(static package => (package.Sha256, package.Path));
        var own = 0;
        var stanzas = stackLock.Packages.DistinctBy(static package => package.Sha256).ToDictionary(static package => package.Sha256, package =>
        {
            if ((archive.Find(package) ?? published.GetValueOrDefault((package.Sha256, package.Path))) is { } known)
                return known;
            own++;
            return Stanza.FromPackage(package, Path.Combine(depot.Root, package.Path));
        }, StringComparer.Ordinal);
        return (stanzas, archive.PriorityOf, own);
    }

    /// <summary>Every suite of the lock and of what was there, and the pockets of each release, so that who locks from the depot always finds them.</summary>
    private static List<DepotSuite> Merged(IReadOnlyList<DepotSuite> former, StackLock stackLock, Dictionary<string, Stanza> stanzas, Func<string, int> priorities)
    {
        var releases = stackLock.Releases.Concat(stackLock.Releases.SelectMany(PocketsOf)).DistinctBy(static release => release.Id).ToDictionary(static release => release.Id, StringComparer.Ordinal);
        var suites = new List<DepotSuite>();
        foreach (var name in former.Select(static suite => suite.Name).Union(releases.Keys).Order(StringComparer.Ordinal))
        {
            var before = former.FirstOrDefault(suite => suite.Name == name);
            var packages = new Dictionary<string, IReadOnlyList<Stanza>>(before?.Packages ?? new Dictionary<string, IReadOnlyList<Stanza>>(), StringComparer.Ordinal);
            if (releases.TryGetValue(name, out var release))
            {
                packages[stackLock.Architecture] =
                [
                    .. stackLock.Packages.Where(package => package.Release == name).Select(package => stanzas[package.Sha256])
                        .Concat(packages.GetValueOrDefault(stackLock.Architecture) ?? []).DistinctBy(static package => package.Sha256).Order(Stanza.Order),
                ];
            }

            var of = before?.Release ?? release!;
            suites.Add(new DepotSuite(release?.Date > of.Date ? of with { Date = release.Date } : of, before?.Priority ?? priorities(name), packages));
        }

        return suites;
    }

    private static IEnumerable<LockedRelease> PocketsOf(LockedRelease release) =>
        ReleaseLayout.All.FirstOrDefault(layout => layout.Codename == release.Id)?.Suites.Where(suite => suite.Suite != release.Id).Select(suite => release with
        {
            Id = suite.Suite,
            Codename = suite.Codename,
            Suite = release.Suite + suite.Suite[release.Id.Length..],
            Label = suite.Label,
        }) ?? [];

    private static bool SameIndexes(IReadOnlyList<DepotSuite> one, IReadOnlyList<DepotSuite> other) => one.Count == other.Count
        && one.OrderBy(static suite => suite.Name, StringComparer.Ordinal).Zip(other).All(static pair => pair.First.Name == pair.Second.Name && pair.First.Packages.Count == pair.Second.Packages.Count
            && pair.First.Packages.All(index => pair.Second.Packages.TryGetValue(index.Key, out var same) && index.Value.Count == same.Count
                && index.Value.Zip(same).All(static stanza => stanza.First.Text.AsSpan().SequenceEqual(stanza.Second.Text))));

    /// <summary>sources.list(5) with the key inside, so that one file is all that apt needs.</summary>
    private byte[] AptSources(IReadOnlyList<DepotSuite> suites, string? address)
    {
        var text = new StringBuilder();
        text.Append("# Copy this file to /etc/apt/sources.list.d/, and mind that URIs is the depot's address as seen from there.\n");
        text.Append($"Types: deb\nURIs: {address ?? $"file:{depot.Root}/"}\nSuites: {string.Join(' ', suites.Select(static suite => suite.Name))}\nComponents: {DepotSuite.Component}\nSigned-By:\n");
        foreach (var line in Encoding.ASCII.GetString(signer.PublicKey).TrimEnd('\n').Split('\n'))
            text.Append(' ').Append(line.Trim() is { Length: > 0 } some ? some : ".").Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
