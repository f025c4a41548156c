using System.Text;

namespace Mayfly;

/// <summary>Splits a command line into words as a POSIX shell would, without expanding anything (POSIX shell language 2.2, quoting).</summary>
internal static class CommandLine
{
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var begun = false;
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (begun)
                    words.Add(word.ToString());
                word.Clear();
                begun = false;
                continue;
            }

            begun = true;
            if (c == quote)
                quote = '\0';
            else if (quote == '\0' && c is ('\'' or '"'))
                quote = c;
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length && (quote == '\0' || line[i + 1] is '"' or '\\' or '$' or '`'))
                word.Append(line[++i]);
            else
                word.Append(c);
        }

        if (quote != '\0')
            throw new MayflyException($"the command `{line}` has a {quote} that is never closed", "close the quote, or pass the words one by one");
        if (begun)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>Words as one line that a shell would split again in the same way; for messages.</summary>
    public static string Join(IEnumerable<string> words)
        => string.Join(' ', words.Select(word => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_=/.:,+@%".Contains(c))
            ? word
            : $"'{word.Replace("'", "'\\''")}'"));
}
