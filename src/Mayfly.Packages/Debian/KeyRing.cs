using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mayfly.Packages.Debian;

/// <summary>
/// The public keys that may sign a Release file, and the verdict over a signature (RFC 9580).
/// </summary>
/// <remarks>
/// Holds the distributions' keys, which Mayfly brings as resources, each for the suites that name it in <c>Releases.toml</c>, and those
/// of files that the user names, which may sign any. As in apt one good signature suffices and those of unknown keys are passed over, but a wrong one by a
/// key that counts refuses the file. SHA-1 and MD5 do not count as signatures, nor does RSA or DSA below 2048 bits.
/// </remarks>
internal sealed class KeyRing
{
    private readonly Dictionary<long, (PgpPublicKey Key, PgpPublicKey Primary, string? Name)> _keys = [];

    private KeyRing()
    {
    }

    /// <summary>What a signature was worth.</summary>
    /// <param name="Good">Fingerprints of the keys with good signatures.</param>
    /// <param name="Why">When none is good: why not.</param>
    public sealed record Verdict(IReadOnlyList<string> Good, string Why)
    {
        /// <summary>True when a key of the distribution's own is among them, and not only keys that the user trusts.</summary>
        public bool Own { get; init; }

        /// <summary>True when a signature by a key that counts does not fit what was signed.</summary>
        public bool Changed { get; init; }
    }

    /// <summary>The keys that Mayfly brings and those of these files.</summary>
    public static KeyRing Open(IEnumerable<string> files)
    {
        var ring = new KeyRing();
        var assembly = typeof(KeyRing).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.EndsWith(".asc", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            ring.Add(stream, name.Split('.')[^2]);
        }

        ring.AddFiles(files, "[debian] keys");
        return ring;
    }

    /// <summary>The keys of depots alone: Debian's own do not sign depots, and a depot's key signs nothing else.</summary>
    public static KeyRing OfDepots(IReadOnlyList<string> files)
    {
        const string Setting = "[depot] keys";
        if (files.Count == 0)
        {
            throw new MayflyException("a depot is all there is to lock from, and no key of it is trusted",
                $"copy the depot's depot.asc from who made it, not from the depot itself, and name that file in {Setting} of {DebianConfiguration.UserFile}, or in MAYFLY_DEPOT_KEY");
        }

        var ring = new KeyRing();
        ring.AddFiles(files, Setting);
        return ring;
    }

    /// <param name="keys">Keys with the name that <c>Releases.toml</c> knows them by; null for the user's.</param>
    internal static KeyRing Of(params IEnumerable<(Stream Key, string? Name)> keys)
    {
        var ring = new KeyRing();
        foreach (var (stream, name) in keys)
            ring.Add(stream, name);
        return ring;
    }

    /// <summary>Judges a clearsigned text.</summary>
    /// <param name="signed">The text.</param>
    /// <param name="suite">The suite that it is to describe.</param>
    /// <param name="at">When keys and signatures must be valid.</param>
    public Verdict Verify(SignedText signed, string suite, DateTimeOffset at) =>
        // Lines end with CR and LF while they are hashed (RFC 9580, section 5.2.1.2).
        Verify(Encoding.UTF8.GetBytes(signed.Payload.Replace("\n", "\r\n", StringComparison.Ordinal)), Encoding.ASCII.GetBytes(signed.Signature), PgpSignature.CanonicalTextDocument, suite, at);

    /// <summary>Judges a file with a signature beside it, armoured or binary.</summary>
    public Verdict VerifyDetached(byte[] file, byte[] signature, string suite, DateTimeOffset at) => Verify(file, signature, PgpSignature.BinaryDocument, suite, at);

