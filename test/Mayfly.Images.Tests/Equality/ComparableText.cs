using System.Text.RegularExpressions;

namespace Mayfly.Images.Tests.Equality;

/// <summary>Contents of one kind of file, made comparable where the list allows less than all of them to differ.</summary>
internal static partial class ComparableText
{
    /// <summary>What differs, or null when it is only what the list allows.</summary>
    public static string? Difference(string path, TreeName our, TreeName their, IReadOnlySet<string> allowed)
    {
        var (ours, theirs) = (TreeReader.Text(our), TreeReader.Text(their));
        if (allowed.Contains("field 3"))
            (ours, theirs) = (ThirdField().Replace(ours, "$1*"), ThirdField().Replace(theirs, "$1*"));
        if (allowed.Contains("times of entries"))
            (ours, theirs) = (KeyStore.Describe(our.Real), KeyStore.Describe(their.Real));
        if (allowed.Contains("date of generation"))
            (ours, theirs) = (GeneratedOn().Replace(ours, "$1*"), GeneratedOn().Replace(theirs, "$1*"));
        if (allowed.Contains("identity and time"))
            (ours, theirs) = (WithoutIdentity(ours), WithoutIdentity(theirs));
        if (ours == theirs)
            return null;
        if (ours.Contains('\0'))
            return "contents (binary)";
        var (left, right) = (ours.Split('\n'), theirs.Split('\n'));
        var missing = right.Except(left).Take(6).ToArray();
        var more = left.Except(right).Take(6).ToArray();
        return missing.Length + more.Length == 0
            ? $"order of lines, from '{left.Zip(right).First(static pair => pair.First != pair.Second)}'"
            : $"contents: {string.Join(" ⏎ ", more)} instead of {string.Join(" ⏎ ", missing)}";
    }

    /// <summary>Berkeley DB's own number of a file, bytes 52 to 71 (db_page.h: DBMETA), wherever it stands, and the time that postalias writes.</summary>
    private static string WithoutIdentity(string database) =>
        database.Length > 72 ? LastModified().Replace(database.Replace(database[52..72], new string('\0', 20), StringComparison.Ordinal), "$1") : database;

    [GeneratedRegex("[0-9]{10}(\u0001YP_LAST_MODIFIED)")]
    private static partial Regex LastModified();

    [GeneratedRegex("^(.* auto-generated on )[^\n]*", RegexOptions.Multiline)]
    private static partial Regex GeneratedOn();

    [GeneratedRegex("^([^:\n]*:[^:\n]*:)[0-9]+", RegexOptions.Multiline)]
    private static partial Regex ThirdField();
}
