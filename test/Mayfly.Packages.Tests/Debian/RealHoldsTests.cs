using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>
/// A held package among real pairs of versions: the release as it came out is locked, its updates and security fixes appear, and one package that they
/// renew is held. The lock is renewed, and a package is added to it, beside apt-get's dist-upgrade and install on a machine that has the lock's packages.
/// </summary>
[Trait("needs", "oracle")]
public sealed class RealHoldsTests(ITestOutputHelper output)
{
    private const string Set = "image";

    /// <summary>A failure names the set and what is held, so it can be tried alone; other seeds and numbers by hand.</summary>
    private static readonly int Seed = Given("MAYFLY_TESTS_SEED", 20261127), Sets = Given("MAYFLY_TESTS_HELD_SETS", 8);

    // Read by the test and not before: a machine without apt skips it.
    private static readonly Lazy<DebianIndex> Before = new(static () => DebianIndex.Parse("amd64", HostArchive.Files("bookworm")));

    [Fact]
    public void Real_updates_keep_back_what_apt_keeps_back()
    {
        string[] renewed = [.. Before.Value.Names.Where(IsRenewed)];
        var names = Before.Value.Names.ToArray();
        var random = new Random(Seed);
        var drawn = Enumerable.Range(0, Sets).Select(_ => (Requests: (string[])[renewed[random.Next(renewed.Length)], names[random.Next(names.Length)]], Held: random.Next(), Added: random.Next())).ToList();
        var verdicts = drawn.AsParallel().AsOrdered().WithDegreeOfParallelism(Environment.ProcessorCount).SelectMany(set => Compare(set.Requests, set.Held, set.Added)).ToList();
        foreach (var group in verdicts.GroupBy(static verdict => verdict.Kind).OrderBy(static group => group.Key, StringComparer.Ordinal))
            output.WriteLine($"{group.Key}: {group.Count()}");
        foreach (var verdict in verdicts.Where(static verdict => verdict.Text.Length > 0))
            output.WriteLine($"{verdict.Kind}: {verdict.Text}");
        Assert.DoesNotContain(verdicts, static verdict => verdict.Kind.StartsWith("different", StringComparison.Ordinal));
        Assert.True(verdicts.Count(static verdict => verdict.Kind.Contains("the same versions", StringComparison.Ordinal)) > Sets / 2, "more than half must be comparable");
    }

    private IEnumerable<(string Kind, string Text)> Compare(string[] requests, int heldAt, int addedAt)
    {
        StackLock locked;
        try
        {
            locked = DebianLock.Create(Before.Value, [new SetRequest(Set, requests)]);
        }
        catch (UnresolvableException)
        {
            return [("cannot be locked", "")];
        }

        BinaryPackage[] there = [.. locked.Packages.Select(package => Before.Value.Find(package.Name).First(other => other.Sha256 == package.Sha256))];
        BinaryPackage[] renewed = [.. there.Where(package => IsRenewed(package.Name))];
        var held = renewed[heldAt % renewed.Length];
        // What comes from the held package's own source mostly needs it at its own version, or nothing would be at stake.
        string[] kin = [.. HostArchive.Index.Names.Where(name => HostArchive.Index.Candidate(name)!.Source == HostArchive.Index.Candidate(held.Name)!.Source && !there.Any(package => package.Name == name))];
        return [Renew(locked, there, held, requests, null), .. kin.Length == 0 ? (IEnumerable<(string, string)>)[] : [Renew(locked, there, held, requests, kin[addedAt % kin.Length])]];
    }

    private (string Kind, string Text) Renew(StackLock locked, BinaryPackage[] there, BinaryPackage held, string[] requests, string? added)
    {
        var what = added is null ? "renewed" : "one more";
        var set = $"{string.Join(' ', requests)}, {held} held{(added is null ? "" : $", {added} added")}";
        // A package more leaves what is locked as it is, where apt-get would renew what comes from the same source with it, needed or not.
        var (theirs, said) = HostArchive.After(there, held, added is null ? ["dist-upgrade"] : ["-o", "APT::Get::Upgrade-By-Source-Package=0", "install", added]);
        var all = there.ToDictionary(static package => package.Key, package => HostArchive.Index.Find(package.Name).First(other => other.Sha256 == package.Sha256), StringComparer.Ordinal);
        var kept = added is null ? new Dictionary<string, BinaryPackage> { [held.Key] = all[held.Key] } : all;
        StackLock ours;
        try
        {
            ours = DebianLock.Create(HostArchive.Index, [new SetRequest(Set, added is null ? requests : [.. requests, added])], kept: kept, preferences: new DebianPreferences { Holds = [held.Key] }, before: locked, older: all);
        }
        catch (UnresolvableException e)
        {
            var isExplained = e.Message.Contains(held.Name, StringComparison.Ordinal) && e.Hint is { Length: > 0 };
            return (theirs is not null ? $"different, {what}: only apt finds one" : isExplained ? $"{what}: refused by both" : $"different, {what}: refused by both, but not explained", $"{set}: {e.Message}; {e.Hint}");
        }

        if (SelectionCheck.Faults([.. ours.Packages.Select(package => HostArchive.Index.Find(package.Name).First(other => other.Sha256 == package.Sha256))]) is { Count: > 0 } faults)
            return ($"different, {what}: ours does not hold", $"{set}: {string.Join("; ", faults)}");
        if (ours.Packages.FirstOrDefault(package => package.Name == held.Name) is { } stays && stays.Version != held.Version.Text)
            return ($"different, {what}: a held package moved", set);
        string[] departures = [.. ours.Sets.SelectMany(static one => one.Departures)];
        if (theirs is null)
            return ($"{(departures.Length > 0 ? "" : "different, ")}{what}: found where apt finds none{(departures.Length > 0 ? ", and marked" : "")}", $"{set}: {said.Trim().Split('\n')[^1]}: {string.Join("; ", departures)}");
        // What nothing needs any more stays on a machine, and is not in a lock that is made anew.
        string[] apart = [.. ours.Packages.Where(package => theirs.GetValueOrDefault(package.Name) != package.Version).Select(package => $"{package.Name} {theirs.GetValueOrDefault(package.Name, "-")} → {package.Version}")];
        if (apart.Length == 0)
            return ($"{what}: the same versions", "");
        // dist-upgrade may remove what somebody asked for; the lock may not, and neither may an upgrade that takes new packages.
        if (added is null && HostArchive.After(there, held, ["upgrade", "--with-new-pkgs"]).Versions is { } upgraded && ours.Packages.All(package => upgraded.GetValueOrDefault(package.Name) == package.Version))
            return ($"{what}: the same versions as upgrade --with-new-pkgs", set);
        return ($"{(departures.Length > 0 ? "" : "different, ")}{what}: other versions than apt's{(departures.Length > 0 ? ", marked" : "")}",
                $"{set}: {string.Join(", ", apart)}: {string.Join("; ", departures)}");
    }

    private bool IsRenewed(string name) => Before.Value.Candidate(name) is { } old && HostArchive.Index.Candidate(name) is { } newer && newer.Version.CompareTo(old.Version) > 0;

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;
}
