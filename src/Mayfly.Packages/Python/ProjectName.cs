using System.Text;

namespace Mayfly.Packages.Python;

/// <summary>The name of a project, as an index knows it: <c>Zope.Interface</c> is <c>zope-interface</c>; PEP 503 and 508. Names of extras follow the same rule (PEP 685).</summary>
public readonly record struct ProjectName
{
    private ProjectName(string text) => Text = text;

    /// <summary>Small letters, with one hyphen wherever hyphens, points and low lines were.</summary>
    public string Text { get; }

    /// <exception cref="MayflyException">It is none.</exception>
    public static ProjectName Parse(ReadOnlySpan<char> text) => IsValid(text)
        ? Normalise(text)
        : throw new MayflyException($"'{text}' is no name of a project", "a name has letters, digits, points, hyphens and low lines, and begins and ends with a letter or digit (PEP 508)");

    public static bool IsValid(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                return false;
        }

        return true;
    }

    public override string ToString() => Text;

    /// <summary>The normal form of whatever is given; PEP 503, "Normalized names".</summary>
    internal static ProjectName Normalise(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyExcept(Normal) < 0 && !text.Contains("--", StringComparison.Ordinal))
            return new(text.ToString());
        var name = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is not ('.' or '-' or '_'))
                name.Append(char.ToLowerInvariant(c));
            else if (name.Length == 0 || name[^1] != '-')
                name.Append('-');
        }

        return new(name.ToString());
    }

    private static readonly System.Buffers.SearchValues<char> Normal = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
}
