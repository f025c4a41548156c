using System.Security.Cryptography;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Depots;

/// <summary>What the user says of depots, and what fetching makes of it: the store, the depots, the mirror, in turn.</summary>
public sealed class DepotSourcesTests : IDisposable
{
    private static readonly TransferSettings Quick = new() { Stall = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5), Attempts = 2 };
    private readonly TemporaryStore _temporary = new();
    private readonly FaultyServer _mirror = new();
    private readonly FaultyServer _depot = new();
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(30_000);
    private readonly LockedPackage _package;

    public DepotSourcesTests() => _package = TemporaryStore.PackageOf("hello", _bytes);

    public void Dispose()
    {
        _mirror.Dispose();
        _depot.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void The_configuration_names_depots_and_their_keys()
    {
        var file = Path.Combine(_temporary.Folder, "config.toml");
        File.WriteAllText(file, "[depot]\naddresses = [\"http://depot.example:8888\", \"/srv/depot\"]\nkeys = [\"/etc/depot.asc\"]\n");

        var read = DebianConfiguration.Read([file], static _ => null, null);
        var over = DebianConfiguration.Read([file], static name => name == "MAYFLY_DEPOT" ? "/one /two" : name == "MAYFLY_DEPOT_KEY" ? "/mine.asc" : null, null);

        Assert.Equal(["http://depot.example:8888", "/srv/depot"], read.Depots!);
        Assert.Equal(["/one", "/two"], over.Depots!);
        Assert.Equal(["/etc/depot.asc", "/mine.asc"], over.DepotKeys);
        var sources = Discover(read with { Mirror = "http://mirror.example/debian", Security = "none" });
        Assert.Equal(["http://depot.example:8888/", "file:///srv/depot/", "http://mirror.example/debian/"], sources.PlacesOf("bookworm").Select(static place => place.ToString()));
        Assert.Equal(["http://mirror.example/debian/"], sources.Sources[0].Mirrors.Select(static place => place.ToString()));
        Assert.False(sources.OnlyDepots);
    }

    [Fact]
    public void Without_a_mirror_the_depots_are_all_there_is()
    {
        var configuration = new DebianConfiguration { Depots = ["/srv/depot"], DepotKeys = ["/k"] };
        foreach (var sources in (DebianSources[])[Discover(configuration), Discover(configuration with { Mirror = "none" })])
        {
            Assert.True(sources.OnlyDepots);
            Assert.Equal(["bookworm", "bookworm-updates", "bookworm-security"], sources.Sources.Select(static source => source.Suite));
            Assert.Equal(["file:///srv/depot/"], sources.PlacesOf("bookworm-backports").Select(static place => place.ToString()));
        }

        var refusal = Assert.Throws<MayflyException>(() => Discover(new DebianConfiguration { Mirror = "none" }));
        Assert.Equal("the mirror is \"none\", and no depot is configured either", refusal.Message);
        Assert.Contains("[depot]", refusal.Hint, StringComparison.Ordinal);
        Assert.Contains("no key of it is trusted", Assert.Throws<MayflyException>(() => KeyRing.OfDepots([])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_depot_is_asked_before_the_mirror_and_the_mirror_for_what_the_depot_lacks()
    {
        var other = RandomNumberGenerator.GetBytes(5000);
        var second = TemporaryStore.PackageOf("other", other);
        _depot.Files[_package.Path] = _bytes;
        _mirror.Files[_package.Path] = _bytes;
        _mirror.Files[second.Path] = other;

        await FetchAsync(Sources(), Quick, _package, second);

        Assert.Equal([second.Path], _mirror.Requests.Select(static one => one.Path));
        Assert.Equal([404, 200], _depot.Requests.OrderByDescending(static one => one.Status).Select(static one => one.Status));
        Assert.True(_temporary.Store.Has(StoreArea.Artifacts, _package.Sha256) && _temporary.Store.Has(StoreArea.Artifacts, second.Sha256));
    }

    [Fact]
    public async Task A_depot_with_other_bytes_is_passed_over()
    {
        _depot.Files[_package.Path] = RandomNumberGenerator.GetBytes(_bytes.Length);
        _mirror.Files[_package.Path] = _bytes;

        await FetchAsync(Sources(), Quick, _package);

        Assert.Equal(_bytes, File.ReadAllBytes(_temporary.Store.PathOf(StoreArea.Artifacts, _package.Sha256)));
    }

    [Fact]
    public async Task Offline_names_everything_that_is_missing_and_asks_nobody()
    {
        var far = new DebianSources { Codename = "bookworm", Architecture = "amd64", Sources = [new DebianSource("test", [new Uri("http://mirror.example/debian/")], ["main"])] };
        var second = TemporaryStore.PackageOf("other", [1]);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => FetchAsync(far, Quick with { Offline = true }, _package, second));

        Assert.Equal($"the network is not to be used (--offline or MAYFLY_OFFLINE), and the store {_temporary.Store.Root} lacks 2 packages: hello:amd64 1.0, other:amd64 1.0", refusal.Message);
        Assert.Equal("run the command once without --offline and MAYFLY_OFFLINE, so that the store has them, or name a depot that has them ([depot] addresses)", refusal.Hint);
    }

    [Fact]
    public async Task Offline_still_asks_this_machine()
    {
        _depot.Files[_package.Path] = _bytes;

        await FetchAsync(Sources(), Quick with { Offline = true }, _package);

        Assert.True(_temporary.Store.Has(StoreArea.Artifacts, _package.Sha256));
    }

    private static DebianSources Discover(DebianConfiguration configuration) =>
        DebianSources.Discover("bookworm", "amd64", configuration, new AptConfiguration { Sources = [], Options = new Dictionary<string, string>() });

    private DebianSources Sources() => new()
    {
        Codename = "bookworm",
        Architecture = "amd64",
        Sources = [new DebianSource("test", [_mirror.Address], ["main"])],
        Depots = [_depot.Address],
    };

    private Task FetchAsync(DebianSources sources, TransferSettings settings, params LockedPackage[] packages) =>
        Fetch.AllAsync(_temporary.Store, sources, packages, settings: settings);
}
