using System.Globalization;
using System.Text;

namespace Mayfly.Benchmarks;

/// <summary>Findings for people: as plain text, and as a section of a document.</summary>
internal static class Table
{
    private static readonly string[] Heads = ["what", "Mayfly", "beside it", "ratio", "target"];

    public static string Text(Figure figure, Findings findings)
    {
        var rows = findings.Lines.Select(Cells).Prepend(Heads).ToArray();
        int[] widths = [.. Heads.Select((_, column) => rows.Max(row => row[column].Length))];
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{figure.Name}: {figure.Title}\n");
        foreach (var row in rows)
            text.Append("  ").Append(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()).Append('\n');
        foreach (var note in findings.Notes)
            text.Append("  ").Append(note).Append('\n');
        return text.ToString();
    }

    public static string Markdown(Findings findings)
    {
        var text = new StringBuilder();
        foreach (var row in findings.Lines.Select(Cells).Prepend([.. Heads.Select(_ => "---")]).Prepend(Heads))
            text.Append("| ").Append(string.Join(" | ", row)).Append(" |\n");
        text.Append('\n');
        foreach (var note in findings.Notes)
            text.Append("- ").Append(note).Append('\n');
        return text.ToString();
    }

    /// <summary>The document with the figure's section, between its two markers, replaced.</summary>
    public static string Into(string document, string name, string section)
    {
        var (begin, end) = ($"<!-- {name}: written by benchmarks/run -->\n", $"<!-- {name}: end -->");
        var (from, to) = (document.IndexOf(begin, StringComparison.Ordinal), document.IndexOf(end, StringComparison.Ordinal));
        return from >= 0 && to > from ? $"{document[..(from + begin.Length)]}{section}{document[to..]}"
            : throw new MayflyException($"the document has no place for the figure {name}", $"write two lines where it should be:\n{begin}{end}");
    }

    private static string[] Cells(Finding finding) =>
    [
        finding.Line.What,
        finding.Ours?.ToString() ?? finding.Missing!,
        finding.Theirs is null ? finding.Line.Beside : $"{finding.Line.Beside}: {finding.Theirs}",
        finding.Ratio is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "–",
        Target(finding),
    ];

    private static string Target(Finding finding)
    {
        string?[] parts = [finding.Line.Most is { } most ? string.Create(CultureInfo.InvariantCulture, $"at most {most:0.0#}") : null, finding.Line.Limit is { } limit ? $"under {limit}" : null];
        var target = string.Join(", ", parts.OfType<string>());
        return finding.IsMet switch
        {
            true => $"{target}: met",
            false => $"{target}: missed",
            null => target is "" ? "–" : target,
        };
    }
}
