namespace Mayfly.Packages.Python;

/// <summary>Digests of a file as indexes and locks say them: those of algorithms that are known, of the right length, in small hexadecimal digits. Anything else is nobody's digest.</summary>
internal static class FileDigests
{
    private static readonly Dictionary<string, int> Digits = new() { ["md5"] = 32, ["sha1"] = 40, ["sha224"] = 56, ["sha256"] = 64, ["sha384"] = 96, ["sha512"] = 128 };

    /// <summary>The first one of each algorithm counts.</summary>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<(string Algorithm, string Digest)> said)
    {
        var digests = new Dictionary<string, string>();
        foreach (var (algorithm, digest) in said)
        {
            if (Digits.TryGetValue(algorithm.ToLowerInvariant(), out var length) && digest.Length == length && !digest.AsSpan().ContainsAnyExcept(Hexadecimal))
                digests.TryAdd(algorithm.ToLowerInvariant(), digest.ToLowerInvariant());
        }

        return digests;
    }

    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
}
