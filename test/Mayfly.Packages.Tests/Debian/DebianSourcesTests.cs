using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

public sealed class DebianSourcesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mayfly-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Stanzas_of_the_host_name_mirrors_suites_and_components()
    {
        Write("sources.list.d/debian.sources", """
            # comment
            Types: deb deb-src
            URIs: http://one.example/debian/
             http://two.example/debian
            Suites: bookworm bookworm-updates
            Components: main
             contrib
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb
            URIs: http://one.example/debian-security
            Suites: bookworm-security
            Components: main
            """);

        Assert.Equal(
            [
                "bookworm http://one.example/debian/ http://two.example/debian/ main contrib",
                "bookworm-updates http://one.example/debian/ http://two.example/debian/ main contrib",
                "bookworm-security http://one.example/debian-security/ main",
            ],
            Discover());
    }

    [Fact]
    public void Lines_of_the_host_do_too_with_options_and_comments()
    {
        Write("sources.list", """
            deb-src http://no.example/debian bookworm main
            deb [arch=arm64] http://arm.example/debian bookworm main
            deb [ signed-by=/x.gpg arch=amd64,arm64 ] http://one.example/$(ARCH)/debian/ bookworm main # non-free
            # deb http://off.example/debian bookworm main
            """);

        Assert.Equal(["bookworm http://one.example/amd64/debian/ main"], Discover());
    }

    [Fact]
    public void A_line_of_its_own_for_a_component_counts_where_the_same_place_has_main()
    {
        Write("sources.list", "deb http://one.example/debian bookworm main restricted\ndeb http://one.example/debian/ bookworm universe\ndeb http://other.example/debian bookworm multiverse\n");

        Assert.Equal(["bookworm http://one.example/debian/ main restricted universe"], Discover());
    }

    [Fact]
    public void What_is_disabled_or_not_debian_is_left_out()
    {
        Write("sources.list.d/a.sources", "Types: deb\nEnabled: no\nURIs: http://off.example/\nSuites: bookworm\nComponents: main\n");
        Write("sources.list.d/b.sources", "Types: deb\nURIs: http://docker.example/linux/debian\nSuites: bookworm\nComponents: stable\n");
        Write("sources.list.d/c.list", "deb http://other.example/ubuntu jammy main\ndeb cdrom:[x]/ bookworm main\ndeb http://flat.example/ ./\ndeb http://pg.example bookworm-pgdg main\n");
        Write("sources.list.d/d.list.disabled", "deb http://off.example/debian bookworm main\n");
        Write("sources.list.d/e.list", "deb http://good.example/debian bookworm main\n");

        Assert.Equal(["bookworm http://good.example/debian/ main"], Discover());
    }

    [Fact]
    public void What_names_debians_own_keyring_comes_first()
    {
        Write("sources.list.d/a.list", "deb http://third.example/repository bookworm main\n");
        Write("sources.list.d/b.list", "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://good.example/debian bookworm main\n");

        Assert.Equal(["bookworm http://good.example/debian/ http://third.example/repository/ main"], Discover());
    }

    [Fact]
    public void Another_release_than_the_hosts_comes_from_the_same_mirrors()
    {
        Write("sources.list", "deb http://one.example/debian trixie main\ndeb http://one.example/debian trixie-updates main\ndeb http://one.example/security trixie-security main\n");

        Assert.Equal(
            ["bookworm http://one.example/debian/ main", "bookworm-updates http://one.example/debian/ main", "bookworm-security http://one.example/security/ main"],
            Discover());
    }

    [Fact]
    public void A_list_of_mirrors_in_a_file_is_followed()
    {
        File.WriteAllText(Path.Combine(_root, "mirrors"), "http://one.example/debian\tpriority:1\n# comment\nfile:///srv/debian\n");
        Write("sources.list", $"deb mirror+file:{_root}/mirrors bookworm main\n");

        Assert.Equal(["bookworm http://one.example/debian/ file:///srv/debian/ main"], Discover());
    }

    [Fact]
    public void The_users_configuration_stands_over_the_hosts_apt()
    {
        Write("sources.list", "deb http://host.example/debian bookworm main\n");

        Assert.Equal(
            ["bookworm http://mine.example/debian/ main", "bookworm-updates http://mine.example/debian/ main", "bookworm-security http://mine.example/security/ main"],
            Discover(new DebianConfiguration { Mirror = "http://mine.example/debian", Security = "http://mine.example/security" }));
        Assert.Equal(
            ["bookworm file:///srv/debian/ main contrib", "bookworm-updates file:///srv/debian/ main contrib"],
            Discover(new DebianConfiguration { Mirror = "file:///srv/debian", Security = "none", Components = ["main", "contrib"] }));
    }

    [Fact]
    public void A_host_without_any_is_told_what_to_write()
    {
        var missing = Assert.Throws<MayflyException>(() => Discover());

        Assert.Contains("no mirror of Debian bookworm is known", missing.Message, StringComparison.Ordinal);
        Assert.Contains("[debian]\n  mirror = ", missing.Hint, StringComparison.Ordinal);
        Assert.Contains("config.toml", missing.Hint, StringComparison.Ordinal);
        Assert.Contains("security = ", Assert.Throws<MayflyException>(() => Discover(new DebianConfiguration { Mirror = "http://x.example/" })).Hint, StringComparison.Ordinal);
        Assert.Contains("no address", Assert.Throws<MayflyException>(() => Discover(new DebianConfiguration { Mirror = "gopher://x", Security = "none" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hosts_proxy_is_used()
    {
        Write("sources.list", "deb http://one.example/debian bookworm main\n");
        Write("apt.conf.d/01proxy", "// comment\nAcquire::http::Proxy \"http://proxy.example:3128\"; # more\nAcquire { http { Proxy { direct.example \"DIRECT\"; }; }; };\n/* Acquire::http::Proxy \"http://old\"; */");

        var proxy = DebianSources.Discover("bookworm", "amd64", new DebianConfiguration(), AptConfiguration.Read(_root)).Proxy!;

        Assert.Equal("http://proxy.example:3128/", proxy.GetProxy(new Uri("http://one.example/"))!.ToString());
        Assert.Equal("http://proxy.example:3128/", proxy.GetProxy(new Uri("https://one.example/"))!.ToString());
        Assert.True(proxy.IsBypassed(new Uri("http://direct.example/")));
    }

    [Fact]
    public void Configuration_is_read_from_files_stack_and_environment_in_this_order()
    {
        var system = Path.Combine(_root, "system.toml");
        var user = Path.Combine(_root, "user.toml");
        File.WriteAllText(system, "[debian]\nmirror = \"http://system.example\"\nsecurity = \"none\"\ncomponents = [\"main\", \"contrib\"]\nkeys = [\"/a\"]\n[other]\nmirror = 3\n");
        File.WriteAllText(user, "debian.mirror = \"http://user.example\"\ndebian.keys = [\"/b\"]\n");

        var files = DebianConfiguration.Read([system, user], static _ => null, null);
        var stack = DebianConfiguration.Read([system, user], static _ => null, new DebianConfiguration { Mirror = "http://stack.example" });
        var environment = DebianConfiguration.Read([system, user], static name => name == "MAYFLY_MIRROR" ? "http://env.example" : null, new DebianConfiguration { Mirror = "http://stack.example" });

        Assert.Equal(["http://user.example", "http://stack.example", "http://env.example"], [files.Mirror, stack.Mirror, environment.Mirror]);
        Assert.Equal("none", environment.Security);
        Assert.Equal(["main", "contrib"], environment.Components!);
        Assert.Equal(["/a", "/b"], environment.Keys);
    }

    [Theory]
    [InlineData("[debian]\nmirrors = \"x\"\n", "config.toml:2: knows no key debian.mirrors")]
    [InlineData("[debian]\nmirror = 3\n", "config.toml:2: debian.mirror is one text")]
    [InlineData("[debian\n", "is not TOML")]
    public void A_mistake_in_the_configuration_is_shown_with_its_line(string text, string because)
    {
        var file = Path.Combine(_root, "config.toml");
        File.WriteAllText(file, text);

        var refusal = Assert.Throws<MayflyException>(() => DebianConfiguration.Read([file], static _ => null, null));

        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
    }

    private string[] Discover(DebianConfiguration? configuration = null) =>
    [
        .. DebianSources.Discover("bookworm", "amd64", configuration ?? new DebianConfiguration(), AptConfiguration.Read(_root)).Sources
            .Select(static source => string.Join(' ', [source.Suite, .. source.Mirrors.Select(static mirror => mirror.ToString()), .. source.Components])),
    ];

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, "etc/apt", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
