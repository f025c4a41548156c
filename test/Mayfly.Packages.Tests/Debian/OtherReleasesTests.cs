using Mayfly.Packages.Debian;
using Mayfly.Tests.Shared;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>
/// Releases besides the host's, from where Mayfly would take them. Ubuntu's index has priorities that are not the packages' own, all versions of -security in
/// -updates too, and updates that are phased; its base has no apt, whose dependencies are then ordered anew wherever it is installed.
/// </summary>
[Trait("needs", "oracle")]
public sealed class OtherReleasesTests(ITestOutputHelper output)
{
    private static readonly int Seed = Given("MAYFLY_TESTS_SEED", 20261126);

    private static readonly int Sets = Given("MAYFLY_TESTS_SETS", 10);

    [Theory]
    [InlineData("noble", "fuse3 task-tagalog")]
    [InlineData("trixie", "fuse")]
    public void The_base_and_random_sets_are_what_apt_chooses_in_its_order(string codename, string known)
    {
        if (codename == UbuntuMirror.Codename)
            UbuntuMirror.SkipWithout();
        using var archive = codename == UbuntuMirror.Codename ? new FetchedArchive(UbuntuMirror.Sources!, UbuntuMirror.Key)
            : new FetchedArchive(DebianSources.Discover(codename, "amd64", DebianConfiguration.Read(new DebianConfiguration { Components = ["main"] })), "/usr/share/keyrings/debian-archive-keyring.gpg");
        Assert.Equal(Chosen(archive.Simulate([], archive.Index.Essential().Select(static package => package.Name))!), Sorted(archive.Base.Essential));
        Assert.Equal(Chosen(archive.Simulate(archive.Base.Essential, archive.Index.OfPriority(PackagePriority.Required).Select(static package => package.Name))!), Sorted(archive.Base.Required));

        var random = new Random(Seed);
        var names = archive.Index.Names.ToArray();
        string[][] sets = [known.Split(' '), .. Enumerable.Range(0, Sets).Select(_ => Enumerable.Range(0, random.Next(1, 5)).Select(_ => names[random.Next(names.Length)]).Distinct().Order(StringComparer.Ordinal).ToArray())];
        var (same, differences) = (0, new List<string>());
        foreach (var (set, at) in sets.Select(static (set, at) => (set, at)))
        {
            var recommends = at % 2 == 1;
            var apt = archive.Simulate(archive.Base.Packages, set, recommends);
            var ours = Ours(archive, set, recommends, out var marked);
            // Where apt finds nothing, or would remove something of the base, an answer of ours is marked.
            if (apt is null || apt.Any(static step => step.StartsWith("Remv", StringComparison.Ordinal)) ? ours is null || marked : ours is not null && ours.SequenceEqual(apt))
                same++;
            else
                differences.Add($"{string.Join(' ', set)}{(recommends ? ", with Recommends" : "")}: apt {string.Join(", ", (apt ?? []).Except(ours ?? []).Take(5))}; we {string.Join(", ", (ours ?? []).Except(apt ?? []).Take(5))}");
        }

        output.WriteLine($"{codename}, seed {Seed}: {same} of {sets.Length} the same");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static List<string>? Ours(FetchedArchive archive, string[] set, bool recommends, out bool marked)
    {
        marked = false;
        try
        {
            var resolution = DebianResolution.Resolve(archive.Index, set.Select(PackageRequest.Parse), archive.Base.Packages, recommends);
            marked = resolution.Departures.Count > 0;
            var steps = InstallOrder.Steps(resolution.Packages, archive.Base.Packages).ToList();
            return [.. steps.Take(steps.FindLastIndex(static step => !step.Configure) + 1).Select(static step => $"{(step.Configure ? "Conf" : "Inst")} {step.Package.Name} {step.Package.Version}")];
        }
        catch (UnresolvableException)
        {
            return null;
        }
    }

    private static string[] Chosen(IEnumerable<string> steps) => [.. steps.Where(static step => step.StartsWith("Inst", StringComparison.Ordinal)).Select(static step => step["Inst ".Length..]).Order(StringComparer.Ordinal)];

    private static string[] Sorted(IEnumerable<BinaryPackage> packages) => [.. packages.Select(static package => package.ToString()).Order(StringComparer.Ordinal)];

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;
}
