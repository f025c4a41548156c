using System.Globalization;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A held package against apt-mark's hold: a set is locked, newer versions appear, and one of its packages stays at the version it has.</summary>
[Trait("needs", "oracle")]
public sealed class HoldsTests(ITestOutputHelper output)
{
    /// <summary>The first seed, and how many archives are drawn; a failure names its own seed, so it can be tried alone.</summary>
    private static readonly int Seed = Given("MAYFLY_TESTS_SEED", 20261126), Archives = Given("MAYFLY_TESTS_ARCHIVES", 200);

    [Fact]
    public void What_is_held_stays_and_the_rest_is_upgraded_as_apt_does()
    {
        var verdicts = Enumerable.Range(Seed, Archives).AsParallel().AsOrdered().WithDegreeOfParallelism(Environment.ProcessorCount).Select(Compare).ToList();
        foreach (var group in verdicts.GroupBy(static verdict => verdict.Kind).OrderBy(static group => group.Key, StringComparer.Ordinal))
            output.WriteLine($"{group.Key}: {group.Count()}");
        foreach (var verdict in verdicts.Where(static verdict => verdict.Text.Length > 0))
            output.WriteLine($"{verdict.Kind}: {verdict.Text}");
        Assert.DoesNotContain(verdicts, static verdict => verdict.Kind.StartsWith("different", StringComparison.Ordinal));
        // Where apt upgrades a whole machine it keeps back more than it must now and then, or gives up; and among several it may keep back another one. Then
        // the answer is marked.
        Assert.True(verdicts.Count(static verdict => verdict.Kind.StartsWith("the same versions", StringComparison.Ordinal)) > Archives * 9 / 10);
    }

    /// <summary>The version that stays or the refusal, beside what apt-get says that is not asked back: a held package is not changed, whatever the request says.</summary>
    [Theory]
    [InlineData("nginx=1.1", "1.1")]
    [InlineData("nginx=1.1*", "1.1")]
    [InlineData("nginx/stable", "1.1")]
    [InlineData("nginx=1.2", null)]
    [InlineData("nginx=2", null)]
    [InlineData("nginx/updates", null)]
    // Here apt-get takes the newest that fits and refuses; the held version fits too, so there is nothing to refuse.
    [InlineData("nginx", "1.1")]
    [InlineData("nginx=1*", "1.1")]
    public void A_request_meets_a_hold(string request, string? expected)
    {
        string[] stanzas = [.. ((string[])["1.1", "1.2", "2"]).Select(static (version, at) => $"Package: nginx\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\nFilename: pool/nginx_{version}.deb\nSize: 1\nSHA256: {new string((char)('a' + at), 64)}\nDescription: nginx\n\n")];
        using var apt = new AptFolder([Suite(stanzas[..1]), Suite(stanzas[1..]) with { Name = "updates" }], ["amd64"], status: stanzas[0].Replace("\nVersion:", "\nStatus: hold ok installed\nVersion:", StringComparison.Ordinal));
        var (steps, said) = apt.Simulate(["--yes", request]);
        var index = apt.Index;
        BinaryPackage Version(string text) => index.Find("nginx").Single(package => package.Version.Text == text);
        IReadOnlyList<BinaryPackage> Resolve(BinaryPackage held) => DebianResolution.Resolve(index, [PackageRequest.Parse(request)], [], kept: new Dictionary<string, BinaryPackage> { ["nginx"] = held }, holds: ["nginx"]).Packages;

        if (expected is not null)
        {
            Assert.Equal(expected, Assert.Single(Resolve(Version("1.1"))).Version.Text);
            if (request.Contains("1.1", StringComparison.Ordinal) || request.Contains('/'))
                Assert.Empty(steps!);
            return;
        }

        Assert.Contains("E: Held packages were changed and -y was used without --allow-change-held-packages.", said, StringComparison.Ordinal);
        var refusal = Assert.Throws<UnresolvableException>(() => Resolve(Version("1.1")));
        Assert.Equal($"{request} is asked for, but nginx is held at 1.1", refusal.Message);
        Assert.Equal("remove .Hold(\"nginx\") or ask for no version of it", refusal.Hint);
        Assert.True(refusal.IsByHold);
    }

