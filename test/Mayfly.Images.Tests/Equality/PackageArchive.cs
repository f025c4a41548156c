using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Tests.Shared;

[assembly: AssemblyFixture(typeof(Mayfly.Images.Tests.Equality.PackageArchive))]

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// The archive that both sides read: the signed Release files and whole indexes of this host's sources, and of the pool the packages of
/// all sets, each asked for once. It lives in memory where there is room, because a tree made on a disk takes mmdebstrap twice as long.
/// </summary>
/// <remarks>
/// For those who work on the comparison, <c>MAYFLY_REFERENCES</c> names a folder that keeps mmdebstrap's trees and logs from run to run, locks, and what
/// differed; remove it when the archive has changed.
/// </remarks>
public sealed class PackageArchive : IDisposable
{
    /// <summary>That folder, or nothing.</summary>
    public static readonly string Kept = Environment.GetEnvironmentVariable("MAYFLY_REFERENCES") ?? "";

    private readonly Lazy<Task<Contents>> _contents;
    private readonly string _folder;

    public PackageArchive()
    {
        _folder = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"mayfly-equality-{Environment.ProcessId}");
        _contents = new(() => Task.Run(MakeAsync));
    }

    public string Folder => _folder;

    /// <summary>The folder of the archive laid out as Ubuntu's.</summary>
    private string Relaid => $"{Mirror}/relaid";

    public Task<Contents> ContentsAsync => _contents.Value;

    /// <summary>The archive's folder, as both see it.</summary>
    public string Mirror => $"{_folder}/mirror";

    /// <summary>Lines of sources.list.</summary>
    internal IReadOnlyList<string> SourcesFor(PackageSet set, string method) => [.. Of(set).Suites.Select(suite => $"deb {method}{(set.Relaid ? Relaid : RootOf(suite))} {suite} {string.Join(' ', Of(set).Components)}")];

    /// <summary>The file with the keys that sign the archive.</summary>
    internal string KeyringOf(PackageSet set) => Of(set).Keyring;

    private Release Of(PackageSet set) => _contents.Value.Result.Releases[set.Name];

    public void Dispose()
    {
        if (_contents.IsValueCreated)
            ReferenceImage.Run("rm", "-rf", "--one-file-system", _folder);
    }

    private string RootOf(string suite) => $"{Mirror}/{ReleaseLayout.All.SelectMany(static release => release.Suites).First(known => known.Suite == suite).Archive}";

    private async Task<Contents> MakeAsync()
    {
        var store = Store.Open($"{_folder}/store");
        var locks = new Dictionary<string, StackLock>();
        var releases = new Dictionary<string, Release>();
        var keyring = $"{_folder}/ubuntu.asc";
        foreach (var sets in PackageSets.All.GroupBy(static set => (set.Codename, set.Relaid, Foreign: string.Join(' ', set.Foreign))))
        {
            var one = sets.First();
            if (one.NeedsUbuntu && UbuntuMirror.Missing is not null)
                continue;
            var foreign = new DebianPreferences { Architectures = one.Foreign };
            var key = one.NeedsUbuntu ? keyring : "/usr/share/keyrings/debian-archive-keyring.gpg";
            var sources = (one.NeedsUbuntu ? UbuntuMirror.Sources! : DebianSources.Discover(one.Codename, HostArchitecture.Name, DebianConfiguration.Read(new DebianConfiguration { Components = ["main"] }))).With(foreign);
            if (one.NeedsUbuntu)
                File.WriteAllText(keyring, UbuntuMirror.Key);
            // Mirrors on the way may lag behind with what few ask for; the release itself stands still.
            if (foreign.Architectures.Count > 0)
                sources = sources with { Sources = [sources.Sources[0]] };
            var index = await IndexFetch.ReadAsync(store, sources);
            var release = ReleaseOf(sources, index, key);
            if (one.Relaid)
            {
                await RelayAsync(store, sources, index, one, locks, releases);
                continue;
            }

            foreach (var set in sets)
            {
                locks[set.Name] = set.Added.Count == 0 ? Lock(index, set, set.Packages) : Lock(index, set, [.. set.Packages, .. set.Added], Lock(index, set, set.Packages));
                releases[set.Name] = release;
            }

            var stacks = sets.Select(set => locks[set.Name]).ToArray();
            var packages = stacks.SelectMany(static stack => stack.Packages).DistinctBy(static package => package.Sha256).ToArray();
            await Fetch.AllAsync(store, sources, packages);
            await PublishAsync(store, sources, stacks[0].Releases);
            foreach (var package in packages)
                Link(store, package.Sha256, $"{RootOf(package.Release)}/{package.Path}");
        }

        return new Contents(store, locks, releases);
    }

    /// <summary>The packages of a set of Debian's in Ubuntu's layout, and the set chosen from there.</summary>
    private async Task RelayAsync(Store store, DebianSources debian, DebianIndex index, PackageSet set, Dictionary<string, StackLock> locks, Dictionary<string, Release> releases)
    {
        var stack = Lock(index, set, set.Packages);
        await Fetch.AllAsync(store, debian, stack.Packages);
        var key = UbuntuLayout.Make(Relaid, store, stack.Packages, stack.Date);
        var sources = DebianSources.Discover(UbuntuMirror.Codename, HostArchitecture.Name, new DebianConfiguration { Mirror = $"file://{Relaid}", Keys = [key] });
        // What the other store saw of the real noble is no former state of this one.
        var own = Store.Open($"{_folder}/stores/relaid");
        index = await IndexFetch.ReadAsync(own, sources);
        locks[set.Name] = stack = Lock(index, set, set.Packages);
        releases[set.Name] = ReleaseOf(sources, index, key);
        await Fetch.AllAsync(own, sources, stack.Packages);
        foreach (var package in stack.Packages)
            Link(own, package.Sha256, store.PathOf(StoreArea.Artifacts, package.Sha256));
    }

    private static Release ReleaseOf(DebianSources sources, DebianIndex index, string key) => new([.. sources.Sources.Select(static source => source.Suite)],
        [.. index.OfPriority(PackagePriority.Required).Where(static package => !package.Essential && !package.IsForeign).Select(static package => package.Name).Distinct()],
        sources.Sources[0].Components, key);

    private async Task PublishAsync(Store store, DebianSources sources, IReadOnlyList<LockedRelease> locked)
    {
        using var handler = new HttpClientHandler { Proxy = sources.Proxy, UseProxy = sources.Proxy is not null };
        using var client = new HttpClient(handler);
        foreach (var source in sources.Sources)
        {
            var suite = $"{RootOf(source.Suite)}/dists/{source.Suite}";
            Directory.CreateDirectory(suite);
            var release = store.PathOf(StoreArea.Artifacts, locked.First(release => release.Id == source.Suite).Digest);
            var bytes = File.Exists(release) ? await File.ReadAllBytesAsync(release) : await client.GetByteArrayAsync(new Uri(source.Mirrors[0], $"dists/{source.Suite}/InRelease"));
            await File.WriteAllBytesAsync($"{suite}/InRelease", bytes);
            foreach (var (component, architecture) in source.Components.SelectMany(component => sources.Foreign.Prepend(sources.Architecture).Select(architecture => (component, architecture))))
            {
                var name = $"{component}/binary-{architecture}/Packages.xz";
                var hash = Encoding.UTF8.GetString(bytes).Split('\n').Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).First(words => words is [{ Length: 64 }, _, var file] && file == name)[0];
                Link(store, hash, $"{suite}/{name}");
                Link(store, hash, $"{suite}/{Path.GetDirectoryName(name)}/by-hash/SHA256/{hash}");
            }
        }
    }

    private static StackLock Lock(DebianIndex index, PackageSet set, IReadOnlyList<string> packages, StackLock? before = null) => DebianLock.Create(index,
        [new SetRequest(SetRequest.Base, set.Apt ? ["apt"] : []), new SetRequest("set", packages), new SetRequest("later", [PackageSets.Later])], preferences: new DebianPreferences { Architectures = set.Foreign }, before: before);

    private static void Link(Store store, string hash, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
            ReferenceImage.Run("ln", store.PathOf(StoreArea.Artifacts, hash), path);
    }

    /// <param name="Store">All artifacts.</param>
    /// <param name="Locks">By the name of a set of <see cref="PackageSets"/>; each with the sets <c>base</c>, <c>set</c> and <c>later</c>, one more package.</param>
    /// <param name="Releases">By the name of a set too.</param>
    public sealed record Contents(Store Store, IReadOnlyDictionary<string, StackLock> Locks, IReadOnlyDictionary<string, Release> Releases);

    /// <param name="Suites">Those of the archive.</param>
    /// <param name="Required">The names of packages of priority required that are not essential.</param>
    /// <param name="Components">What is taken of each.</param>
    /// <param name="Keyring">The file with the keys that sign it.</param>
    public sealed record Release(IReadOnlyList<string> Suites, IReadOnlyList<string> Required, IReadOnlyList<string> Components, string Keyring);
}
