using System.Text;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Packages.Tests.Depots;

/// <summary>Keys of our own making and of gpg's, judged by gpg.</summary>
public sealed class KeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("needs", "oracle")]
    public void Gpg_accepts_what_our_key_signs()
    {
        var path = Path.Combine(_folder.Path, "depot.key");
        var key = KeyFile.Create(path, "Our depot <depot@example.org>");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        var listed = Gpg(key.PublicKey, "--with-colons", "--import-options", "show-only", "--import");
        Assert.Contains($"fpr:::::::::{key.Fingerprint}:", listed, StringComparison.Ordinal);
        Assert.Contains("Our depot <depot@example.org>", listed, StringComparison.Ordinal);
        Accepts(key);
    }

    [Theory, Trait("needs", "oracle")]
    [InlineData("rsa3072", "")]
    [InlineData("ed25519", "")]
    [InlineData("rsa2048", "secret words")]
    public void A_key_that_gpg_made_signs_from_its_file_and_through_gpg(string kind, string passphrase)
    {
        Gpg(null, "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--quick-gen-key", "Somebody <some@example.org>", kind, "sign", "never");
        var path = Path.Combine(_folder.Path, "exported.key");
        File.WriteAllText(path, Gpg(null, "--armor", "--pinentry-mode", "loopback", "--passphrase", passphrase, "--export-secret-keys"));
        Assert.Contains("others may read the secret key", Assert.Throws<MayflyException>(() => KeyFile.Read(path)).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (passphrase.Length > 0)
        {
            Assert.Equal($"the key {path} has a passphrase", Assert.Throws<MayflyException>(() => KeyFile.Read(path)).Message);
            Environment.SetEnvironmentVariable(KeyFile.PassphraseVariable, "wrong");
            Assert.StartsWith("the passphrase in MAYFLY_KEY_PASSPHRASE is not", Assert.Throws<MayflyException>(() => KeyFile.Read(path)).Message, StringComparison.Ordinal);
            Environment.SetEnvironmentVariable(KeyFile.PassphraseVariable, passphrase);
            Accepts(KeyFile.Read(path));
            Environment.SetEnvironmentVariable(KeyFile.PassphraseVariable, null);
            return;
        }

        var key = KeyFile.Read(path);
        Accepts(key);
        Environment.SetEnvironmentVariable("GNUPGHOME", _folder.Path);
        try
        {
            var through = GpgKey.Find(key.Fingerprint);
            Assert.Equal(key.Fingerprint, through.Fingerprint);
            Accepts(through);
            Assert.Contains("gpg has no secret key", Assert.ThrowsAny<MayflyException>(() => GpgKey.Find(new string('A', 40))).Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("GNUPGHOME", null);
        }
    }

    [Fact, Trait("needs", "oracle")]
    public void An_expired_key_is_refused_before_anything_is_signed()
    {
        Gpg(null, "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--faked-system-time", "20200101T000000", "--quick-gen-key", "Old <old@example.org>", "ed25519", "sign", "1y");
        var path = Path.Combine(_folder.Path, "old.key");
        File.WriteAllText(path, Gpg(null, "--armor", "--export-secret-keys"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var refusal = Assert.Throws<MayflyException>(() => KeyFile.Read(path));

        Assert.Matches("^the key [0-9A-F]{40} in .* cannot sign: it has expired on 20(20-12-31|21-01-01)$", refusal.Message);
        Assert.Contains("--quick-set-expire", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_never_replaced_and_no_key_is_explained()
    {
        var path = Path.Combine(_folder.Path, "depot.key");
        Assert.Equal($"there is no key {path} to sign a depot with", Assert.Throws<MayflyException>(() => KeyFile.Read(path)).Message);
        KeyFile.Create(path, "one");
        var before = File.ReadAllBytes(path);
        Assert.Equal($"{path} is there already, and nothing was written", Assert.Throws<MayflyException>(() => KeyFile.Create(path, "two")).Message);
        Assert.Equal(before, File.ReadAllBytes(path));
        File.WriteAllText(path, "no key at all");
        Assert.StartsWith($"{path} holds 0 secret keys", Assert.Throws<MayflyException>(() => KeyFile.Read(path)).Message, StringComparison.Ordinal);
    }

    private void Accepts(IDepotSigner key)
    {
        const string Text = "Origin: Debian\n- a line with a dash\nblanks at its end  \n\nlast\n";
        var ring = Path.Combine(_folder.Path, $"{key.Fingerprint}.gpg");
        File.WriteAllBytes(Path.Combine(_folder.Path, "in.asc"), key.PublicKey);
        Gpg(null, "--yes", "--output", ring, "--dearmor", Path.Combine(_folder.Path, "in.asc"));
        var (message, file, signature) = (Path.Combine(_folder.Path, "message"), Path.Combine(_folder.Path, "file"), Path.Combine(_folder.Path, "signature"));
        File.WriteAllBytes(message, key.ClearSign(Text));
        File.WriteAllText(file, Text);
        File.WriteAllBytes(signature, key.Sign(Encoding.UTF8.GetBytes(Text)));
        Assert.Equal(0, HostArchive.Run("gpgv", "--keyring", ring, message).Code);
        Assert.Equal(0, HostArchive.Run("gpgv", "--keyring", ring, signature, file).Code);
        var keys = KeyRing.Of([(new MemoryStream(key.PublicKey), null)]);
        Assert.Equal([key.Fingerprint], keys.Verify(SignedText.Parse(File.ReadAllBytes(message)), "bookworm", DateTimeOffset.UtcNow).Good);
        Assert.Equal([key.Fingerprint], keys.VerifyDetached(Encoding.UTF8.GetBytes(Text), File.ReadAllBytes(signature), "bookworm", DateTimeOffset.UtcNow).Good);
    }

    private string Gpg(byte[]? input, params string[] arguments)
    {
        var file = Path.Combine(_folder.Path, "input");
        if (input is not null)
            File.WriteAllBytes(file, input);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] all = ["--homedir", _folder.Path, "--batch", .. arguments, .. input is null ? Array.Empty<string>() : [file]];
        var (code, output, error) = HostArchive.Run("gpg", all);
        Assert.True(code == 0, error);
        return output;
    }
}
