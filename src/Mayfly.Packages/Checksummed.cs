using System.IO.Hashing;
using System.Text;

namespace Mayfly.Packages;

/// <summary>What the store keeps for as long as nobody says otherwise, behind a line with its checksum (XXH128): what is damaged on the disk would stay so. Nobody's word for what it should be; the store's owner alone writes there.</summary>
public static class Checksummed
{
    /// <param name="file">Gets the line, and the bytes.</param>
    /// <param name="bytes">What is kept.</param>
    public static void Write(Stream file, ReadOnlySpan<byte> bytes)
    {
        file.Write(Line(bytes));
        file.Write(bytes);
    }

    /// <summary>What is behind the line; null when that is not what was kept.</summary>
    /// <param name="kept">The whole file.</param>
    public static ReadOnlyMemory<byte>? Read(ReadOnlyMemory<byte> kept)
    {
        var begin = kept.Span.IndexOf((byte)'\n') + 1;
        return begin > 0 && kept.Span[..begin].SequenceEqual(Line(kept.Span[begin..])) ? kept[begin..] : null;
    }

    private static byte[] Line(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetBytes($"{Convert.ToHexStringLower(XxHash128.Hash(bytes))}\n");
}
