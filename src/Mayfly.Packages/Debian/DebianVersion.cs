namespace Mayfly.Packages.Debian;

/// <summary>A version as Debian policy 5.6.12 writes and compares it: <c>[epoch:]upstream[-revision]</c>.</summary>
/// <remarks>
/// Equality is that of the text; <see cref="CompareTo"/> is policy's, where <c>1.0</c> and <c>1.00</c> are the same version.
/// </remarks>
public readonly record struct DebianVersion(string Text) : IComparable<DebianVersion>
{
    public static bool operator <(DebianVersion left, DebianVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(DebianVersion left, DebianVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(DebianVersion left, DebianVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(DebianVersion left, DebianVersion right) => left.CompareTo(right) >= 0;

    public int CompareTo(DebianVersion other) => Compare(Text, other.Text);

    public override string ToString() => Text;

    /// <summary>True when the text is a version that policy allows; epochs are limited as dpkg limits them.</summary>
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon >= 0 && !(colon > 0 && int.TryParse(text[..colon], System.Globalization.NumberStyles.None, null, out _)))
            return false;
        var rest = text[(colon + 1)..];
        var dash = rest.LastIndexOf('-');
        var upstream = dash < 0 ? rest : rest[..dash];
        var revision = dash < 0 ? [] : rest[(dash + 1)..];
        if (upstream.IsEmpty || !char.IsAsciiDigit(upstream[0]) || (dash >= 0 && revision.IsEmpty))
            return false;
        foreach (var c in upstream)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '+' or '~' or ':'))
                return false;
        }

        foreach (var c in revision)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '+' or '~'))
                return false;
        }

        return true;
    }

    /// <summary>Less than, equal to or greater than zero, as the first version is earlier, the same or later.</summary>
    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.SequenceEqual(b))
            return 0;
        var epochs = CompareDigits(CutEpoch(ref a), CutEpoch(ref b));
        if (epochs != 0)
            return epochs;
        var revisionA = CutRevision(ref a);
        var revisionB = CutRevision(ref b);
        var upstreams = CompareParts(a, b);
        return upstreams != 0 ? upstreams : CompareParts(revisionA, revisionB);
    }

    private static ReadOnlySpan<char> CutEpoch(ref ReadOnlySpan<char> version)
    {
        var colon = version.IndexOf(':');
        if (colon < 0)
            return [];
        var epoch = version[..colon];
        version = version[(colon + 1)..];
        return epoch;
    }

    private static ReadOnlySpan<char> CutRevision(ref ReadOnlySpan<char> version)
    {
        var dash = version.LastIndexOf('-');
        if (dash < 0)
            return []; // "the absence of a debian_revision is equivalent to a debian_revision of 0"
        var revision = version[(dash + 1)..];
        version = version[..dash];
        return revision;
    }

    /// <summary>Alternately the longest prefixes without digits and of digits alone, until one differs.</summary>
    private static int CompareParts(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int i = 0, j = 0;
        while (i < a.Length || j < b.Length)
        {
            while ((i < a.Length && !char.IsAsciiDigit(a[i])) || (j < b.Length && !char.IsAsciiDigit(b[j])))
            {
                var order = (i < a.Length ? Weight(a[i]) : 0) - (j < b.Length ? Weight(b[j]) : 0);
                if (order != 0)
                    return order;
                i++;
                j++;
            }

            var digitsA = Digits(a, ref i);
            var digitsB = Digits(b, ref j);
            var numbers = CompareDigits(digitsA, digitsB);
            if (numbers != 0)
                return numbers;
        }

        return 0;
    }

    /// <summary>A tilde sorts before everything, even the end of a part; letters sort before other characters.</summary>
    private static int Weight(char c) => c switch
    {
        '~' => -1,
        _ when char.IsAsciiDigit(c) => 0,
        _ when char.IsAsciiLetter(c) => c,
        _ => c + 256,
    };

    private static ReadOnlySpan<char> Digits(ReadOnlySpan<char> part, ref int position)
    {
        var start = position;
        while (position < part.Length && char.IsAsciiDigit(part[position]))
            position++;
        return part[start..position];
    }

    /// <summary>Compared as numbers of any length, without converting: dates and hashes in versions overflow integers.</summary>
    private static int CompareDigits(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length - b.Length : a.SequenceCompareTo(b);
    }
}
