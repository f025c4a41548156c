using System.Globalization;
using System.Numerics;

namespace Mayfly.Packages.Python;

/// <summary>
/// Reads a version from the beginning of a text, in every spelling that PEP 440 has rules to normalise: <c>v1.0-ALPHA_1</c>, <c>1.0-1</c>, <c>1.0+Ubuntu-1</c>.
/// What may follow each part is decided by the next characters alone, so nothing is read twice.
/// </summary>
internal static class VersionReader
{
    private static readonly (string Word, ReleasePhase Phase)[] PreWords =
    [
        ("alpha", ReleasePhase.Alpha), ("beta", ReleasePhase.Beta), ("preview", ReleasePhase.Candidate), ("pre", ReleasePhase.Candidate),
        ("rc", ReleasePhase.Candidate), ("a", ReleasePhase.Alpha), ("b", ReleasePhase.Beta), ("c", ReleasePhase.Candidate),
    ];

    /// <summary>Null, and the text as it was, when no version stands there; else the text is what follows it.</summary>
    /// <param name="text">Where to read.</param>
    /// <param name="local">Whether a local part is read too.</param>
    public static PythonVersion? Read(ref ReadOnlySpan<char> text, bool local)
    {
        var rest = text;
        if (rest is ['v' or 'V', ..])
            rest = rest[1..];
        if (Number(ref rest) is not { } first)
            return null;
        var epoch = BigInteger.Zero;
        if (rest is ['!', >= '0' and <= '9', ..])
        {
            rest = rest[1..];
            (epoch, first) = (first, Number(ref rest)!.Value);
        }

        List<BigInteger> release = [first];
        while (rest is ['.', >= '0' and <= '9', ..])
        {
            rest = rest[1..];
            release.Add(Number(ref rest)!.Value);
        }

        var pre = Pre(ref rest);
        var post = Post(ref rest);
        BigInteger? dev = Word(ref rest, "dev") ? NumberOrZero(ref rest) : null;
        string[] parts = local ? Local(ref rest) : [];
        text = rest;
        return new PythonVersion(epoch, [.. release], pre, post, dev, parts);
    }

    private static (ReleasePhase, BigInteger)? Pre(ref ReadOnlySpan<char> rest)
    {
        foreach (var (word, phase) in PreWords)
        {
            if (Word(ref rest, word))
                return (phase, NumberOrZero(ref rest));
        }

        return null;
    }

    private static BigInteger? Post(ref ReadOnlySpan<char> rest)
    {
        if (rest is ['-', >= '0' and <= '9', ..])
        {
            rest = rest[1..];
            return Number(ref rest);
        }

        return Word(ref rest, "post") || Word(ref rest, "rev") || Word(ref rest, "r") ? NumberOrZero(ref rest) : null;
    }

    private static string[] Local(ref ReadOnlySpan<char> rest)
    {
        if (!(rest is ['+', var next, ..] && char.IsAsciiLetterOrDigit(next)))
            return [];
        List<string> parts = [];
        do
        {
            rest = rest[1..];
            var length = rest.IndexOfAnyExcept(AsciiLettersAndDigits);
            var part = length < 0 ? rest : rest[..length];
            rest = rest[part.Length..];
            parts.Add(part.ContainsAnyExceptInRange('0', '9') ? part.ToString().ToLowerInvariant() : part.TrimStart('0') is { IsEmpty: false } number ? number.ToString() : "0");
        }
        while (rest is ['.' or '-' or '_', var after, ..] && char.IsAsciiLetterOrDigit(after));
        return [.. parts];
    }

    private static readonly System.Buffers.SearchValues<char> AsciiLettersAndDigits =
        System.Buffers.SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>A word of any case, with one separator before it or none.</summary>
    private static bool Word(ref ReadOnlySpan<char> rest, string word)
    {
        var after = rest is ['.' or '-' or '_', ..] ? rest[1..] : rest;
        if (!after.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            return false;
        rest = after[word.Length..];
        return true;
    }

    /// <summary>The number of a pre-, post- or development release: one separator may go before it, and without a number it is 0.</summary>
    private static BigInteger NumberOrZero(ref ReadOnlySpan<char> rest)
    {
        if (rest is ['.' or '-' or '_', ..])
            rest = rest[1..];
        return Number(ref rest) ?? BigInteger.Zero;
    }

    private static BigInteger? Number(ref ReadOnlySpan<char> rest)
    {
        var length = rest.IndexOfAnyExceptInRange('0', '9');
        var digits = length < 0 ? rest : rest[..length];
        if (digits.IsEmpty)
            return null;
        rest = rest[digits.Length..];
        return BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
