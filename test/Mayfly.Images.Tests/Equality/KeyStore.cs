using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// What a Java key store of trusted certificates (its format JKS, sun.security.provider.JavaKeyStore) holds, without the times of its
/// entries and the digest over them.
/// </summary>
internal static class KeyStore
{
    /// <summary>A line for each entry, sorted: the alias, the certificate's type and its hash.</summary>
    public static string Describe(string path)
    {
        const uint Magic = 0xfeedfeed;
        const uint TrustedCertificate = 2;
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        Assert.Equal(Magic, Number(ref rest));
        var version = Number(ref rest);
        var lines = new string[Number(ref rest)];
        for (var at = 0; at < lines.Length; at++)
        {
            Assert.Equal(TrustedCertificate, Number(ref rest));
            var alias = Text(ref rest);
            Take(ref rest, sizeof(long));
            var type = Text(ref rest);
            lines[at] = $"{alias} {type} {Convert.ToHexStringLower(SHA256.HashData(Take(ref rest, (int)Number(ref rest))))}";
        }

        Assert.Equal(SHA1.HashSizeInBytes, rest.Length);
        return $"version {version}\n{string.Join('\n', lines.Order(StringComparer.Ordinal))}";
    }

    private static uint Number(ref ReadOnlySpan<byte> rest) => BinaryPrimitives.ReadUInt32BigEndian(Take(ref rest, sizeof(uint)));

    private static string Text(ref ReadOnlySpan<byte> rest) => Encoding.UTF8.GetString(Take(ref rest, BinaryPrimitives.ReadUInt16BigEndian(Take(ref rest, sizeof(ushort)))));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int length)
    {
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }
}
