using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Debian;

/// <summary>What apt_preferences(5) lets people write for names: glob(7), or a regular expression between slashes.</summary>
internal sealed class TextPattern
{
    private readonly string _text;
    private readonly Regex? _expression;

    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public TextPattern(string text)
    {
        _text = text;
        if (text.Length > 2 && text[0] == '/' && text[^1] == '/')
            _expression = new Regex(text[1..^1], RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        else if (text.AsSpan().ContainsAny('*', '?', '['))
            _expression = new Regex(FromGlob(text), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    public bool Matches(string text) => _expression?.IsMatch(text) ?? _text == text;

    private static string FromGlob(string glob)
    {
        var text = new StringBuilder(@"\A");
        for (var i = 0; i < glob.Length; i++)
        {
            var close = glob[i] == '[' ? glob.IndexOf(']', Math.Min(i + 2, glob.Length)) : -1;
            if (close > 0)
            {
                var inside = glob[(i + 1)..close];
                text.Append('[').Append(inside[0] is '!' or '^' ? "^" : "").Append(inside.TrimStart('!', '^').Replace(@"\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                i = close;
                continue;
            }

            text.Append(glob[i] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
        }

        return text.Append(@"\z").ToString();
    }
}
