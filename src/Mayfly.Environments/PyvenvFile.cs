namespace Mayfly.Environments;

/// <summary>What <c>pyvenv.cfg</c> of an environment says (PEP 405), as Python's site.py reads it: names in any case, and the last of one name counts.</summary>
internal static class PyvenvFile
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
    public static string? Prompt(string root) => Value(root, "prompt") switch
    {
        [('\'' or '"') and var open, .. var text, var close] when open == close => text,
        var text => text,
    };
}
