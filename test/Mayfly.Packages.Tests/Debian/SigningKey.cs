using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>An archive's key, made for a test.</summary>
internal sealed class SigningKey
{
    private readonly PgpKeyPair _pair;
    private readonly byte[] _public;

    public SigningKey(TimeSpan? validity = null, DateTime? created = null, int bits = 2048, bool revoked = false)
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), new SecureRandom(), bits, 8));
        _pair = new PgpKeyPair(PublicKeyAlgorithmTag.RsaGeneral, generator.GenerateKeyPair(), created ?? new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var packets = new PgpSignatureSubpacketGenerator();
        if (validity is { } valid)
            packets.SetKeyExpirationTime(false, (long)valid.TotalSeconds);
        var ring = new PgpKeyRingGenerator(PgpSignature.PositiveCertification, _pair, "test", SymmetricKeyAlgorithmTag.Null, Array.Empty<char>(), true, packets.Generate(), null, new SecureRandom());
        var output = new MemoryStream();
        using (var armour = new ArmoredOutputStream(output))
            (revoked ? Revoked(ring.GeneratePublicKeyRing()) : ring.GeneratePublicKeyRing()).Encode(armour);
        _public = output.ToArray();
    }

    /// <summary>As <c>gpg --export --armor</c> writes it.</summary>
    public MemoryStream Public => new(_public);

    /// <summary>A clearsigned message.</summary>
    public string Sign(string text, HashAlgorithmTag hash = HashAlgorithmTag.Sha256, TimeSpan? validity = null, DateTime? created = null)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        var signature = Signature(Encoding.UTF8.GetBytes(string.Join("\r\n", lines.Select(static line => line.TrimEnd()))), PgpSignature.CanonicalTextDocument, hash, validity, created);
        var escaped = string.Join('\n', lines.Select(static line => line.StartsWith('-') ? "- " + line : line));
        return $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: {hash.ToString().ToUpperInvariant()}\n\n{escaped}\n{Encoding.ASCII.GetString(signature)}";
    }

    /// <summary>A signature to be kept beside a file.</summary>
    public byte[] SignDetached(byte[] file) => Signature(file, PgpSignature.BinaryDocument, HashAlgorithmTag.Sha256, null, null);

    private PgpPublicKeyRing Revoked(PgpPublicKeyRing ring)
    {
        var generator = new PgpSignatureGenerator(_pair.PublicKey.Algorithm, HashAlgorithmTag.Sha256);
        generator.InitSign(PgpSignature.KeyRevocation, _pair.PrivateKey);
        return PgpPublicKeyRing.InsertPublicKey(ring, PgpPublicKey.AddCertification(ring.GetPublicKey(), generator.GenerateCertification(ring.GetPublicKey())));
    }

    private byte[] Signature(byte[] bytes, int kind, HashAlgorithmTag hash, TimeSpan? validity, DateTime? created)
    {
        var generator = new PgpSignatureGenerator(_pair.PublicKey.Algorithm, hash);
        generator.InitSign(kind, _pair.PrivateKey);
        var packets = new PgpSignatureSubpacketGenerator();
        if (created is { } time)
            packets.SetSignatureCreationTime(false, time);
        if (validity is { } valid)
            packets.SetSignatureExpirationTime(false, (long)valid.TotalSeconds);
        generator.SetHashedSubpackets(packets.Generate());
        generator.Update(bytes);
        var output = new MemoryStream();
        using (var armour = new ArmoredOutputStream(output))
            generator.Generate().Encode(armour);
        return output.ToArray();
    }
}
