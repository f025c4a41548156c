using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Debian;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Mayfly.Packages.Depots;

/// <summary>
/// A secret OpenPGP key in a file: one that <see cref="Create"/> made, or one that <c>gpg --export-secret-keys</c> wrote.
/// </summary>
public sealed class KeyFile : IDepotSigner
{
    /// <summary>The variable with the passphrase of a key that has one: never an argument, which other users could read.</summary>
    public const string PassphraseVariable = "MAYFLY_KEY_PASSPHRASE";

    private const HashAlgorithmTag Hash = HashAlgorithmTag.Sha512;

    private readonly PgpPublicKey _public;
    private readonly PgpPrivateKey _private;

    private KeyFile(PgpSecretKeyRing ring, PgpPublicKey signing, PgpPrivateKey key)
    {
        (_public, _private) = (signing, key);
        Fingerprint = Convert.ToHexString(ring.GetPublicKey().GetFingerprint());
        PublicKey = Armoured(output =>
        {
            foreach (var one in ring.GetPublicKeys())
                one.Encode(output);
        });
    }

    /// <summary>The file that is used unless another is named.</summary>
    public static string DefaultPath => Path.Combine(Path.GetDirectoryName(DebianConfiguration.UserFile)!, "depot.key");

    public string Fingerprint { get; }

    public byte[] PublicKey { get; }

