using System.Text.RegularExpressions;

namespace Mayfly.Environments;

/// <summary>What <c>pyvenv.cfg</c> of an environment says (PEP 405), as Python's site.py reads it: names in any case, and the last of one name counts.</summary>
internal static partial class PyvenvFile
{
    /// <summary>What it says for the first of these names that it has; null when it has none.</summary>
    /// <param name="root">The environment.</param>
    /// <param name="names">In small letters.</param>
    public static string? Value(string root, params ReadOnlySpan<string> names)
    {
        var said = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in File.ReadLines($"{root}/pyvenv.cfg"))
        {
            if (line.Split('=', 2) is [var name, var value])
                said[name.Trim()] = value.Trim();
        }

        foreach (var name in names)
        {
            if (said.TryGetValue(name, out var value))
                return value;
        }

        return null;
    }

    /// <summary>True when the interpreter's own packages are seen too.</summary>
    public static bool SeesSystem(string root) => string.Equals(Value(root, "include-system-site-packages"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>What shells show of it, where that is not its folder's name; venv writes it as Python writes a text, virtualenv as it is.</summary>
    public static string? Prompt(string root)
    {
        var said = Value(root, "prompt");
        return said is not null && Quoted().Match(said) is { Success: true } quoted ? Escape().Replace(quoted.Groups[2].Value, "$1") : said;
    }

    /// <summary>A text of one line as venv writes it.</summary>
    public static string Written(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    [GeneratedRegex("""^(['"])((?:\\.|(?!\1|\\).)*)\1$""")]
    private static partial Regex Quoted();

    [GeneratedRegex("""\\(['"\\])""")]
    private static partial Regex Escape();
}
