using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>The table of releases, and that a release is nothing but its lines there.</summary>
public sealed class ReleaseLayoutTests
{
    [Fact]
    public void Every_line_of_the_table_holds_together()
    {
        var brought = typeof(ReleaseLayout).Assembly.GetManifestResourceNames();
        foreach (var release in ReleaseLayout.All)
        {
            Assert.Equal(release.Codename, release.Suites[0].Suite);
            Assert.Contains(release.Codename, release.Distribution.Names);
            Assert.All(release.Suites, suite => Assert.StartsWith(release.Codename, suite.Suite));
            Assert.Single(release.Suites, static suite => suite.Security);
            Assert.All(release.Suites.SelectMany(static suite => suite.Keys), key => Assert.Contains(brought, name => name.EndsWith($".{key}.asc", StringComparison.Ordinal)));
        }

        Assert.Equal(["debian:bookworm", "debian:trixie", "ubuntu:noble"], ReleaseLayout.All.Select(static release => $"{release.Distribution.Name}:{release.Codename}"));
        var refusal = Assert.Throws<MayflyException>(() => ReleaseLayout.Of("wormwood"));
        Assert.Equal(("the release wormwood is not known", "these are: debian:bookworm, debian:trixie, ubuntu:noble"), (refusal.Message, refusal.Hint));
    }

    /// <summary>Ubuntu's layout: one archive for all suites, which all bear the same codename.</summary>
    [Fact]
    public async Task An_archive_of_another_layout_is_read_by_its_lines_alone()
    {
        using var server = new FaultyServer();
        using var temporary = new TemporaryStore();
        var key = new SigningKey();
        foreach (var suite in (string[])["noble", "noble-updates", "noble-security"])
            new TestArchive { Key = key, Suite = suite, SuiteField = suite, Codename = "noble", Origin = "Ubuntu", Label = "Ubuntu", Components = "main restricted universe multiverse" }.PutOn(server);
        var sources = DebianSources.Discover("noble", "amd64", new DebianConfiguration { Mirror = server.Address.ToString(), Components = ["main"] }, Nothing);

        var index = await IndexFetch.ReadAsync(temporary.Store, sources, KeyRing.Of([(key.Public, "ubuntu-archive-2018")]), null, new FixedClock(), new TransferSettings { Attempts = 1 }, null, CancellationToken.None);

        Assert.Equal(["noble Ubuntu noble", "noble-updates Ubuntu noble", "noble-security Ubuntu noble"], index.Releases.Select(static release => $"{release.Id} {release.Label} {release.Codename}"));
        // All suites of one root have the very file, so it is a security fix.
        Assert.Equal("noble-security", index.Candidate("hello")!.Release.Id);
    }

    [Fact]
    public void A_stack_of_another_distribution_has_a_table_of_its_own_in_the_configuration()
    {
        using var temporary = new TemporaryStore();
        var file = Path.Combine(temporary.Folder, "config.toml");
        File.WriteAllText(file, "[debian]\nmirror = \"http://one.example/debian\"\nsecurity = \"none\"\n[ubuntu]\nmirror = \"http://two.example/ubuntu\"\n");

        var debian = DebianSources.Discover("trixie", "amd64", DebianConfiguration.Read([file], static _ => null, null), Nothing);
        var ubuntu = DebianSources.Discover("noble", "amd64", DebianConfiguration.Read([file], static _ => null, null, "ubuntu"), Nothing);

        Assert.Equal(["trixie http://one.example/debian/", "trixie-updates http://one.example/debian/"], debian.Sources.Select(static source => $"{source.Suite} {source.Mirrors[0]}"));
        Assert.Equal(
            ["noble http://two.example/ubuntu/ main universe", "noble-updates http://two.example/ubuntu/ main universe", "noble-security http://two.example/ubuntu/ main universe"],
            ubuntu.Sources.Select(static source => $"{source.Suite} {source.Mirrors[0]} {string.Join(' ', source.Components)}"));
        var refusal = Assert.Throws<MayflyException>(() => DebianSources.Discover("noble", "amd64", new DebianConfiguration(), Nothing));
        Assert.Equal("no mirror of Ubuntu noble is known: the host's apt names none, and no configuration does", refusal.Message);
        Assert.Contains("[ubuntu]\n  mirror = \"http://…/ubuntu\"\nor set MAYFLY_MIRROR", refusal.Hint, StringComparison.Ordinal);
    }

    private static AptConfiguration Nothing => new() { Sources = [], Options = new Dictionary<string, string>() };

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => TestArchive.Now;
    }
}