    /// <summary>Makes a key (Ed25519, no passphrase, no end) in a file that only its owner may read.</summary>
    /// <param name="path">Must not exist.</param>
    /// <param name="owner">Whom people see when they look at the key: a name, or a name and an address.</param>
    public static KeyFile Create(string path, string owner)
    {
        if (Path.Exists(path))
            throw new MayflyException($"{path} is there already, and nothing was written", "name another file; a key that was lost cannot be made again, so none is ever replaced");
        var random = new SecureRandom();
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(random));
        var pair = new PgpKeyPair(PublicKeyAlgorithmTag.EdDsa_Legacy, generator.GenerateKeyPair(), DateTime.UtcNow);
        var packets = new PgpSignatureSubpacketGenerator();
        packets.SetKeyFlags(true, PgpKeyFlags.CanCertify | PgpKeyFlags.CanSign);
        packets.SetPreferredHashAlgorithms(false, [(int)HashAlgorithmTag.Sha512, (int)HashAlgorithmTag.Sha256]);
        var ring = new PgpKeyRingGenerator(PgpSignature.PositiveCertification, pair, owner, SymmetricKeyAlgorithmTag.Null, Hash, Array.Empty<char>(), true, packets.Generate(), null, random).GenerateSecretKeyRing();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            // By way of a file beside it: half a key under this name would be in the way of a whole one.
            WholeFile.ClearAside(Path.GetFullPath(path));
            var made = WholeFile.AsideOf(path);
            try
            {
                using (var file = FileHandles.CreateNew(made))
                    FileHandles.Write(file, Armoured(ring.Encode), path);
                File.Move(made, path);
            }
            finally
            {
                File.Delete(made);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"the key {path} cannot be written: {HostRefusal.Why(e)}", "name a file in a folder that you may write", e);
        }

        return Read(path);
    }

    /// <summary>Reads the key, and makes sure that it can sign now.</summary>
    public static KeyFile Read(string path, DateTimeOffset? now = null)
    {
        const string Hint = "mayfly depot key makes one; `gpg --armor --export-secret-keys FINGERPRINT` writes one of gpg's";
        try
        {
            using var file = File.OpenRead(path);
            if ((File.GetUnixFileMode(file.SafeFileHandle) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
                throw new MayflyException($"others may read the secret key {path}", $"chmod 600 {path}, and make another key if somebody may have read it");
            using var decoded = PgpUtilities.GetDecoderStream(file);
            var rings = new PgpSecretKeyRingBundle(decoded).GetKeyRings().ToArray();
            return rings is [var ring]
                ? Of(ring, path, now ?? DateTimeOffset.UtcNow)
                : throw new MayflyException($"{path} holds {rings.Length} secret keys, not one", Hint);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MayflyException($"there is no key {path} to sign a depot with", Hint, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PgpException or ArgumentException)
        {
            throw new MayflyException($"the key {path} cannot be used: {e.Message}", Hint, e);
        }
    }

    public byte[] ClearSign(string text)
    {
        // The end of the last line is not signed, and neither are blanks at the ends of lines.
        var lines = text.TrimEnd('\n').Split('\n').Select(static line => line.TrimEnd()).ToArray();
        var signature = Signature(Encoding.UTF8.GetBytes(string.Join("\r\n", lines)), PgpSignature.CanonicalTextDocument);
        var escaped = string.Join('\n', lines.Select(static line => line.StartsWith('-') ? "- " + line : line));
        return [.. Encoding.UTF8.GetBytes($"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{escaped}\n"), .. signature];
    }

    public byte[] Sign(byte[] file) => Signature(file, PgpSignature.BinaryDocument);

    private static KeyFile Of(PgpSecretKeyRing ring, string path, DateTimeOffset now)
    {
        var primary = ring.GetPublicKey();
        var why = "none of its keys may sign";
        // gpg's newer keys sign by the primary one, careful people's by a subkey: the last one that may.
        foreach (var key in ring.GetSecretKeys().Where(static key => key.IsSigningKey && !key.IsPrivateKeyEmpty && MaySign(key.PublicKey)).Reverse())
        {
            if (primary.HasRevocation() || key.PublicKey.HasRevocation())
                why = "it was revoked";
            else if (Ended(primary, now) is { } end || Ended(key.PublicKey, now) is { } end2 && (end = end2) != default)
                why = $"it has expired on {end:yyyy-MM-dd}";
            else
                return new KeyFile(ring, key.PublicKey, Unlocked(key, path));
        }

        throw new MayflyException($"the key {Convert.ToHexString(primary.GetFingerprint())} in {path} cannot sign: {why}",
            "whoever uses the depot would refuse it: prolong it (gpg --quick-set-expire) and export it again, or make another key with mayfly depot key and hand out its public part");
    }

    private static bool MaySign(PgpPublicKey key)
    {
        var flags = key.GetSignatures().Select(static one => one.GetHashedSubPackets()?.GetKeyFlags() ?? 0).DefaultIfEmpty(0).Aggregate(static (all, one) => all | one);
        return flags == 0 ? key.IsMasterKey : (flags & PgpKeyFlags.CanSign) != 0;
    }

    private static DateTimeOffset? Ended(PgpPublicKey key, DateTimeOffset now) =>
        key.GetValidSeconds() is > 0 and var seconds && new DateTimeOffset(key.CreationTime, TimeSpan.Zero).AddSeconds(seconds) is var end && end < now ? end : null;

    private static PgpPrivateKey Unlocked(PgpSecretKey key, string path)
    {
        var locked = key.KeyEncryptionAlgorithm != SymmetricKeyAlgorithmTag.Null;
        var passphrase = Environment.GetEnvironmentVariable(PassphraseVariable) ?? "";
        if (locked && passphrase.Length == 0)
            throw new MayflyException($"the key {path} has a passphrase", $"put it into {PassphraseVariable}, or give the key's fingerprint in place of the file, and gpg asks for it");
        try
        {
            return key.ExtractPrivateKeyUtf8(locked ? passphrase.ToCharArray() : []);
        }
        catch (PgpException e) when (locked)
        {
            throw new MayflyException($"the passphrase in {PassphraseVariable} is not that of {path}", "mend it", e);
        }
    }

    private byte[] Signature(byte[] bytes, int kind)
    {
        var generator = new PgpSignatureGenerator(_public.Algorithm, Hash);
        generator.InitSign(kind, _private);
        var packets = new PgpSignatureSubpacketGenerator();
        packets.SetSignatureCreationTime(false, DateTime.UtcNow);
        packets.SetIssuerFingerprint(false, _public);
        generator.SetHashedSubpackets(packets.Generate());
        generator.Update(bytes);
        return Armoured(generator.Generate().Encode);
    }

    private static byte[] Armoured(Action<Stream> encode)
    {
        var output = new MemoryStream();
        using (var armour = new ArmoredOutputStream(output))
            encode(armour);
        return output.ToArray();
    }
}
