using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Python;

/// <summary>The lines of a requirements file without comments and breaks, as pip joins them; and the words of options, as a shell takes them apart.</summary>
internal static partial class RequirementsText
{
    /// <summary>Lines that say something, with the number of the first of those that a backslash joins.</summary>
    public static IEnumerable<(int Number, string Text)> Lines(string text, Func<string, string?> variable)
    {
        foreach (var (number, joined) in Join(Split(text)))
        {
            var line = Comment().Replace(joined, "").Trim();
            if (line.Length > 0)
                yield return (number, Variable().Replace(line, match => variable(match.Groups[1].Value) is { Length: > 0 } value ? value : match.Value));
        }
    }

    /// <summary>Words between blanks; quotes and backslashes as in a POSIX shell. Null when a quotation does not end.</summary>
    public static IReadOnlyList<string>? Words(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var (inside, quote) = (false, '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote == '\'' || (quote == '"' && c is not ('"' or '\\')))
            {
                if (c == quote)
                    quote = '\0';
                else
                    word.Append(c);
            }
            else if (c == '\\')
            {
                if (++i == text.Length)
                    return null;
                // Between double quotes it protects these two alone.
                if (quote == '"' && text[i] is not ('"' or '\\'))
                    word.Append(c);
                word.Append(text[i]);
                inside = true;
            }
            else if (c == '"' && quote == '"')
            {
                quote = '\0';
            }
            else if (c is '\'' or '"')
            {
                (inside, quote) = (true, c);
            }
            else if (c is ' ' or '\t' or '\r' or '\n')
            {
                if (inside || word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
                inside = false;
            }
            else
            {
                word.Append(c);
            }
        }

        if (quote != '\0')
            return null;
        if (inside || word.Length > 0)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>A comment ends what a backslash began, also when it ends in one.</summary>
    private static IEnumerable<(int, string)> Join(IEnumerable<string> lines)
    {
        var (number, first) = (0, 0);
        StringBuilder? joined = null;
        foreach (var line in lines)
        {
            number++;
            var comment = Comment().Match(line) is { Success: true, Index: 0 };
            if (line.EndsWith('\\') && !comment)
            {
                if (joined is null)
                    (joined, first) = (new StringBuilder(), number);
                joined.Append(line.AsSpan().Trim('\\'));
                continue;
            }

            // With a blank before it, what is left of a comment is one still.
            var whole = comment ? " " + line : line;
            yield return joined is null ? (number, whole) : (first, joined.Append(whole).ToString());
            joined = null;
        }

        if (joined is not null)
            yield return (first, joined.ToString());
    }

    /// <summary>Python ends a line at more than one character.</summary>
    private static IEnumerable<string> Split(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOfAny("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");
            if (length < 0)
            {
                yield return text[start..];
                yield break;
            }

            yield return text.Substring(start, length);
            start += length + (text[start + length] == '\r' && start + length + 1 < text.Length && text[start + length + 1] == '\n' ? 2 : 1);
        }
    }

    [GeneratedRegex(@"(?:^|\s+)#.*$")]
    private static partial Regex Comment();

    /// <summary>Capitals only: what else looks like a variable stays as it is.</summary>
    [GeneratedRegex(@"\$\{([A-Z0-9_]+)\}")]
    private static partial Regex Variable();
}
