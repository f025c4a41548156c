using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>
/// A machine-readable <c>debian/copyright</c>, version 1.0 of its format
/// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/, once DEP-5) or one of the drafts before it.
/// </summary>
public sealed class CopyrightFile
{
    private const int QuotedLength = 60;

    private readonly Lazy<Dictionary<string, string>> _texts;

    private CopyrightFile(string format, IReadOnlyList<CopyrightParagraph> paragraphs, IReadOnlyList<string> flaws)
    {
        (Format, Paragraphs, Flaws) = (format, paragraphs, flaws);
        _texts = new(() => paragraphs.Where(static paragraph => paragraph is { Kind: CopyrightParagraphKind.Licence, Licence: not null })
            .DistinctBy(static paragraph => paragraph.Licence, StringComparer.OrdinalIgnoreCase).ToDictionary(static paragraph => paragraph.Licence!, static paragraph => paragraph.Text, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The address of the format, as the file names it.</summary>
    public string Format { get; }

    /// <summary>In the file's order; the first one is the header.</summary>
    public IReadOnlyList<CopyrightParagraph> Paragraphs { get; }

    /// <summary>What the file should say and does not, in words with line numbers; what it does say was read nevertheless.</summary>
    public IReadOnlyList<string> Flaws { get; }

    /// <summary>Reads the text of a copyright file.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="file">What it says; null when it is free-form text or malformed.</param>
    /// <param name="reason">Why it cannot be read, as the end of a sentence whose subject is the file.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CopyrightFile? file, [NotNullWhen(false)] out string? reason)
    {
        file = null;
        var lines = text.Split('\n');
        var stanzas = new List<List<Field>>();
        if (Stanzas(lines, stanzas) is { } malformed)
        {
            // A line that is no field is what all free-form text has; only a file that claims the format is malformed.
            reason = stanzas is [var first, ..] && first.Any(static field => field.IsFormat) ? $"claims to be machine-readable and is not: {malformed}" : FreeForm;
            return false;
        }

        if (stanzas is not [var header, ..] || header.FirstOrDefault(static field => field.IsFormat) is not { } format)
        {
            reason = FreeForm;
            return false;
        }

        var paragraphs = new List<CopyrightParagraph>();
        var flaws = new List<string>();
        foreach (var stanza in stanzas)
            Read(stanza, paragraphs, flaws);
        file = new CopyrightFile(format.First.Trim(), paragraphs, flaws);
        reason = null;
        return true;
    }

    internal const string FreeForm = "is free-form text, not machine-readable";

    /// <summary>The text of a licence: of the paragraph that names it, else of the one that the file keeps for it.</summary>
    internal string TextOf(CopyrightParagraph paragraph, string licence)
    {
        if (paragraph.Text.Length > 0 && string.Equals(paragraph.Licence, licence, StringComparison.OrdinalIgnoreCase))
            return paragraph.Text;
        return _texts.Value.GetValueOrDefault(licence, paragraph.Text);
    }

    private static void Read(List<Field> stanza, List<CopyrightParagraph> paragraphs, List<string> flaws)
    {
        // A second comment hides no licence; a second licence would.
        foreach (var doubled in stanza.Where(static field => field.Is("Files") || field.Is("License")).GroupBy(static field => field.Name, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1))
            flaws.Add(string.Create(CultureInfo.InvariantCulture, $"line {doubled.Last().Line}: the field {doubled.Key} stands there a second time"));
        var files = stanza.FirstOrDefault(static field => field.Is("Files"));
        var licence = stanza.FirstOrDefault(static field => field.Is("License"));
        var kind = paragraphs.Count == 0 ? CopyrightParagraphKind.Header : files is null ? CopyrightParagraphKind.Licence : CopyrightParagraphKind.Files;
        var line = licence?.Line ?? stanza[0].Line;
        if (kind == CopyrightParagraphKind.Licence && licence is null)
        {
            flaws.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: a paragraph has neither Files nor License"));
            return;
        }

        if (kind == CopyrightParagraphKind.Files && licence is null)
            flaws.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: a paragraph of Files has no License"));
        else if (licence is { First: "" } && kind != CopyrightParagraphKind.Header)
            flaws.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: a License has no short name"));
        string[] patterns = kind == CopyrightParagraphKind.Files ? files!.Whole.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];
        if (kind == CopyrightParagraphKind.Files && patterns.Length == 0)
            flaws.Add(string.Create(CultureInfo.InvariantCulture, $"line {files!.Line}: a paragraph's Files are empty"));
        paragraphs.Add(new CopyrightParagraph(kind, patterns, licence?.First, licence?.Rest ?? "", line));
    }

    /// <summary>Takes the text apart; gives what is wrong at the first line that is neither field, continuation, comment nor blank.</summary>
    private static string? Stanzas(string[] lines, List<List<Field>> stanzas)
    {
        List<Field>? stanza = null;
        for (var at = 0; at < lines.Length; at++)
        {
            var line = lines[at].AsSpan().TrimEnd('\r');
            if (line.IsWhiteSpace())
            {
                stanza = null;
            }
            else if (line[0] == '#')
            {
                // Comments are allowed between and inside fields, as in debian/control (policy 5.1).
            }
            else if (line[0] is ' ' or '\t')
            {
                if (stanza is null)
                    return Wrong(at, line, "continues nothing");
                stanza[^1].Continuation.Add(line[1..].ToString());
            }
            else
            {
                var colon = line.IndexOf(':');
                if (colon <= 0 || line[0] == '-' || line[..colon].ContainsAnyExceptInRange('!', '~'))
                    return Wrong(at, line, "is no field");
                if (stanza is null)
                    stanzas.Add(stanza = []);
                stanza.Add(new Field(line[..colon].ToString(), line[(colon + 1)..].Trim().ToString(), at + 1));
            }
        }

        return null;
    }

    private static string Wrong(int at, ReadOnlySpan<char> line, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"line {at + 1} {what}: '{line[..Math.Min(line.Length, QuotedLength)].Trim()}'");

    private sealed record Field(string Name, string First, int Line)
    {
        public List<string> Continuation { get; } = [];

        public string Whole => string.Join('\n', Continuation.Prepend(First));

        /// <summary>The lines after the first; a line of one full stop is an empty one (policy 5.6.13).</summary>
        public string Rest => string.Join('\n', Continuation.Select(static line => line == "." ? "" : line));

        /// <summary>The drafts called it Format-Specification.</summary>
        public bool IsFormat => Is("Format") || Is("Format-Specification");

        public bool Is(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);
    }
}