    private Verdict Verify(byte[] signed, byte[] signature, int kind, string suite, DateTimeOffset now)
    {
        var good = new List<string>();
        var own = false;
        var why = "it bears no signature";
        try
        {
            foreach (var one in Signatures(signature))
            {
                if (Refusal(one, signed, kind, suite, now, out var fatal) is { } refusal)
                {
                    if (fatal)
                        return new Verdict([], refusal) { Changed = true };
                    why = refusal;
                    continue;
                }

                var (_, primary, name) = _keys[one.KeyId];
                good.Add(Convert.ToHexString(primary.GetFingerprint()));
                own |= name is not null;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Bytes of a stranger, read by a library that throws whatever its parts throw.
            return new Verdict([], $"its signature is damaged ({e.Message})") { Changed = true };
        }

        return new Verdict(good, why) { Own = own };
    }

    private string? Refusal(PgpSignature one, byte[] signed, int kind, string suite, DateTimeOffset now, out bool fatal)
    {
        fatal = false;
        if (!_keys.TryGetValue(one.KeyId, out var known))
            return $"the key {one.KeyId:X16} that signed it is not trusted";
        var name = $"the key {Convert.ToHexString(known.Primary.GetFingerprint())}";
        if (known.Name is not null && ReleaseLayout.OfSuite(suite) is { } layout && !layout.Suite.Keys.Contains(known.Name))
            return $"{name} that signed it ({known.Name}) is not trusted for {suite}";
        if (one.SignatureType != kind)
            return $"the signature by {name} is of another kind ({one.SignatureType}) than belongs to such a file";
        if (one.HashAlgorithm is not (HashAlgorithmTag.Sha256 or HashAlgorithmTag.Sha384 or HashAlgorithmTag.Sha512))
            return $"the signature by {name} is over {one.HashAlgorithm}, which is too weak";
        if (known.Key.Algorithm is PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaSign or PublicKeyAlgorithmTag.Dsa && known.Key.BitStrength < 2048)
            return $"{name} that signed it has {known.Key.BitStrength} bits, which is too weak";
        if (known.Key.HasRevocation() || known.Primary.HasRevocation())
            return $"{name} that signed it was revoked";
        if (Expired(known.Primary, now) || Expired(known.Key, now))
            return $"{name} that signed it has expired";
        if (one.HasSubpackets && one.GetHashedSubPackets().GetSignatureExpirationTime() is > 0 and var seconds
            && new DateTimeOffset(one.CreationTime, TimeSpan.Zero).AddSeconds(seconds) < now)
            return $"the signature by {name} has expired";
        if (Fits(one, known.Key, signed))
            return null;
        fatal = true;
        return $"the signature by {name} does not fit: the file was changed after signing";
    }

    /// <summary>RFC 9580, section 5.2.4. RSA, which signs nearly every archive, by the runtime and from the bare numbers: BouncyCastle first proves that a modulus is no prime, a tenth of a second each time.</summary>
    private static bool Fits(PgpSignature one, PgpPublicKey key, byte[] signed)
    {
        if (key.Algorithm is not (PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaSign))
        {
            one.InitVerify(key);
            one.Update(signed);
            return one.Verify();
        }

        var name = new HashAlgorithmName(one.HashAlgorithm.ToString().ToUpperInvariant());
        using var hash = IncrementalHash.CreateHash(name);
        hash.AppendData(signed);
        hash.AppendData(one.GetSignatureTrailer());
        var parameters = (RsaPublicBcpgKey)key.PublicKeyPacket.Key;
        using var rsa = RSA.Create(new RSAParameters { Modulus = parameters.Modulus.ToByteArrayUnsigned(), Exponent = parameters.PublicExponent.ToByteArrayUnsigned() });
        var number = one.GetSignature();
        var length = rsa.KeySize / 8;
        // A number's leading zeros are not written; PKCS #1 wants them (RFC 8017, section 8.2.2).
        return number.Length <= length && rsa.VerifyHash(hash.GetHashAndReset(), (byte[])[.. new byte[length - number.Length], .. number], name, RSASignaturePadding.Pkcs1);
    }

    private static bool Expired(PgpPublicKey key, DateTimeOffset now) =>
        key.GetValidSeconds() is > 0 and var seconds && new DateTimeOffset(key.CreationTime, TimeSpan.Zero).AddSeconds(seconds) < now;

    private static IEnumerable<PgpSignature> Signatures(byte[] bytes)
    {
        using var decoded = PgpUtilities.GetDecoderStream(new MemoryStream(bytes));
        var factory = new PgpObjectFactory(decoded);
        while (factory.NextPgpObject() is { } found)
        {
            if (found is not PgpSignatureList list)
                continue;
            for (var at = 0; at < list.Count; at++)
                yield return list[at];
        }
    }

    private void AddFiles(IEnumerable<string> files, string setting)
    {
        foreach (var file in files)
        {
            try
            {
                using var stream = File.OpenRead(file);
                Add(stream, name: null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PgpException or ArgumentException)
            {
                throw new MayflyException($"the key file {file} cannot be used: {e.Message}",
                    $"{setting} names files with OpenPGP public keys, such as `gpg --export` writes them", e);
            }
        }
    }

    private void Add(Stream stream, string? name)
    {
        using var decoded = PgpUtilities.GetDecoderStream(stream);
        foreach (var ring in new PgpPublicKeyRingBundle(decoded).GetKeyRings())
        {
            foreach (var key in ring.GetPublicKeys())
                _keys[key.KeyId] = (key, ring.GetPublicKey(), name);
        }
    }
}
