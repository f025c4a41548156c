namespace Mayfly.Packages.Depots;

/// <summary>The key that a depot is signed with, and who can use it.</summary>
public interface IDepotSigner
{
    /// <summary>Of the primary key, upper-case hexadecimal.</summary>
    string Fingerprint { get; }

    /// <summary>The public key, ASCII-armoured, as <c>gpg --export --armor</c> writes it.</summary>
    byte[] PublicKey { get; }

    /// <summary>The text as a clearsigned message (RFC 9580, section 7): what InRelease is.</summary>
    byte[] ClearSign(string text);

    /// <summary>An armoured signature to be kept beside the file: what Release.gpg is.</summary>
    byte[] Sign(byte[] file);
}
