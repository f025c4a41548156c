using System.Text.RegularExpressions;

namespace Mayfly.Presets;

/// <summary>Names that go into SQL and into URLs: checked rather than quoted, so that they read the same everywhere.</summary>
internal static partial class DatabaseName
{
    public static string Check(string name, string what) =>
        Pattern().IsMatch(name)
            ? name
            : throw new MayflyException(
                $"'{name}' cannot be the name of a {what}: it needs small letters, digits and underscores, beginning with a letter, and at most 32 of them.",
                "Give the component another name, or name the database itself.");

    // MariaDB's user names end at 80 characters, MySQL's at 32, PostgreSQL's at 63.
    [GeneratedRegex("^[a-z][a-z0-9_]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
