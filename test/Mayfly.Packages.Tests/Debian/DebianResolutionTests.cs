using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

public sealed class DebianResolutionTests
{
    [Fact]
    public void First_alternative_is_chosen_and_an_installed_one_suffices()
    {
        var index = Index("Package: a\nDepends: b | c\n\nPackage: b\n\nPackage: c");
        Assert.Equal(["a", "b"], Names(index, ["a"]));
        Assert.Equal(["a"], Names(index, ["a"], "c"));
        Assert.Equal(["a", "c"], Names(index, ["a", "c"]));
    }

    [Fact]
    public void Alternative_that_conflicts_is_passed_over()
    {
        var index = Index("Package: a\nDepends: b | c, d\n\nPackage: b\n\nPackage: c\n\nPackage: d\nConflicts: b");
        Assert.Equal(["a", "c", "d"], Names(index, ["a"]));
    }

    [Fact]
    public void Versioned_provides_meet_versioned_relations_and_others_do_not()
    {
        var index = Index("Package: a\nDepends: v (>= 2)\n\nPackage: p\nProvides: v\n\nPackage: q\nProvides: v (= 1)\n\nPackage: r\nProvides: v (= 3)");
        Assert.Equal(["a", "r"], Names(index, ["a"]));
    }

    [Fact]
    public void Conflict_with_an_own_virtual_name_means_the_others()
    {
        var index = Index("Package: m1\nProvides: mta\nConflicts: mta\n\nPackage: m2\nProvides: mta\nConflicts: mta");
        Assert.Equal(["m1"], Names(index, ["m1"]));
        var error = Assert.Throws<UnresolvableException>(() => Names(index, ["m1", "m2"]));
        Assert.Contains("conflicts with mta", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Derivation);
    }

    [Fact]
    public void Exact_version_brings_its_exact_siblings()
    {
        var index = Index("Package: a\nVersion: 2\nDepends: lib (= 2)\n\nPackage: a\nVersion: 1\nDepends: lib (= 1)\n\nPackage: lib\nVersion: 2\n\nPackage: lib\nVersion: 1");
        Assert.Equal(["a 2", "lib 2"], Packages(index, ["a"]));
        Assert.Equal(["a 1", "lib 1"], Packages(index, ["a=1"]));
    }

    [Fact]
    public void Recommends_are_followed_only_when_asked_for_and_when_possible()
    {
        var index = Index("Package: a\nRecommends: b, nothing, d\n\nPackage: b\nRecommends: c\n\nPackage: c\n\nPackage: d\nConflicts: a");
        Assert.Equal(["a"], Names(index, ["a"]));
        Assert.Equal(["a", "b", "c"], DebianResolution.Resolve(index, [PackageRequest.Parse("a")], [], recommends: true).Packages.Select(package => package.Name).Order());
    }

    [Fact]
    public void Any_qualifier_needs_a_package_that_allows_it()
    {
        var index = Index("Package: a\nDepends: p:any\n\nPackage: p\nMulti-Arch: allowed\n\nPackage: b\nDepends: q:any\n\nPackage: q\n\nPackage: c\nDepends: q:i386");
        Assert.Equal(["a", "p"], Names(index, ["a"]));
        Assert.Throws<UnresolvableException>(() => Names(index, ["b"]));
        var foreign = Assert.Throws<UnresolvableException>(() => Names(index, ["c"]));
        Assert.Equal("add it to the release in stack.cs: .Architectures(\"i386\")", foreign.Hint);
    }

