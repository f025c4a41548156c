namespace Mayfly.Images.Tests.Equality;

/// <summary>The documented list of what may differ stays short and exact.</summary>
public sealed class AllowedDifferencesTests
{
    private const int Most = 25, FewestSets = 40;

    /// <summary>The names of fontconfig's caches are digests of folders' paths, one for each folder of fonts.</summary>
    private const string Wildcard = "/var/cache/fontconfig/*";

    private static readonly string[] Known = ["existence", "empty here", "its .pub", "links to it", "contents", "field 3", "times of entries", "date of generation", "identity and time"];

    [Fact]
    public void The_list_is_short_the_sets_are_many_and_every_line_has_an_exact_path_known_aspects_and_a_reason_of_its_own()
    {
        Assert.InRange(AllowedDifferences.All.Count, 1, Most);
        Assert.True(PackageSets.All.Count > FewestSets, $"only {PackageSets.All.Count} sets are compared");
        Assert.Distinct(AllowedDifferences.All.Select(static entry => entry.Path));
        foreach (var entry in AllowedDifferences.All)
        {
            Assert.True(entry.Path == Wildcard || !entry.Path.Contains('*'), $"{entry.Path} is no exact path");
            Assert.All(entry.Aspects, static aspect => Assert.Contains(aspect, Known));
            Assert.True(entry.Reason.Length > 10, $"{entry.Path} has no reason");
        }
    }

    [Fact]
    public void No_line_of_the_list_is_lost_in_reading_it()
    {
        var rows = File.ReadLines(AllowedDifferences.Path).Count(static line => line.StartsWith("| `", StringComparison.Ordinal));
        Assert.Equal(rows, AllowedDifferences.All.Count);
    }
}
