using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>Reads apt.conf(5): <c>A::B "value";</c> and <c>A { B "value"; };</c>, with its three kinds of comments.</summary>
internal static class AptOptions
{
    public static void Parse(string text, Dictionary<string, string> options)
    {
        var scopes = new Stack<string>();
        var words = new List<string>();
        foreach (var token in Tokens(text))
        {
            switch (token)
            {
                case "{":
                    scopes.Push(words.FirstOrDefault() ?? "");
                    words.Clear();
                    break;
                case "}":
                    scopes.TryPop(out _);
                    words.Clear();
                    break;
                case ";":
                    if (words.Count >= 2)
                        options[Name()] = string.Join(' ', words.Skip(1));
                    words.Clear();
                    break;
                default:
                    words.Add(token);
                    break;
            }
        }

        string Name() => string.Join("::", scopes.Reverse().Append(words.FirstOrDefault() ?? "").Where(static part => part.Length > 0)).ToLowerInvariant();
    }

    private static IEnumerable<string> Tokens(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var one = text[at];
            if (one == '#' || (one == '/' && At(at + 1) == '/'))
            {
                var end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end;
            }
            else if (one == '/' && At(at + 1) == '*')
            {
                var end = text.IndexOf("*/", at, StringComparison.Ordinal);
                at = end < 0 ? text.Length : end + 2;
            }
            else if (one is '{' or '}' or ';')
            {
                yield return one.ToString();
                at++;
            }
            else if (one == '"')
            {
                var value = new StringBuilder();
                for (at++; at < text.Length && text[at] != '"'; at++)
                    value.Append(text[at]);
                at++;
                yield return value.ToString();
            }
            else if (char.IsWhiteSpace(one))
            {
                at++;
            }
            else
            {
                var start = at;
                while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('{' or '}' or ';' or '"'))
                    at++;
                yield return text[start..at];
            }
        }

        char At(int index) => index < text.Length ? text[index] : '\0';
    }
}