    [Fact]
    public void Installed_packages_stay()
    {
        var index = Index("Package: a\nBreaks: base (<< 2)\n\nPackage: base\nVersion: 1");
        var error = Assert.Throws<UnresolvableException>(() => Names(index, ["a"], "base"));
        Assert.Contains("a 1 breaks base (<< 2), and base 1 is part of the base", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nginz", "there is no package nginz in test", "did you mean nginx?")]
    [InlineData("redis", "there is no package redis in test", "did you mean redis-server?")]
    [InlineData("nginx=9", "no release offers nginx 9", "these versions are there: 1 (test)")]
    [InlineData("httpd", "httpd is a virtual package", "ask for one of its providers: lighttpd, nginx")]
    public void Request_that_names_nothing_is_explained(string request, string message, string hint)
    {
        var index = Index("Package: nginx\nProvides: httpd\n\nPackage: lighttpd\nProvides: httpd\n\nPackage: redis-server");
        var error = Assert.Throws<UnresolvableException>(() => Names(index, [request]));
        Assert.Equal(message, error.Message);
        Assert.Equal(hint, error.Hint);
    }

    [Theory]
    [InlineData("ngnix", "did you mean .Hold(\"nginx\")?")]
    [InlineData("quartz", "remove .Hold(\"quartz\")")]
    public void Hold_of_a_name_that_nothing_has_is_refused(string name, string hint)
    {
        var index = Index("Package: e\nEssential: yes\n\nPackage: nginx");
        var error = Assert.Throws<MayflyException>(() => DebianLock.Create(index, [], preferences: new DebianPreferences { Holds = ["nginx", name] }));
        Assert.Equal($"{name} is held, but there is no such package in test, nor in the lock", error.Message);
        Assert.Equal(hint, error.Hint);
    }

    [Fact]
    public void Failure_tells_the_chain_of_packages_and_versions()
    {
        var index = Index("Package: shop\nDepends: framework\n\nPackage: framework\nVersion: 3\nDepends: engine (>= 5)\n\nPackage: engine\nVersion: 4");
        var error = Assert.Throws<UnresolvableException>(() => Names(index, ["shop"]));
        Assert.Equal("""
            the packages cannot be installed together:
            shop is asked for, but
              shop 1 depends on framework, but
                framework 3 depends on engine (>= 5), but only engine 4 (test) is there
            """, error.Message);
        Assert.StartsWith("add a suite that has such a version", error.Hint);
    }

    [Theory]
    [InlineData("a:any")]
    [InlineData("a:")]
    [InlineData("a/")]
    [InlineData("a=")]
    [InlineData("a b")]
    [InlineData("?essential")]
    public void Other_forms_of_requests_are_refused(string text) => Assert.Throws<MayflyException>(() => PackageRequest.Parse(text));

    [Fact]
    public void Cache_is_the_index()
    {
        var index = Index("Package: a\nDepends: b (>= 1) | c\nProvides: v (= 2)\nEssential: yes\nPriority: required\n\nPackage: b");
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "index");
        index.WriteCache(path);
        Assert.True(DebianIndex.TryLoadCache(path, out var loaded));
        Assert.Equal(index.Names, loaded.Names);
        Assert.Equal("b (>= 1) | c", loaded.Candidate("a")!.Depends[0].ToString());
        Assert.Equal("a", loaded.Providers("v")[0].Name);
        Assert.Equal(["a"], loaded.Essential().Select(package => package.Name));
        Assert.Equivalent(index.Releases, loaded.Releases, strict: true);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        Assert.False(DebianIndex.TryLoadCache(path, out _));
    }

    [Theory]
    [InlineData("Package: a\nFilename: ../../etc/passwd", "not a path inside the archive")]
    [InlineData("Package: ../a", "is no package name")]
    [InlineData("Package: a\nArchitecture: i386", "its architecture is i386, not amd64")]
    [InlineData("Package: a\nVersion: $(id)", "is no version")]
    [InlineData("Package: a\nSHA256: 12", "it has no SHA256")]
    [InlineData("Package: a\nnonsense", "is no field of a control file")]
    public void Malformed_index_is_refused(string stanza, string message)
    {
        var error = Assert.Throws<MayflyException>(() => Index(stanza));
        Assert.Contains("test (main) is malformed at 'Package:", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lock_is_satisfied_until_a_request_changes()
    {
        var index = Index("Package: e\nEssential: yes\n\nPackage: a\nPre-Depends: p\nDepends: b\n\nPackage: p\n\nPackage: b");
        SetRequest[] sets = [new("web", ["a"]), new("tools", ["b"]) { OverBase = false }];
        var own = DebianLock.Create(index, sets);
        Assert.Equal(["base", "tools", "web"], own.Sets.Select(set => set.Name));
        Assert.Equal(["p:amd64 b:amd64, then p:amd64", "a:amd64, then "], own.Sets[2].Stages.Select(stage => $"{string.Join(' ', stage.Packages)}, then {string.Join(' ', stage.Configured)}"));
        Assert.Equal(LockFile.Format(own), LockFile.Format(LockFile.Parse(LockFile.Format(own))));
        Assert.True(DebianLock.Satisfies(own, "amd64", sets));
        Assert.True(DebianLock.Satisfies(own, "amd64", [sets[0]]));
        Assert.False(DebianLock.Satisfies(own, "arm64", sets));
        Assert.False(DebianLock.Satisfies(own, "amd64", [sets[0] with { Requests = ["a", "b"] }]));
        Assert.False(DebianLock.Satisfies(own, "amd64", [sets[0] with { Recommends = true }]));
        Assert.False(DebianLock.Satisfies(own, "amd64", [new SetRequest("cache", ["b"])]));
        Assert.False(DebianLock.Satisfies(own, "amd64", [new SetRequest("base", ["b"])]));
    }

    [Fact]
    public void A_package_more_is_installed_after_what_is_locked_and_changes_nothing_of_it()
    {
        const string Stanzas = "Package: e\nEssential: yes\n\nPackage: a\nDepends: b\n\nPackage: b\n\nPackage: c\nPre-Depends: p\nDepends: b\n\nPackage: p\n\nPackage: d";
        var index = Index(Stanzas);
        SetRequest[] a = [new("web", ["a"])], c = [new("web", ["a", "c"])], d = [new("web", ["a", "c", "d"])];
        var first = DebianLock.Create(index, a);
        var second = DebianLock.Create(index, c, before: first);
        var third = DebianLock.Create(index, d, before: LockFile.Parse(LockFile.Format(second)));
        Assert.Equal(["a:amd64 b:amd64", "(a) p:amd64", "c:amd64", "(a c) d:amd64"], Stages(third));
        Assert.Equal(LockFile.Format(third), LockFile.Format(DebianLock.Create(index, d, before: third)));
        // Nothing may stay of another day, or what a snapshot lacks would come from elsewhere.
        Assert.True(DebianLock.CanGrow(third, index));
        Assert.False(DebianLock.CanGrow(third with { Releases = [third.Releases[0] with { Snapshot = DateTimeOffset.UnixEpoch }] }, index));
        // Whoever takes back what he added has what he had before.
        Assert.Equal(LockFile.Format(second), LockFile.Format(DebianLock.Create(index, c, before: third)));
        // In one go they lie in another order, and so they do when something of the first layer is gone or has another version.
        var anew = Stages(DebianLock.Create(index, d));
        Assert.DoesNotContain(anew, stage => stage.StartsWith('('));
        Assert.Equal(anew, Stages(DebianLock.Create(Index(Stanzas.Replace("Package: b\n", "Package: b\nVersion: 2\n", StringComparison.Ordinal)), d, before: second)));
        Assert.Equal(anew, Stages(DebianLock.Create(Index(Stanzas.Replace("Essential: yes", "Essential: yes\nVersion: 2", StringComparison.Ordinal)), d, before: second)));

        static IEnumerable<string> Stages(StackLock stack) => stack.Sets[1].Stages.Select(stage => $"{(stage.AddedTo is { } before ? $"({string.Join(' ', before)}) " : "")}{string.Join(' ', stage.Packages.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public void What_the_base_has_is_kept_back_for_a_held_package_and_moves_for_a_new_one()
    {
        var index = Index("""
            Package: e
            Essential: yes
            Depends: lib

            Package: lib
            Version: 2

            Package: lib
            Version: 1

            Package: plug
            Version: 2
            Depends: lib (= 2)

            Package: plug
            Version: 1
            Depends: lib (= 1)

            Package: dev
            Version: 2
            Depends: lib (= 2)
            """);
        BinaryPackage Version(string name, string version) => index.Find(name).Single(package => package.Version.Text == version);
        var older = new Dictionary<string, BinaryPackage> { ["e"] = Version("e", "1"), ["lib"] = Version("lib", "1"), ["plug"] = Version("plug", "1") };
        var held = new Dictionary<string, BinaryPackage> { ["plug"] = older["plug"] };
        SetRequest[] plug = [new("web", ["plug"])], both = [new("web", ["dev", "plug"])], dev = [new("web", ["dev"])];
        var hold = new DebianPreferences { Holds = ["plug"] };

        Assert.Equal(["e 1", "lib 1", "plug 1"], Locked(DebianLock.Create(index, plug, kept: held, preferences: hold, older: older)));
        Assert.Equal(["e 1", "lib 2", "plug 2"], Locked(DebianLock.Create(index, plug)));
        Assert.Equal(["dev 2", "e 1", "lib 2"], Locked(DebianLock.Create(index, dev, kept: older)));
        Assert.Equal(["dev 2", "e 1", "lib 2", "plug 2"], Locked(DebianLock.Create(index, both, kept: older)));
        var error = Assert.Throws<UnresolvableException>(() => DebianLock.Create(index, both, kept: older, preferences: hold, older: older));
        Assert.Contains("plug 1 (held)", error.Message, StringComparison.Ordinal);

        static IEnumerable<string> Locked(StackLock made) => made.Packages.Select(static package => $"{package.Name} {package.Version}");
    }

    [Fact]
    public void What_is_kept_stays_until_something_new_needs_a_newer_one()
    {
        var old = Index("Package: a\nVersion: 1\nDepends: lib, other\n\nPackage: lib\nVersion: 1\n\nPackage: other\nVersion: 1\n\nPackage: mta1\nProvides: mta");
        var index = Index("Package: a\nVersion: 2\nDepends: lib (>= 2), other, mta\n\nPackage: lib\nVersion: 2\n\nPackage: other\nVersion: 2\n\nPackage: mta0\nPriority: required\nProvides: mta");
        Assert.Equal(["a 2", "lib 2", "mta0 1", "other 2"], Kept());
        Assert.Equal(["a 2", "lib 2", "mta1 1", "other 1"], Kept("lib", "other", "mta1"));
        Assert.Equal(["a 1", "lib 1", "other 1"], Kept("a", "lib", "other"));
        Assert.Equal(["a 1", "lib 2", "other 1"], Kept("a", "other"));

        IEnumerable<string> Kept(params string[] names) => DebianResolution.Resolve(index, [PackageRequest.Parse("a")], [],
                kept: names.ToDictionary(name => name, name => Restored(old.Candidate(name)!, index.Count + Array.IndexOf(names, name)))).Packages
            .Select(package => package.ToString()).Order(StringComparer.Ordinal);

        BinaryPackage Restored(BinaryPackage package, int number) => new()
        {
            Name = package.Name,
            Version = package.Version,
            Architecture = package.Architecture,
            Home = package.Home,
            Source = package.Source,
            Sha256 = package.Sha256,
            Size = package.Size,
            Path = package.Path,
            Release = package.Release,
            Ordinal = package.Ordinal,
            Number = number,
            Field = kind => kind switch { RelationKind.Depends => string.Join(", ", package.Depends), RelationKind.Provides => string.Join(", ", package.Provides), _ => "" },
        };
    }

    private static IEnumerable<string> Names(DebianIndex index, string[] requests, params string[] installed) =>
        Resolve(index, requests, installed).Select(package => package.Name).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Packages(DebianIndex index, string[] requests) =>
        Resolve(index, requests, []).Select(package => package.ToString()).Order(StringComparer.Ordinal);

    private static IReadOnlyList<BinaryPackage> Resolve(DebianIndex index, string[] requests, string[] installed) =>
        DebianResolution.Resolve(index, requests.Select(PackageRequest.Parse), installed.Select(name => index.Candidate(name)!)).Packages;

    private static DebianIndex Index(string stanzas) => StanzaIndex.Of(stanzas, DateTimeOffset.UnixEpoch);

    [Fact]
    public void What_can_make_accounts_before_passwd_is_configured_is_installed_in_one_go_with_what_is_required()
    {
        var index = Index("""
            Package: e
            Essential: yes

            Package: passwd
            Priority: required

            Package: adduser
            Depends: passwd

            Package: systemd
            Provides: systemd-sysusers (= 1)

            Package: server
            Depends: adduser

            Package: web
            Depends: systemd
            """);
        var made = DebianLock.Create(index, [new("server", ["server"]), new("web", ["web"])]);
        Assert.Equal([false, false, true], made.Sets.Select(static set => set.InOneGo));
        Assert.Equal(["passwd:amd64", "systemd:amd64", "web:amd64"], made.Sets[2].Stages.SelectMany(static stage => stage.Packages).Order(StringComparer.Ordinal));
        Assert.Equal(["systemd:amd64", "web:amd64"], made.PackagesOf(made.Sets[2]).Order(StringComparer.Ordinal));
        // What is added later is installed over all of it.
        var added = DebianLock.Create(index, [new("server", ["server"]), new("web", ["server", "web"])], before: LockFile.Parse(LockFile.Format(made)));
        Assert.Equal([false, false, true], added.Sets.Select(static set => set.InOneGo));
        Assert.Equal(["adduser:amd64", "server:amd64"], added.Sets[2].Stages.SkipWhile(static stage => stage.AddedTo is null).SelectMany(static stage => stage.Packages).Order(StringComparer.Ordinal));
        Assert.Equal(["adduser:amd64", "server:amd64", "systemd:amd64", "web:amd64"], added.PackagesOf(added.Sets[2]).Order(StringComparer.Ordinal));
        Assert.Equal(LockFile.Format(added), LockFile.Format(DebianLock.Create(index, [new("server", ["server"]), new("web", ["server", "web"])], before: added)));
    }

    [Theory]
    [InlineData("required", true)]
    [InlineData("optional", false)]
    public void Accounts_of_required_packages_and_of_others_get_numbers_as_they_come(string priority, bool inOneGo)
    {
        var index = Index($"""
            Package: e
            Essential: yes

            Package: adduser

            Package: first
            Priority: {priority}
            Depends: adduser

            Package: second
            Depends: systemd | systemd-sysusers

            Package: systemd
            """);
        Assert.Equal(inOneGo, DebianLock.Create(index, [new("set", ["second"])]).Sets[1].InOneGo);
    }

    [Fact]
    public void A_lock_says_what_of_the_base_apt_notes_by_the_indexs_priorities_and_keeps_it_while_the_base_stays()
    {
        var date = new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);
        SetRequest[] sets = [new(SetRequest.Base, ["e"]), new("set", ["e"])];
        var made = DebianLock.Create(Index("optional"), sets);
        Assert.Equal(["c:amd64", "d:all"], made.Sets[0].Automatic);
        Assert.Null(made.Sets[1].Automatic);
        Assert.Equal(["d:all"], DebianLock.Create(Index("required"), sets).Sets[0].Automatic);
        Assert.Equal(["c:amd64", "d:all"], DebianLock.Create(Index("required"), sets, before: made).Sets[0].Automatic);
        // A lock that does not say it yet keeps its layers.
        Assert.Null(DebianLock.Create(Index("required"), sets, before: made with { Sets = [made.Sets[0] with { Automatic = null }, made.Sets[1]] }).Sets[0].Automatic);

        DebianIndex Index(string priority) => StanzaIndex.Of($"""
            Package: a
            Essential: yes

            Package: b
            Priority: required
            Depends: c, d

            Package: c
            Priority: {priority}

            Package: d
            Architecture: all
            Priority: important

            Package: e
            Priority: optional
            """, date);
    }
}
