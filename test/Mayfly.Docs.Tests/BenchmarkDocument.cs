using Mayfly.Benchmarks;

namespace Mayfly.Docs.Tests;

/// <summary>The document of benchmarks shows every line of every figure that there is: whatever the numbers were.</summary>
public sealed class BenchmarkDocument
{
    public static TheoryData<string> Names => [.. Figures.All.Select(figure => figure.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_line_of_a_figure_is_in_its_table(string name)
    {
        var figure = Figures.All.Single(figure => figure.Name == name);
        var document = RepositoryFiles.Read("docs/benchmarks.md");
        var section = document.Split($"<!-- {name}: written by benchmarks/run -->\n").ElementAtOrDefault(1)?.Split($"<!-- {name}: end -->")[0];
        Assert.True(section is not null, $"docs/benchmarks.md has no section for {name}");
        var rows = section.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).Select(line => line.Split(" | ")[0][2..]);
        Assert.Equal(figure.Lines.Select(line => line.What), rows);
    }

    [Fact]
    public void A_section_is_replaced_between_its_markers_alone()
    {
        const string Document = "before\n<!-- a: written by benchmarks/run -->\nold\n<!-- a: end -->\nbetween\n<!-- b: written by benchmarks/run -->\nkept\n<!-- b: end -->\n";
        Assert.Equal(Document.Replace("old", "new"), Table.Into(Document, "a", "new\n"));
        Assert.Contains("figure c", Assert.Throws<MayflyException>(() => Table.Into(Document, "c", "")).Message);
    }

    [Fact]
    public void A_target_is_met_by_the_median_and_by_nothing_that_is_missing()
    {
        var line = new Line("x", "y", Most: 0.5, Limit: new Amount(3, Unit.Seconds));
        var (ours, theirs) = (Spread.Of(Unit.Seconds, 9, 2, 1), Spread.Of(Unit.Seconds, 4, 6));
        Assert.Equal((2, 1, 9, 5), (ours.Median.Value, ours.Least.Value, ours.Most.Value, theirs.Median.Value));
        Assert.True(new Finding(line, ours, theirs).IsMet);
        Assert.False(new Finding(line, theirs, ours).IsMet);
        Assert.False(new Finding(line, Spread.Of(Unit.Seconds, 3.5), Spread.Of(Unit.Seconds, 100)).IsMet);
        Assert.Null(new Finding(line, ours, null).IsMet);
        Assert.Null(Finding.Lacking(line, "no dockerd").IsMet);
    }
}
