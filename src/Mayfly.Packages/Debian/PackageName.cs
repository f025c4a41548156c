using System.Buffers;

namespace Mayfly.Packages.Debian;

/// <summary>Package names by policy 5.6.7.</summary>
public static class PackageName
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.");

    /// <summary>
    /// Lower-case letters, digits, plus, minus and dot, beginning with a letter or digit. Policy asks for two characters at least;
    /// dpkg takes one, and relations in old packages name such.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and < 256 && char.IsAsciiLetterOrDigit(name[0]) && !name.ContainsAnyExcept(Allowed);
}
