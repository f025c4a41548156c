using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Requests in every form, pins, suites and architectures: small archives are drawn, and the choice is apt's own.</summary>
[Trait("needs", "oracle")]
public sealed class AptPreferencesTests(ITestOutputHelper output)
{
    /// <summary>The first seed; a failure names its own, so it can be tried alone.</summary>
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("SEED") ?? "20261125");

    [Fact]
    public void Choice_from_random_archives_is_apts()
    {
        var Archives = int.Parse(Environment.GetEnvironmentVariable("ARCHIVES") ?? "400");
        var verdicts = Enumerable.Range(Seed, Archives).AsParallel().AsOrdered().WithDegreeOfParallelism(Environment.ProcessorCount).Select(Compare).ToList();
        foreach (var group in verdicts.GroupBy(verdict => verdict.Kind).OrderBy(group => group.Key, StringComparer.Ordinal))
            output.WriteLine($"{group.Key}: {group.Count()}");
        foreach (var verdict in verdicts.Where(verdict => verdict.Text.Length > 0))
            output.WriteLine($"{verdict.Kind}: {verdict.Text}");
        Assert.DoesNotContain(verdicts, verdict => verdict.Kind.StartsWith("different", StringComparison.Ordinal));
    }

    private static (string Kind, string Text) Compare(int seed)
    {
        var archive = new SmallArchive(seed);
        using var apt = new AptFolder(archive.SmallSuites, archive.Architectures, archive.Preferences);
        if (Environment.GetEnvironmentVariable("DUMP") == seed.ToString())
            Console.Error.WriteLine(archive.Preferences + string.Concat(archive.SmallSuites.Select(suite => $"== {suite.Name}\n{string.Concat(suite.Packages.Values)}")) + apt.Simulate([.. archive.Requests, "-oDebug::pkgDepCache::AutoInstall=1", "-oDebug::pkgDepCache::Marker=1"], archive.Recommends).Said);
        var what = $"seed {seed}, {string.Join(' ', archive.Requests)}{(archive.Recommends ? " with Recommends" : "")}";
        var (steps, said) = apt.Simulate(archive.Requests, archive.Recommends);
        if (Environment.GetEnvironmentVariable("TRACE") is not null)
            Console.Error.WriteLine($"begin {seed}");
        DebianResolution own;
        try
        {
            own = DebianResolution.Resolve(apt.Index.With(archive.Pins), archive.Requests.Select(PackageRequest.Parse), [], archive.Recommends);
        }
        catch (UnresolvableException e)
        {
            if (Environment.GetEnvironmentVariable("TRACE") is not null)
                Console.Error.WriteLine($"end {seed}");
            return steps is not null ? ("different: only apt finds one", $"{what}: {e.Message}") : ("refused by both", "");
        }

        if (Environment.GetEnvironmentVariable("TRACE") is not null)
            Console.Error.WriteLine($"end {seed}");
        if (steps is null)
            return ("found where apt finds none", $"{what}: {string.Join(' ', own.Packages)}: {own.Conflicts} conflicts, other versions of {string.Join(", ", own.OtherVersions)}: {said.Split('\n').Last(line => line.StartsWith("E: ", StringComparison.Ordinal))}");
        IReadOnlyList<string> theirs = [.. steps.Where(step => step.StartsWith("Inst ", StringComparison.Ordinal)).Select(step => step[5..]).Order(StringComparer.Ordinal)];
        IReadOnlyList<string> ours = [.. own.Packages.Select(package => package.ToString()).Order(StringComparer.Ordinal)];
        if (!theirs.SequenceEqual(ours))
            return (own.Conflicts == 0 && own.OtherVersions.Count == 0 ? "different packages" : "different packages after a conflict", $"{what}: apt {string.Join(", ", theirs)}; we {string.Join(", ", ours)}");
        var last = steps.Index().Select(step => step.Item.StartsWith("Inst", StringComparison.Ordinal) ? step.Index : -1).Append(-1).Max();
        var order = InstallOrder.Steps(own.Packages, []).Select(step => $"{(step.Configure ? "Conf" : "Inst")} {step.Package}").ToList();
        var ourLast = order.FindLastIndex(step => step.StartsWith("Inst", StringComparison.Ordinal));
        return steps.Take(last + 1).SequenceEqual(order.Take(ourLast + 1)) ? ($"the same packages in the same order{(own.Conflicts > 0 ? " after conflicts" : "")}", "")
            : ("different order", $"{what}: apt {string.Join(", ", steps.Take(last + 1))}; we {string.Join(", ", order.Take(ourLast + 1))}");
    }
}
