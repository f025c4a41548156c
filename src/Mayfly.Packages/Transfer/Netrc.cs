using System.Text;

namespace Mayfly.Packages.Transfer;

/// <summary>Names and passwords by host, as FTP's clients have kept them and pip, curl and others read them: <c>~/.netrc</c>.</summary>
internal sealed class Netrc
{
    private readonly Dictionary<string, (string Name, string Password)> _machines = new(StringComparer.OrdinalIgnoreCase);
    private (string Name, string Password)? _default;

    /// <summary>The one that <c>NETRC</c> names, else the user's; one that cannot be read says nothing, as with pip.</summary>
    public static Netrc OfHost()
    {
        string[] paths = Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } named ? [named]
            : Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? [$"{home}/.netrc", $"{home}/_netrc"] : [];
        try
        {
            return paths.FirstOrDefault(File.Exists) is { } path ? Read(File.ReadAllText(path)) : new Netrc();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return new Netrc();
        }
    }

    /// <summary>Reads <c>machine HOST login NAME account NAME password WORD</c>, <c>default …</c>, and <c>macdef</c>, which ends at an empty line and is passed over.</summary>
    /// <exception cref="FormatException">A word is none of these, or has nothing after it.</exception>
    public static Netrc Read(string text)
    {
        var netrc = new Netrc();
        var words = new Queue<string>(Words(text));
        while (words.TryDequeue(out var word))
        {
            if (word is not ("machine" or "default"))
                throw new FormatException($"{word} is no word of a netrc");
            var host = word == "machine" ? Next() : null;
            var (name, account, password) = ("", "", "");
            while (words.TryPeek(out var part) && part is "login" or "user" or "account" or "password")
            {
                words.Dequeue();
                if (part is "login" or "user")
                    name = Next();
                else if (part == "account")
                    account = Next();
                else
                    password = Next();
            }

            var entry = (name.Length > 0 ? name : account, password);
            if (host is null)
                netrc._default = entry;
            else
                netrc._machines[host] = entry;
        }

        return netrc;

        string Next() => words.TryDequeue(out var next) ? next : throw new FormatException("a word of a netrc has nothing after it");
    }

    /// <summary>For a host; null for nobody.</summary>
    /// <param name="place">An address of the host.</param>
    /// <param name="redirected">True when another host has sent us there: what is for any host is not meant for that.</param>
    public Login? For(Uri place, bool redirected) =>
        _machines.TryGetValue(place.Host, out var entry) ? new Login(place, entry.Name, entry.Password) : !redirected && _default is { } any ? new Login(place, any.Name, any.Password) : null;

    /// <summary>Between blanks, or in double quotes, in which a backslash protects the next sign; a word that begins with # where an entry could begin is a comment up to the end of the line.</summary>
    private static IEnumerable<string> Words(string text)
    {
        var begins = true;
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            if (text[at] == '#' && begins)
            {
                at = End("\n");
                continue;
            }

            var word = new StringBuilder();
            var quoted = text[at] == '"';
            for (at += quoted ? 1 : 0; at < text.Length && (quoted ? text[at] != '"' : !char.IsWhiteSpace(text[at])); at++)
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                    at++;
                word.Append(text[at]);
            }

            at += quoted ? 1 : 0;
            if (word.ToString() == "macdef" && begins)
            {
                at = End("\n\n");
                continue;
            }

            // What follows one of these words is a value, whatever it looks like.
            begins = !begins || word.ToString() is not ("machine" or "login" or "user" or "account" or "password");
            yield return word.ToString();

            int End(string mark) => text.IndexOf(mark, at, StringComparison.Ordinal) is >= 0 and var found ? found + mark.Length : text.Length;
        }
    }
}
