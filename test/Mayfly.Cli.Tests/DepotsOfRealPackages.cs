using System.Diagnostics;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Cli.Tests;

/// <summary>Plain apt is the judge of a depot, mmdebstrap another, and builds without any network the third.</summary>
[Collection(OnRealDepot.Name), Trait("needs", "oracle"), Trait("needs", "root")]
public sealed class DepotsOfRealPackages(RealDepot real)
{
    /// <summary>What the kills come from; another one tries other moments.</summary>
    private const int Seed = 20261125, Kills = 12;

    [Fact]
    public void The_guide_is_what_happens()
    {
        Assert.True(real.Guide.Count >= 7, $"the guide has {real.Guide.Count} commands");
        foreach (var (command, expected, printed) in real.Guide)
        {
            var pattern = string.Concat(expected.Split('\n').Select(static line => line == "…" ? @"(?:.*\n)*?" : string.Join(".*", line.Split('…').Select(Regex.Escape)) + @"\n"));
            Assert.True(Regex.IsMatch(printed + "\n", $"^{pattern}$", RegexOptions.None, TimeSpan.FromSeconds(10)), $"$ {command}\nprints\n{printed}\nand the guide says\n{expected}");
        }
    }

    [Fact]
    public void Every_stanza_says_what_the_archive_says_field_by_field()
    {
        var archive = Stanzas(Shell.Run("/", [],
            "apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' 'Origin: Debian' | while read -r list; do /usr/lib/apt/apt-helper cat-file \"$list\"; echo; done").Output)
            .ToLookup(static fields => fields["SHA256"]);
        var published = Directory.GetFiles(Path.Combine(real.Depot, "dists"), "Packages", SearchOption.AllDirectories).SelectMany(path => Stanzas(File.ReadAllText(path))).ToArray();

        Assert.Equal(real.Lock.Packages.Count, published.Length);
        foreach (var fields in published)
            Assert.Contains(archive[fields["SHA256"]], original => original.OrderBy(static pair => pair.Key).SequenceEqual(fields.OrderBy(static pair => pair.Key)));
    }

    [Fact]
    public void Mmdebstrap_builds_from_it_and_apt_updates_and_installs_without_a_warning()
    {
        using var server = ServingADepot.Serve(real.Depot, out var address);
        try
        {
            var served = File.ReadAllText(Path.Combine(real.Depot, "depot.sources")).Replace($"file:{real.Depot}/", address, StringComparison.Ordinal);
            real.Folder.With("served.sources", served);
            var root = Path.Combine(real.Folder.Path, "root");
            var made = Shell.Run(real.Folder.Path, [], $"mmdebstrap --quiet --variant=apt bookworm '{root}' served.sources");
            Assert.True(made.ExitCode == 0, made.Error);
            // Nothing is mounted in there: without a /dev/pts apt has no terminal to give to dpkg, and says so.
            foreach (var command in (string[])["apt-get update", "apt-get -o Dpkg::Use-Pty=0 --yes --no-install-recommends install memcached", "apt-get check", "dpkg --audit"])
            {
                var ended = Shell.Run(real.Folder.Path, new() { ["DEBIAN_FRONTEND"] = "noninteractive" }, $"chroot '{root}' {command}");
                Assert.True(ended.ExitCode == 0, $"{command}: {ended.Error}");
                Assert.DoesNotMatch("(?m)^[WEN]: ", ended.Output + ended.Error);
            }

            var memcached = real.Lock.Packages.Single(static package => package.Name == "memcached");
            Assert.Equal(memcached.Version, Shell.Run("/", [], $"dpkg-query --root='{root}' -W -f '${{Version}}' memcached").Output);
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    [Fact]
    public async Task Locking_from_the_depot_alone_chooses_the_same()
    {
        var store = Store.Open(Path.Combine(real.Folder.Path, "locking"));
        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name, new DebianConfiguration { Mirror = "none", Depots = [real.Depot], DepotKeys = [Path.Combine(real.Depot, "depot.asc")] });

        var locked = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), RealDepot.Sets);

