namespace Mayfly.Packages.Debian;

/// <summary>The host's own apt: where it gets Debian from (sources.list(5)) and through which proxy (apt-transport-http(1)).</summary>
internal sealed record AptConfiguration
{
    public required IReadOnlyList<AptSource> Sources { get; init; }

    /// <summary>Options of apt.conf(5), lower-case with <c>::</c> between, such as <c>acquire::http::proxy</c>.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>Reads <c>etc/apt</c> below a root; what is not there or not readable is left out, as apt's owner may intend.</summary>
    public static AptConfiguration Read(string root = "/")
    {
        var folder = Path.Combine(root, "etc/apt");
        var sources = new List<AptSource>();
        foreach (var file in Files(folder, "sources.list", "sources.list.d", ".list", ".sources"))
        {
            var text = File.ReadAllText(file);
            sources.AddRange(file.EndsWith(".sources", StringComparison.Ordinal) ? AptSource.ParseStanzas(text) : AptSource.ParseLines(text));
        }

        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Files(folder, "apt.conf", "apt.conf.d", "", ".conf").OrderBy(Rank))
            AptOptions.Parse(File.ReadAllText(file), options);
        return new AptConfiguration { Sources = sources, Options = options };

        // apt reads apt.conf after the parts; within each the order of names was kept.
        static int Rank(string file) => Path.GetFileName(file) == "apt.conf" ? 1 : 0;
    }

    /// <summary>A file and the parts beside it, in the order of names that apt reads them in; only names that apt would read.</summary>
    private static IEnumerable<string> Files(string folder, string main, string parts, params string[] endings)
    {
        if (File.Exists(Path.Combine(folder, main)))
            yield return Path.Combine(folder, main);
        var below = Path.Combine(folder, parts);
        if (!Directory.Exists(below))
            yield break;
        foreach (var file in Directory.GetFiles(below).Order(StringComparer.Ordinal))
        {
            var ending = Path.GetExtension(file);
            if (endings.Contains(ending) && Path.GetFileNameWithoutExtension(file).All(static one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-' or '.'))
                yield return file;
        }
    }
}
