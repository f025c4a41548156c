using System.Diagnostics;
using System.Text;

namespace Mayfly.Packages.Depots;

/// <summary>A key of the user's own gpg, which signs with it: the secret part may be on a card or behind a passphrase that only gpg asks for.</summary>
public sealed class GpgKey : IDepotSigner
{
    private GpgKey(string fingerprint, byte[] publicKey) => (Fingerprint, PublicKey) = (fingerprint, publicKey);

    public string Fingerprint { get; }

    public byte[] PublicKey { get; }

    /// <summary>True for what is a fingerprint (or a key's long number) and not a file.</summary>
    public static bool IsFingerprint(string text) => text.Length is 16 or 40 && text.All(char.IsAsciiHexDigit);

    /// <summary>The key that gpg has under this fingerprint.</summary>
    public static GpgKey Find(string fingerprint)
    {
        // All are listed, since gpg fails when it is asked for one that it does not have.
        var listed = Encoding.UTF8.GetString(Run([], "--with-colons", "--list-secret-keys")).Split('\n').Select(static line => line.Split(':')).ToArray();
        var place = Array.FindIndex(listed, fields => fields[0] == "fpr" && fields.Length > 9 && fields[9].EndsWith(fingerprint, StringComparison.OrdinalIgnoreCase));
        var primary = place < 0 ? null : listed.Take(place).LastOrDefault(static fields => fields[0] == "sec");
        var whole = listed.SkipWhile(fields => fields != primary).FirstOrDefault(static fields => fields[0] == "fpr")?.ElementAtOrDefault(9);
        if (primary is null || whole is null)
            throw new MayflyException($"gpg has no secret key {fingerprint}", "`gpg --list-secret-keys` shows those that it has");
        if (primary[1] is "e" or "r" or "d" or "i")
            throw new MayflyException($"gpg's key {whole} cannot sign: it {(primary[1] switch { "e" => "has expired", "r" => "was revoked", _ => "is disabled" })}", "prolong it (gpg --quick-set-expire), or take another key");
        return new GpgKey(whole, Run([], "--armor", "--export", whole));
    }

    public byte[] ClearSign(string text) => Run(Encoding.UTF8.GetBytes(text), "--local-user", Fingerprint, "--digest-algo", "SHA512", "--armor", "--clear-sign");

    public byte[] Sign(byte[] file) => Run(file, "--local-user", Fingerprint, "--digest-algo", "SHA512", "--armor", "--detach-sign");

    private static byte[] Run(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("gpg", ["--batch", "--no-tty", "--quiet", .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new MayflyException("a fingerprint names a key of gpg, and this machine has no gpg", "give a file with the secret key instead, or install gnupg", e);
        }

        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = new MemoryStream();
            var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
            try
            {
                process.StandardInput.BaseStream.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading; what it says tells why.
            }

            reading.Wait();
            process.WaitForExit();
            return process.ExitCode == 0
                ? output.ToArray()
                : throw new MayflyException($"gpg refused: {string.Join("; ", error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))}",
                    "`gpg --list-secret-keys` shows the keys that it has");
        }
    }
}
