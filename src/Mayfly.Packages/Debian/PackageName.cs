using System.Buffers;

namespace Mayfly.Packages.Debian;

/// <summary>Package names by policy 5.6.7, and names near a mistyped one.</summary>
public static class PackageName
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.");

    /// <summary>
    /// Lower-case letters, digits, plus, minus and dot, beginning with a letter or digit. Policy asks for two characters at least;
    /// dpkg takes one, and relations in old packages name such.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and < 256 && char.IsAsciiLetterOrDigit(name[0]) && !name.ContainsAnyExcept(Allowed);

    /// <summary>Changes of one letter, or swaps of two neighbours, that turn one name into the other; more than <paramref name="limit"/> counts as limit + 1.</summary>
    internal static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) > limit)
            return limit + 1;
        Span<int> before = stackalloc int[b.Length + 1], previous = stackalloc int[b.Length + 1], current = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            var best = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var value = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    value = Math.Min(value, before[j - 2] + 1);
                current[j] = value;
                best = Math.Min(best, value);
            }

            if (best > limit)
                return limit + 1;
            var spare = before;
            before = previous;
            previous = current;
            current = spare;
        }

        return Math.Min(previous[b.Length], limit + 1);
    }
}
