using System.Diagnostics;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Selections and orders against apt's own, over the host's package lists.</summary>
[Trait("needs", "oracle")]
public sealed class AptAgreementTests(ITestOutputHelper output)
{
    public static readonly string[] Shop = ["nginx", "apache2", "libapache2-mod-wsgi-py3", "python3-django", "postgresql", "memcached"];

    /// <summary>The seed of the random sets and how many are drawn; a failure names the set, so it can be tried alone, and other seeds by hand.</summary>
    private static readonly int Seed = Given("MAYFLY_TESTS_SEED", 20261123);

    private static readonly int Sets = Given("MAYFLY_TESTS_SETS", 500);

    private static readonly int HardCount = Given("MAYFLY_TESTS_HARD_SETS", 60);

    public static TheoryData<string> NamedSets => [
        string.Join(' ', Shop),
        "nginx apache2 libapache2-mod-wsgi-py3 python3-django postgresql memcached redis-server mariadb-server",
        "redis-server", "mariadb-server", "exim4", "systemd-sysv linux-image-cloud-amd64 initramfs-tools", "man-db emacs-nox",
        "default-jre-headless ca-certificates-java", "crun conmon iproute2 nftables", "build-essential", "chromium", "gnome-terminal", "php-fpm php-mysql", "samba",
        "postfix", "docker.io", "default-mysql-server", "r-base-core", "ruby-rails", "nodejs npm"];

    [Fact]
    public void Base_is_what_apt_chooses_for_minbase()
    {
        var essential = HostArchive.Simulate([], HostArchive.Index.Essential().Select(package => package.Name))!;
        Assert.Equal(Names(essential), Sorted(HostArchive.Base.Essential));
        var required = HostArchive.Simulate(HostArchive.Base.Essential, HostArchive.Index.OfPriority(PackagePriority.Required).Select(package => package.Name))!;
        Assert.Equal(Names(required), Sorted(HostArchive.Base.Required));
    }

    [Fact]
    public void Essential_packages_are_unpacked_in_apts_order()
    {
        var apt = HostArchive.Simulate([], HostArchive.Index.Essential().Select(package => package.Name))!;
        Assert.Equal(apt.Where(step => step.Verb == "Inst").Select(step => step.Name), InstallOrder.Unpacking(HostArchive.Base.Essential, []).Select(package => package.Name));
    }

    [Theory]
    [MemberData(nameof(NamedSets))]
    public void Set_is_what_apt_chooses(string requests)
    {
        var apt = HostArchive.Simulate(HostArchive.Base.Packages, requests.Split(' ').Order(StringComparer.Ordinal))!;
        var clock = Stopwatch.StartNew();
        var own = DebianResolution.Resolve(HostArchive.Index, requests.Split(' ').Select(PackageRequest.Parse), HostArchive.Base.Packages);
        output.WriteLine($"{own.Packages.Count} packages, {own.Conflicts} conflicts, {clock.ElapsedMilliseconds} ms");
        Assert.Equal(Names(apt), Sorted(own.Packages));
        Assert.Equal(AptSteps(apt), OwnSteps(own.Packages));
    }

    [Theory]
    [InlineData("nginx postgresql memcached")]
    [InlineData("mariadb-server")]
    [InlineData("python3-django")]
    [InlineData("apache2")]
    public void Set_with_recommends_is_what_apt_chooses(string requests)
    {
        var apt = HostArchive.Simulate(HostArchive.Base.Packages, requests.Split(' '), recommends: true)!;
        var own = DebianResolution.Resolve(HostArchive.Index, requests.Split(' ').Select(PackageRequest.Parse), HostArchive.Base.Packages, recommends: true);
        Assert.Equal(Names(apt), Sorted(own.Packages));
    }