    private static (string Kind, string Text) Compare(int seed)
    {
        var random = new Random(seed);
        var (old, newer) = (Versions(random, 1), Versions(random, 2));
        SetRequest set = new("image", [.. old.Keys.OrderBy(_ => random.Next()).Take(2)]);
        using var before = new AptFolder([Suite(old.Values)], ["amd64"]);
        StackLock locked;
        try
        {
            locked = DebianLock.Create(before.Index, [set]);
        }
        catch (UnresolvableException)
        {
            return ("cannot be locked", "");
        }

        var held = locked.Packages[random.Next(locked.Packages.Count)].Name;
        var what = $"seed {seed}, {string.Join(' ', set.Requests)}, {held} held";
        using var after = new AptFolder([Suite(old.Values), Suite(newer.Values) with { Name = "updates" }], ["amd64"],
            status: string.Concat(locked.Packages.Select(package => old[package.Name].Replace("\nVersion:", $"\nStatus: {(package.Name == held ? "hold" : "install")} ok installed\nVersion:", StringComparison.Ordinal))));
        var (theirs, said) = Upgraded("dist-upgrade");
        var index = after.Index;
        BinaryPackage There(LockedPackage package) => index.Find(package.Name).First(other => other.Sha256 == package.Sha256);
        try
        {
            var all = locked.Packages.ToDictionary(static package => package.Name, There, StringComparer.Ordinal);
            var ours = DebianLock.Create(index, [set], kept: new Dictionary<string, BinaryPackage> { [held] = all[held] }, preferences: new DebianPreferences { Holds = [held] }, before: locked, older: all);
            if (SelectionCheck.Faults([.. ours.Packages.Select(There)]) is { Count: > 0 } faults)
                return ("different: ours does not hold", $"{what}: {string.Join("; ", faults)}");
            if (ours.Packages.FirstOrDefault(package => package.Name == held) is { } there && there.Version != all[held].Version.Text)
                return ("different: a held package moved", what);
            string[] departures = [.. ours.Sets.SelectMany(static one => one.Departures)];
            var (unmarked, mark) = departures.Length > 0 ? ("", ", marked") : ("different, unmarked: ", "");
            if (theirs is null)
                return ($"{unmarked}found where apt fails{mark}", $"{what}: {said.Split('\n').Last(static line => line.StartsWith("E: ", StringComparison.Ordinal))}: {string.Join("; ", departures)}");
            // What nothing needs any more stays on a machine, and is not in a lock that is made anew.
            string[] apart = [.. ours.Packages.Where(package => theirs.GetValueOrDefault(package.Name) != package.Version).Select(package => $"{package.Name} {theirs.GetValueOrDefault(package.Name, "-")} → {package.Version}")];
            // dist-upgrade may remove what somebody asked for; the lock may not, and neither may an upgrade that takes new packages.
            if (apart.Length > 0 && Upgraded("upgrade", "--with-new-pkgs").Versions is { } upgraded && ours.Packages.All(package => upgraded.GetValueOrDefault(package.Name) == package.Version))
                return ("the same versions as upgrade --with-new-pkgs", "");
            return apart.Length == 0 ? departures.Length > 0 ? ("the same versions, though marked", $"{what}: {string.Join("; ", departures)}") : ("the same versions", "") : ($"{unmarked}other versions{mark}", $"{what}: apt has {string.Join(", ", apart)} here: {string.Join("; ", departures)}");
        }
        catch (UnresolvableException e)
        {
            return (e.IsByHold && e.Message.Contains(held, StringComparison.Ordinal) && e.Hint is { Length: > 0 } ? "explained, where apt keeps something back" : "different: not explained", $"{what}: {e.Message}; {e.Hint}");
        }

        // What is there afterwards, by name; null where apt gives up.
        (Dictionary<string, string>? Versions, string Said) Upgraded(string verb, params string[] options)
        {
            var (steps, said) = after.Simulate(options, verb: verb);
            if (steps is null)
                return (null, said);
            var versions = locked.Packages.ToDictionary(static package => package.Name, static package => package.Version, StringComparer.Ordinal);
            foreach (var parts in steps.Select(static step => step.Split(' ')))
            {
                if (parts[0] == "Inst")
                    versions[parts[1]] = said.Split('\n').First(line => line.StartsWith($"Inst {parts[1]} ", StringComparison.Ordinal)).Split('(')[1].Split(' ')[0];
                else if (parts[0] == "Remv")
                    versions.Remove(parts[1]);
            }

            return (versions, said);
        }
    }

    /// <summary>Stanzas by name: of the newer version, dependencies ask more often for a newer version too.</summary>
    private static Dictionary<string, string> Versions(Random random, int version)
    {
        var stanzas = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] names = [.. "abcdefgh".Select(static letter => $"p{letter}")];
        foreach (var (at, name) in names.Index().Where(_ => version == 1 || random.Next(3) > 0))
        {
            var depends = names.Skip(at + 1).Where(_ => random.Next(3) == 0).Select(other => random.Next(3) == 0 && version > 1 ? $"{other} (>= {version})" : other).ToList();
            var fields = new StringBuilder();
            if (depends.Count > 0)
                fields.Append(CultureInfo.InvariantCulture, $"Depends: {string.Join(", ", depends)}\n");
            if (version > 1 && random.Next(6) == 0)
                fields.Append(CultureInfo.InvariantCulture, $"Breaks: {names[random.Next(names.Length)]} (<< {version})\n");
            stanzas[name] = $"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\n{fields}Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {new string((char)('a' + at % 6), 63)}{version}\nDescription: {name}\n\n";
        }

        return stanzas;
    }

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;

    private static SmallSuite Suite(IEnumerable<string> stanzas) => new("stable", "one.example", "", new Dictionary<string, string> { ["amd64"] = string.Concat(stanzas) });
}
