using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>
/// The cleartext signature framework of RFC 9580, section 7, as apt accepts it: one message and nothing around it.
/// What lies outside the signed text is never parsed, and a file that has any such is refused (CVE-2013-1051).
/// </summary>
/// <param name="Payload">The signed text: dash escapes undone, blanks at the ends of lines cut off (they are not signed), LF between lines.</param>
/// <param name="Signature">The armoured signature block.</param>
internal sealed record SignedText(string Payload, string Signature)
{
    private const string Begin = "-----BEGIN PGP SIGNED MESSAGE-----";
    private const string BeginSignature = "-----BEGIN PGP SIGNATURE-----";
    private const string EndSignature = "-----END PGP SIGNATURE-----";

    /// <summary>True when it looks like a signed message at all, and not like a login page of some network.</summary>
    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith("-----BEGIN PGP SIGNED MESSAGE-----"u8);

    /// <exception cref="FormatException">It is no message, or more than one.</exception>
    public static SignedText Parse(byte[] file)
    {
        if (file.AsSpan().Contains((byte)0))
            throw new FormatException("it holds a NUL");
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("it is no UTF-8", e);
        }

        var lines = text.Split('\n');
        for (var line = 0; line < lines.Length; line++)
            lines[line] = lines[line].TrimEnd('\r', ' ', '\t');
        if (lines[0] != Begin)
            throw new FormatException("it does not begin with a signed message");
        var at = 1;
        for (; at < lines.Length && lines[at].Length > 0; at++)
        {
            // Only the hash's name may stand between the first line and the empty one: anything else could be taken for signed text.
            if (!lines[at].StartsWith("Hash: ", StringComparison.Ordinal))
                throw new FormatException("a line before the signed text is not a Hash header");
        }

        var payload = new List<string>();
        for (at++; at < lines.Length && lines[at] != BeginSignature; at++)
        {
            var line = lines[at];
            if (line.StartsWith("- ", StringComparison.Ordinal))
                line = line[2..];
            else if (line.StartsWith('-'))
                throw new FormatException("a line of the signed text begins with a dash that is not escaped");
            payload.Add(line);
        }

        var begin = at;
        at = Array.IndexOf(lines, EndSignature, begin < lines.Length ? begin : lines.Length);
        if (at < 0)
            throw new FormatException("its signature is missing or cut short");
        if (lines.AsSpan(begin + 1, at - begin - 1).ContainsAny(BeginSignature, Begin))
            throw new FormatException("it holds more than one message");
        if (lines.Skip(at + 1).Any(static line => line.Length > 0))
            throw new FormatException("something follows its signature");
        return new SignedText(string.Join('\n', payload), string.Join('\n', lines[begin..(at + 1)]) + "\n");
    }
}
