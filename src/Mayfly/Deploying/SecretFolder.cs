using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>
/// The secrets of one stack.
/// </summary>
/// <remarks>
/// What it keeps: one file a secret in <c>stacks/NAME/secrets</c> of the store, readable by its owner alone, and a salt.
/// How it changes: a generated secret is written once and stays; one from the environment or a file is written again whenever
/// its source says something new. Each file is replaced by a rename.
/// Why not in the lock or the generation: those are read, shared and printed; here only the owner can look. A plan that must
/// notice a change sees a salted fingerprint, from which the value cannot be found.
/// </remarks>
internal sealed class SecretFolder(Store store, string stack)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Path.Combine(store.PathOf(StoreArea.Stacks, stack), "secrets");

    /// <summary>Brings every secret that the stack needs up to date.</summary>
    /// <exception cref="MayflyException">The source of one is missing and no earlier value is kept.</exception>
    public void Ensure(IReadOnlyList<SecretSpec> secrets)
    {
        Directory.CreateDirectory(_folder, OwnerOnly | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_folder, OwnerOnly | UnixFileMode.UserExecute);
        if (!File.Exists(PathOf(".salt")))
            Write(".salt", RandomNumberGenerator.GetString(Alphabet, 43));
        foreach (var secret in secrets)
        {
            var kept = File.Exists(PathOf(secret.Name)) ? File.ReadAllText(PathOf(secret.Name)) : null;
            var value = Read(secret, kept);
            if (value != kept)
                Write(secret.Name, value);
        }
    }

    /// <summary>Tells values apart without telling the value; empty for a secret that does not exist yet.</summary>
    public string Fingerprint(string secret)
    {
        if (!File.Exists(PathOf(secret)) || !File.Exists(PathOf(".salt")))
            return "";
        var digest = HMACSHA256.HashData(Encoding.UTF8.GetBytes(File.ReadAllText(PathOf(".salt"))), Encoding.UTF8.GetBytes(File.ReadAllText(PathOf(secret))));
        return Convert.ToHexStringLower(digest)[..16];
    }

    private static string Read(SecretSpec secret, string? kept)
    {
        switch (secret.Source)
        {
            case SecretSource.Environment:
                return Environment.GetEnvironmentVariable(secret.Reference) is { Length: > 0 } value ? value
                    : kept ?? throw new MayflyException($"the secret {secret.Name} comes from the variable {secret.Reference}, which is not set", $"export {secret.Reference}=… and run the command again");
            case SecretSource.File:
                try
                {
                    return File.ReadAllText(secret.Reference).TrimEnd('\n');
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    return kept ?? throw new MayflyException($"the secret {secret.Name} comes from {secret.Reference}, which cannot be read: {e.Message}", "write the secret into that file, readable by you alone", e);
                }

            default:
                // 43 letters and digits hold 256 bits, and stand in a URL without being encoded.
                return kept ?? RandomNumberGenerator.GetString(Alphabet, 43);
        }
    }

    private void Write(string name, string value)
    {
        var temporary = PathOf($".{name}.{Environment.ProcessId}");
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(Encoding.UTF8.GetBytes(value));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, PathOf(name), overwrite: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