        Assert.Equal(real.Lock.Packages, locked.Packages);
        Assert.Equal(real.Lock.Sets.SelectMany(static set => set.Stages.Select(stage => (set.Name, string.Join(' ', stage.Packages)))),
            locked.Sets.SelectMany(static set => set.Stages.Select(stage => (set.Name, string.Join(' ', stage.Packages)))));
        Assert.Equal(real.Lock.Releases.Select(static release => (release.Id, release.Origin, release.Label, release.Suite, release.Codename)).Order(),
            locked.Releases.Select(static release => (release.Id, release.Origin, release.Label, release.Suite, release.Codename)).Order());
    }

    [Fact]
    public void What_the_licence_policy_of_the_stack_refuses_is_not_published()
    {
        var folder = Path.Combine(real.Folder.Path, "judged");
        Directory.CreateDirectory(folder);
        LockFile.Write(Path.Combine(folder, LockFile.Name), real.Lock);
        real.Folder.With("judged/Directory.Build.props", $"<Project><ItemGroup><Reference Include=\"{AppContext.BaseDirectory}Mayfly.dll\" /></ItemGroup></Project>");
        Invocation Publish(string denied)
        {
            real.Folder.With("judged/stack.cs", $"""
                using Mayfly;
                var shop = new Stack("shop", Debian.Bookworm);
                shop.Machine("box").Hosts(shop.Memcached("cache"));
                shop.Licences.Deny("{denied}");
                return await shop.RunAsync(args);
                """);
            return Invocation.Run(real.Folder, real.Environment, "depot", "publish", "judged", "--to", "judged-depot", "--key", Path.Combine(real.Folder.Path, "depot.key"));
        }

        var refused = Publish("GPL-2.0-*");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Matches(@"error: the licence policy of shop refuses \d+ packages:\n  .*GPL-2\.0-", refused.Error);
        Assert.False(Directory.Exists(Path.Combine(real.Folder.Path, "judged-depot")), "refused, and published all the same");

        var published = Publish("SSPL-*");
        Assert.True(published.ExitCode == 0, published.Error);
        Assert.Contains("published judged: ", published.Output, StringComparison.Ordinal);
        Assert.Matches($@"judge licences: {real.Lock.Packages.Count} packages", published.Error);
    }

    [Fact]
    public void Without_any_network_the_store_or_the_depot_is_enough_and_the_image_is_the_same()
    {
        const string Build = "image build --base debian:bookworm --install memcached --name offline --offline";
        var fromStore = Unplugged(real.Environment, Build);
        Assert.True(fromStore.ExitCode == 0, fromStore.Error);
        var fromDepot = Unplugged(real.OnlyDepot("empty"), Build);
        Assert.True(fromDepot.ExitCode == 0, fromDepot.Error);

        Assert.Matches("^offline sha256:[0-9a-f]{64}\n$", fromStore.Output);
        Assert.Equal(fromStore.Output, fromDepot.Output);
    }

    [Fact]
    public void Without_any_network_what_is_missing_is_named()
    {
        var nothing = Unplugged(new() { ["MAYFLY_STORE"] = Path.Combine(real.Folder.Path, "nothing") }, "image build --offline");
        Assert.Equal(1, nothing.ExitCode);
        Assert.Matches("error: the suite bookworm.* cannot be used: .*the network is not to be used \\(--offline or MAYFLY_OFFLINE\\)", nothing.Error);
        Assert.Contains("hint: run the command once without --offline", nothing.Error, StringComparison.Ordinal);

        // The index is there, one package is not.
        var depot = Path.Combine(real.Folder.Path, "lacking");
        Shell.Run("/", [], $"cp -al '{real.Depot}' '{depot}'; find '{depot}/pool' -name 'memcached_*' -delete");
        var environment = real.OnlyDepot("lacking-store");
        environment["MAYFLY_DEPOT"] = depot;
        var lacking = Unplugged(environment, "image build --install memcached --offline");
        Assert.Equal(1, lacking.ExitCode);
        Assert.Matches("error: the network is not to be used \\(--offline or MAYFLY_OFFLINE\\), and the store .*/lacking-store lacks 1 packages: memcached:[a-z0-9]+ ", lacking.Error);
    }

    [Fact]
    public async Task Killed_at_any_moment_it_shows_the_former_state_or_the_new_one()
    {
        var random = new Random(Seed);
        var key = Path.Combine(real.Folder.Path, "depot.key");
        var smaller = real.Lock with { Packages = [.. real.Lock.Packages.Where(static package => package.Name != "memcached")], Sets = [] };
        Directory.CreateDirectory(Path.Combine(real.Folder.Path, "small"));
        LockFile.Write(Path.Combine(real.Folder.Path, "small", LockFile.Name), smaller);
        Assert.Equal(0, Invocation.Run(real.Folder, real.Environment, "depot", "publish", "small", "--to", "before", "--key", key).ExitCode);
        var before = Path.Combine(real.Folder.Path, "before");
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, Invocation.Run(real.Folder, real.Environment, "depot", "publish", "small", "--to", "before", "--key", key).ExitCode);
        var usual = (int)watch.ElapsedMilliseconds;
        for (var kill = 0; kill < Kills; kill++)
        {
            var depot = Path.Combine(real.Folder.Path, $"killed-{kill}");
            Shell.Run("/", [], $"cp -al '{before}' '{depot}'");
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll"), "depot", "publish", "shop", "--to", depot, "--key", key])
            {
                WorkingDirectory = real.Folder.Path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["MAYFLY_STORE"] = real.Store;
            using (var publishing = Process.Start(start)!)
            {
                await Task.Delay(random.Next(usual / 3, usual * 5 / 4));
                publishing.Kill();
                await publishing.WaitForExitAsync();
            }

            var found = await RealDepot.CheckAsync(depot);
            Assert.True(found.Faults.Count == 0 && found.Locks is 1 or 2, $"seed {Seed}, kill {kill}: {string.Join("; ", found.Faults)}");
            var again = Invocation.Run(real.Folder, real.Environment, "depot", "publish", "shop", "--to", depot, "--key", key);
            Assert.True(again.ExitCode == 0, again.Error);
            found = await RealDepot.CheckAsync(depot);
            Assert.Equal((2, real.Lock.Packages.Count, 0), (found.Locks, found.Packages, found.Faults.Count));
            Directory.Delete(depot, recursive: true);
        }
    }

    [Fact]
    public async Task A_stack_with_Python_packages_publishes_both_and_the_depot_alone_has_all_of_it()
    {
        var store = Store.Open();
        var links = Directory.CreateDirectory(Path.Combine(real.Folder.Path, "links")).FullName;
        WheelFile.WriteWith(links, "hello", "1.0", new Dictionary<string, string> { ["hello.py"] = "import wheel\n" }, "Name: hello\nRequires-Dist: wheel\n");
        File.Copy(Directory.GetFiles("/usr/share/python-wheels", "wheel-*.whl").Single(), Path.Combine(links, "wheel-0.38.4-py3-none-any.whl"));
        real.Folder.With("web/requirements.txt", $"--no-index\n--find-links {links}\nhello\n");
        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
        var made = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new("web", ["python3"])]);
        var request = new EnvironmentRequest("web", Path.Combine(real.Folder.Path, "web/requirements.txt"), "/srv/env");
        made = made with { Environments = [await EnvironmentChoice.ChooseAsync(store, request, request.Read(), ImagePython.Of(made, "web"), new(() => BuildPackages.DigestOf(made, "web")), new RequirementsFile(), [])] };
        LockFile.Write(Path.Combine(real.Folder.Path, "web", LockFile.Name), made);
        var key = Path.Combine(real.Folder.Path, "depot.key");
        var both = new Dictionary<string, string?>(real.Environment) { ["PIP_CONFIG_FILE"] = "/dev/null", ["PIP_NO_INDEX"] = "1", ["PIP_FIND_LINKS"] = links };

        var published = Invocation.Run(real.Folder, both, "depot", "publish", "web", "--to", "both", "--key", key);
        Assert.True(published.ExitCode == 0, published.Error);
        Assert.Matches($@"^published web: {made.Packages.Count} packages and 2 wheels, [\d.]+ MB, in bookworm, bookworm-security, bookworm-updates\n(note: .*\n)?signed with ", published.Output);
        Assert.Contains($"for apt: copy FOLDER/both/depot.sources to /etc/apt/sources.list.d/\nfor pip: --index-url file://FOLDER/both/simple/\n", published.Output, StringComparison.Ordinal);
        var found = await RealDepot.CheckAsync(Path.Combine(real.Folder.Path, "both"));
        Assert.Equal((1, made.Packages.Count, 2, 0), (found.Locks, found.Packages, found.Wheels, found.Faults.Count));

        // A machine that knows this depot and nothing else has all that the lock names.
        var alone = new Dictionary<string, string?>(both) { ["MAYFLY_STORE"] = Path.Combine(real.Folder.Path, "both-store"), ["MAYFLY_MIRROR"] = "none", ["MAYFLY_DEPOT"] = Path.Combine(real.Folder.Path, "both"), ["MAYFLY_DEPOT_KEY"] = Path.Combine(real.Folder.Path, "both/depot.asc"), ["PIP_FIND_LINKS"] = null };
        var again = Invocation.Run(real.Folder, alone, "depot", "publish", "web", "--to", "second", "--key", key);
        Assert.True(again.ExitCode == 0, again.Error);
        found = await RealDepot.CheckAsync(Path.Combine(real.Folder.Path, "second"));
        Assert.Equal((1, made.Packages.Count, 2, 0), (found.Locks, found.Packages, found.Wheels, found.Faults.Count));

        // A test that fails keeps Debian's half back too. What it said is kept in the store, which is no place of the host's own here.
        var failed = Invocation.Run(real.Folder, alone, "depot", "publish", "web", "--to", "third", "--key", key, "--test", "python -c 'import hello, sys; sys.exit(hello.wheel.__version__)'");
        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.Contains("error: the test of web's /srv/env failed: `python -c 'import hello, sys; sys.exit(hello.wheel.__version__)'`, with exit code 1:\n  0.38.4\nhint: ", failed.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(real.Folder.Path, "third")), "failed, and published all the same");
    }

    private (int ExitCode, string Output, string Error) Unplugged(Dictionary<string, string?> environment, string words) =>
        Shell.Run(real.Folder.Path, environment, $"exec unshare --net -- dotnet '{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}' {words}");

    private static IEnumerable<Dictionary<string, string>> Stanzas(string text)
    {
        foreach (var stanza in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = new Dictionary<string, string>();
            var name = "";
            foreach (var line in stanza.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line[0] is ' ' or '\t')
                    fields[name] += "\n" + line;
                else
                    fields[name = line.Split(':')[0]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }

            if (fields.ContainsKey("SHA256"))
                yield return fields;
        }
    }
}
