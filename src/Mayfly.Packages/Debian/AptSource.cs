namespace Mayfly.Packages.Debian;

/// <summary>One enabled entry for binary packages of the host's apt, in either of the two forms of sources.list(5).</summary>
internal sealed record AptSource(IReadOnlyList<string> Uris, IReadOnlyList<string> Suites, IReadOnlyList<string> Components)
{
    /// <summary>Names of keyring files, or empty.</summary>
    public string SignedBy { get; init; } = "";

    /// <summary>Architectures that it is restricted to; empty for all.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>deb822: stanzas of fields with continuation lines.</summary>
    public static IEnumerable<AptSource> ParseStanzas(string text)
    {
        foreach (var stanza in Stanzas(text))
        {
            if (!Words("types").Contains("deb") || stanza.GetValueOrDefault("enabled", "yes").Trim().ToLowerInvariant() is "no" or "false" or "0" or "off" or "without" or "disable")
                continue;
            yield return new AptSource(Words("uris"), Words("suites"), Words("components"))
            {
                SignedBy = stanza.GetValueOrDefault("signed-by", ""),
                Architectures = Words("architectures"),
            };

            string[] Words(string field) => Split(stanza.GetValueOrDefault(field, ""));
        }
    }

    /// <summary><c>deb [option=value …] uri suite component …</c></summary>
    public static IEnumerable<AptSource> ParseLines(string text)
    {
        foreach (var whole in text.Split('\n'))
        {
            var line = whole.Split('#')[0].Trim();
            if (!line.StartsWith("deb ", StringComparison.Ordinal) && !line.StartsWith("deb\t", StringComparison.Ordinal))
                continue;
            line = line[4..].Trim();
            var options = "";
            if (line.StartsWith('['))
            {
                var end = line.IndexOf(']', StringComparison.Ordinal);
                if (end < 0)
                    continue;
                (options, line) = (line[1..end], line[(end + 1)..]);
            }

            if (Split(line) is not [var uri, var suite, .. var components])
                continue;
            yield return new AptSource([uri], [suite], components)
            {
                SignedBy = Option("signed-by"),
                Architectures = Option("arch").Split(',', StringSplitOptions.RemoveEmptyEntries),
            };

            string Option(string name) => Split(options).Where(one => one.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))
                .Select(one => one[(name.Length + 1)..]).LastOrDefault() ?? "";
        }
    }

    private static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<Dictionary<string, string>> Stanzas(string text)
    {
        var stanza = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var last = "";
        foreach (var line in text.Split('\n').Append(""))
        {
            if (line.StartsWith('#'))
                continue;
            if (string.IsNullOrWhiteSpace(line))
            {
                if (stanza.Count > 0)
                    yield return stanza;
                stanza = new(StringComparer.OrdinalIgnoreCase);
            }
            else if (line[0] is ' ' or '\t')
            {
                if (stanza.TryGetValue(last, out var before))
                    stanza[last] = $"{before}\n{line.Trim()}";
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                last = line[..colon];
                stanza[last] = line[(colon + 1)..].Trim();
            }
        }
    }
}