    [Fact]
    public void Lock_from_the_cached_index_is_the_same_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "index");
        var clock = Stopwatch.StartNew();
        var parsed = DebianIndex.Parse("amd64", HostArchive.Files());
        var parse = clock.ElapsedMilliseconds;
        parsed.WriteCache(path);
        SetRequest[] sets = [new("shop", Shop), new("tools", ["crun", "conmon", "iproute2", "nftables"]) { OverBase = false }];
        var expected = LockFile.Format(DebianLock.Create(parsed, sets));
        clock.Restart();
        Assert.True(DebianIndex.TryLoadCache(path, out var loaded));
        var load = clock.ElapsedMilliseconds;
        var text = LockFile.Format(DebianLock.Create(loaded, sets));
        output.WriteLine($"{parsed.Count} packages parsed in {parse} ms, cache of {new FileInfo(path).Length >> 20} MiB loaded in {load} ms, with the lock in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(expected, text);
        var read = LockFile.Parse(text);
        Assert.Equal(text, LockFile.Format(read));
        Assert.True(DebianLock.Satisfies(read, "amd64", sets));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Random_sets_are_what_apt_chooses(bool recommends)
    {
        var random = new Random(Seed);
        var names = HostArchive.Index.Names.ToArray();
        string[][] sets = Environment.GetEnvironmentVariable("MAYFLY_TESTS_GIVEN") is { } given ? [.. given.Split(';').Select(static set => set.Split(' '))] : [.. Enumerable.Range(0, Sets).Select(_ => Enumerable.Range(0, random.Next(1, 5)).Select(_ => names[random.Next(names.Length)]).Distinct().Order(StringComparer.Ordinal).ToArray())];
        var verdicts = CompareAll(sets, recommends);
        Assert.DoesNotContain(verdicts, verdict => verdict.Kind.StartsWith("different", StringComparison.Ordinal));
        Assert.True(verdicts.Count(verdict => verdict.Kind.StartsWith("the same packages in the same order", StringComparison.Ordinal)) > Sets * 9 / 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hard_sets_are_what_apt_chooses_or_marked_or_explained(bool recommends)
    {
        var verdicts = CompareAll([.. new HardSets(HostArchive.Index).Draw(Seed, HardCount)], recommends);
        Assert.DoesNotContain(verdicts, static verdict => verdict.Kind.StartsWith("different", StringComparison.Ordinal) && !verdict.Kind.EndsWith("marked", StringComparison.Ordinal));
    }

    private Verdict[] CompareAll(string[][] sets, bool recommends)
    {
        var clock = Stopwatch.StartNew();
        var verdicts = new Verdict[sets.Length];
        var next = -1;
        Parallel.For(0, Environment.ProcessorCount, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, _ =>
        {
            using var apt = HostArchive.Answers(recommends);
            while (Interlocked.Increment(ref next) is var at && at < sets.Length)
                verdicts[at] = Compare(sets[at], recommends, apt);
        });
        output.WriteLine($"seed {Seed}: {clock.Elapsed.TotalSeconds:0} s, of which apt {verdicts.Sum(verdict => verdict.Apt.TotalSeconds):0} s and we {verdicts.Sum(verdict => verdict.Own.TotalSeconds):0} s on {Environment.ProcessorCount} processors");
        foreach (var group in verdicts.GroupBy(verdict => verdict.Kind).OrderBy(group => group.Key, StringComparer.Ordinal))
            output.WriteLine($"{group.Key}: {group.Count()}");
        foreach (var verdict in verdicts.Where(verdict => verdict.Text.Length > 0))
            output.WriteLine($"{verdict.Kind}: {verdict.Text}");
        return verdicts;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_library_answers_as_apt_get_does(bool recommends)
    {
        using var apt = HostArchive.Answers(recommends);
        foreach (var requests in ((string[])["nginx", "hamradio-all", "gnome-terminal php-fpm", "systemd-cron exim4"]).Select(static set => set.Split(' ')))
        {
            var steps = HostArchive.Simulate(HostArchive.Base.Packages, requests, recommends)!;
            Assert.Equal(steps.Take(steps.Index().Last(step => step.Item.Verb == "Inst").Index + 1), apt.Ask(requests)!);
        }
    }

    private static Verdict Compare(string[] requests, bool recommends, AptProcess process)
    {
        var clock = Stopwatch.StartNew();
        var apt = process.Ask(requests);
        var aptTook = clock.Elapsed;
        clock.Restart();
        var (kind, text) = Compare(requests, recommends, apt);
        return new Verdict(kind, text, aptTook, clock.Elapsed);
    }

    private static (string Kind, string Text) Compare(string[] requests, bool recommends, IReadOnlyList<(string Verb, string Name, string Version)>? apt)
    {
        var set = string.Join(' ', requests);
        // apt would remove packages of the base here and there, which we never do.
        var aptCan = apt is not null && apt.All(step => step.Verb != "Remv");
        DebianResolution resolution;
        try
        {
            resolution = DebianResolution.Resolve(HostArchive.Index, requests.Select(PackageRequest.Parse), HostArchive.Base.Packages, recommends);
        }
        catch (UnresolvableException e)
        {
            if (aptCan)
                return ("different: only apt finds one", $"{set}: {e.Message}");
            return e.Message.Length > 0 && e.Hint is { Length: > 0 } && requests.Any(request => e.Message.Contains(request, StringComparison.Ordinal)) ? ("refused by both", "") : ("different: refused by both, but not explained", $"{set}: {e.Message}");
        }

        var own = resolution.Packages;
        if (SelectionCheck.Faults([.. HostArchive.Base.Packages, .. own]) is { Count: > 0 } faults)
            return ("different: ours does not hold", $"{set}: {string.Join("; ", faults)}");
        if (!aptCan)
        {
            return (resolution.Departures.Count > 0 ? $"found where apt {(apt is null ? "finds none" : "would remove something of the base")}, and marked" : "different: found where apt finds none, but unmarked",
                $"{set}: {string.Join("; ", resolution.Departures)}");
        }

        if (!Names(apt!).SequenceEqual(Sorted(own)))
            return (resolution.Departures.Count > 0 ? "different packages than apt's resolver finds, marked" : "different packages", $"{set}: apt alone {string.Join(' ', Names(apt!).Except(Sorted(own)))}; we alone {string.Join(' ', Sorted(own).Except(Names(apt!)))}");
        var (theirs, ours) = (AptSteps(apt!), OwnSteps(own));
        if (theirs.SequenceEqual(ours))
            return (resolution.Departures.Count > 0 ? "the same packages in the same order, though marked" : "the same packages in the same order", resolution.Departures.Count > 0 ? $"{set}: {string.Join("; ", resolution.Departures)}" : "");
        var from = theirs.Zip(ours).TakeWhile(static pair => pair.First == pair.Second).Count();
        return (resolution.Departures.Count > 0 ? "different order, marked" : "different order", $"{set}: from step {from}, apt {string.Join(", ", theirs.Skip(from).Take(8))}; we {string.Join(", ", ours.Skip(from).Take(8))}");
    }

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;

    private sealed record Verdict(string Kind, string Text, TimeSpan Apt, TimeSpan Own);

    /// <summary>Unpacking and the explicit configuring between; the simulation's last run of Conf lines stands for dpkg's own order.</summary>
    private static IReadOnlyList<string> AptSteps(IReadOnlyList<(string Verb, string Name, string Version)> steps)
    {
        // None, where the base has all that is asked for.
        var last = steps.ToList().FindLastIndex(static step => step.Verb == "Inst");
        return [.. steps.Take(last + 1).Select(step => $"{step.Verb} {step.Name}")];
    }

    private static IReadOnlyList<string> OwnSteps(IReadOnlyList<BinaryPackage> packages)
    {
        var steps = InstallOrder.Steps(packages, HostArchive.Base.Packages);
        var last = steps.ToList().FindLastIndex(static step => !step.Configure);
        return [.. steps.Take(last + 1).Select(step => $"{(step.Configure ? "Conf" : "Inst")} {step.Package.Name}")];
    }

    private static IReadOnlyList<string> Names(IEnumerable<(string Verb, string Name, string Version)> steps) =>
        [.. steps.Where(step => step.Verb == "Inst").Select(step => $"{step.Name} {step.Version}").Order(StringComparer.Ordinal)];

    private static IReadOnlyList<string> Sorted(IEnumerable<BinaryPackage> packages) =>
        [.. packages.Select(package => package.ToString()).Order(StringComparer.Ordinal)];
}
