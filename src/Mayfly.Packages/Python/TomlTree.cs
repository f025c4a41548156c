using Tomlyn;
using Tomlyn.Parsing;

namespace Mayfly.Packages.Python;

/// <summary>A TOML document as tables, lists, texts, numbers and truth values; what is of another kind is null.</summary>
internal static class TomlTree
{
    /// <exception cref="MayflyException">It is no TOML.</exception>
    public static IReadOnlyDictionary<string, object?> Read(string text, string origin)
    {
        try
        {
            var parser = TomlParser.Create(text, TomlSerializerOptions.Default);
            while (parser.MoveNext())
            {
                if (parser.Current.Kind == TomlParseEventKind.StartTable)
                    return Table(ref parser, origin, 0);
            }

            return new Dictionary<string, object?>();
        }
        // An escape that stands for no character throws another one (Tomlyn 2).
        catch (Exception e) when (e is TomlException or ArgumentOutOfRangeException)
        {
            throw new MayflyException($"{origin} is not TOML: {e.Message}", "mend that line", e);
        }
    }

    /// <summary>The table of a name; an empty one where there is none.</summary>
    /// <exception cref="MayflyException">It is something else.</exception>
    public static IReadOnlyDictionary<string, object?> Table(this IReadOnlyDictionary<string, object?> table, string name, string origin) => table.GetValueOrDefault(name) switch
    {
        null => new Dictionary<string, object?>(),
        IReadOnlyDictionary<string, object?> inner => inner,
        _ => throw Wrong(origin, name, "a table"),
    };

    /// <summary>The text of a name, or null.</summary>
    /// <exception cref="MayflyException">It is something else.</exception>
    public static string? Text(this IReadOnlyDictionary<string, object?> table, string name, string origin) => !table.TryGetValue(name, out var value) ? null : value as string ?? throw Wrong(origin, name, "a text");

    /// <summary>The texts of a name; none where there is none.</summary>
    /// <exception cref="MayflyException">It is something else.</exception>
    public static IReadOnlyList<string> Texts(this IReadOnlyDictionary<string, object?> table, string name, string origin) =>
        [.. table.List(name, origin).Select(value => value as string ?? throw Wrong(origin, name, "a list of texts"))];

    /// <summary>The list of a name; an empty one where there is none.</summary>
    /// <exception cref="MayflyException">It is something else.</exception>
    public static IReadOnlyList<object?> List(this IReadOnlyDictionary<string, object?> table, string name, string origin) => !table.TryGetValue(name, out var value) ? [] : value as IReadOnlyList<object?> ?? throw Wrong(origin, name, "a list");

    private static MayflyException Wrong(string origin, string name, string kind) => new($"{origin}: {name} should be {kind}", "mend that line");

    private static Dictionary<string, object?> Table(ref TomlParser parser, string origin, int depth)
    {
        var table = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (parser.MoveNext() && parser.Current.Kind != TomlParseEventKind.EndTable)
        {
            var name = parser.GetPropertyName();
            parser.MoveNext();
            var value = Value(ref parser, origin, depth + 1);
            table[name] = table.TryGetValue(name, out var before) ? Joined(before, value, name, origin) : value;
        }

        return table;
    }

    /// <summary>A table goes on where another one stood between its parts.</summary>
    private static object Joined(object? before, object? value, string name, string origin)
    {
        if (before is List<object?> list && value is List<object?> more && list.Concat(more).All(static entry => entry is Dictionary<string, object?>))
            return list.Concat(more).ToList();
        if (before is not Dictionary<string, object?> table || value is not Dictionary<string, object?> other)
            throw new MayflyException($"{origin}: {name} is there twice", "take one of them out");
        foreach (var (key, inner) in other)
            table[key] = table.TryGetValue(key, out var known) ? Joined(known, inner, key, origin) : inner;
        return table;
    }

    private static object? Value(ref TomlParser parser, string origin, int depth)
    {
        const int Deepest = 64;
        if (depth > Deepest)
            throw new MayflyException($"{origin} has tables and lists in one another, more than {Deepest} deep", "no file of this kind needs that");
        switch (parser.Current.Kind)
        {
            case TomlParseEventKind.StartTable:
                return Table(ref parser, origin, depth);
            case TomlParseEventKind.StartArray:
                List<object?> list = [];
                while (parser.MoveNext() && parser.Current.Kind != TomlParseEventKind.EndArray)
                    list.Add(Value(ref parser, origin, depth + 1));
                return list;
            case TomlParseEventKind.String:
                return parser.GetString();
            case TomlParseEventKind.Integer:
                return parser.Current.GetInt64();
            case TomlParseEventKind.Boolean:
                return parser.Current.GetBoolean();
            default:
                return null;
        }
    }
}
