using System.Text.RegularExpressions;

namespace Mayfly.Packages.Debian;

/// <summary>What apt_preferences(5) lets people write for names: glob(7), or a regular expression between slashes.</summary>
internal sealed class TextPattern
{
    /// <summary>An expression that takes longer is refused by matching nothing: names and versions are short.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly string _text;
    private readonly Regex? _expression;

    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public TextPattern(string text)
    {
        _text = text;
        if (text.Length > 2 && text[0] == '/' && text[^1] == '/')
            _expression = new Regex(text[1..^1], RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, Patience);
    }

    public bool Matches(string text)
    {
        try
        {
            return _expression?.IsMatch(text) ?? Glob(_text, text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    /// <summary>fnmatch(3): stars are tried at the shortest, and the last one only is ever tried longer.</summary>
    private static bool Glob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        var (star, rest) = (-1, 0);
        var (p, t) = (0, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, rest) = (p++, t);
            }
            else if (p < pattern.Length && One(pattern, p, text[t], out var next))
            {
                (p, t) = (next, t + 1);
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++rest);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    private static bool One(ReadOnlySpan<char> pattern, int at, char c, out int next)
    {
        next = at + 1;
        if (pattern[at] == '?')
            return true;
        if (pattern[at] != '[' || pattern[at..].IndexOf(']') < 2 || at + 2 >= pattern.Length)
            return pattern[at] == c;
        // A bracket just after the opening one, or after its negation, is a member.
        var first = pattern[at + 1] is '!' or '^' ? at + 2 : at + 1;
        var close = first + 1 < pattern.Length ? pattern[(first + 1)..].IndexOf(']') : -1;
        if (close < 0)
            return pattern[at] == c;
        close += first + 1;
        next = close + 1;
        var found = false;
        for (var i = first; i < close; i++)
        {
            if (i + 2 < close && pattern[i + 1] == '-')
            {
                found |= c >= pattern[i] && c <= pattern[i + 2];
                i += 2;
            }
            else
            {
                found |= c == pattern[i];
            }
        }

        return found != (first == at + 2);
    }
}
