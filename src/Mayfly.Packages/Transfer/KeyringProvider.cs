namespace Mayfly.Packages.Transfer;

/// <summary>Whether a keyring is asked for a name and a password that nobody has said, in pip's words (<c>--keyring-provider</c>).</summary>
public enum KeyringProvider
{
    /// <summary>The program <c>keyring</c> where it is on PATH, and nobody said that nothing may be asked (<c>--no-input</c>).</summary>
    Auto,

    /// <summary>No keyring.</summary>
    Disabled,

    /// <summary>pip's own interpreter loads the module; here the same program is asked, which is that module's.</summary>
    Import,

    /// <summary>The program <c>keyring</c>, which should be there.</summary>
    Subprocess,
}

/// <summary>Them, as they are typed.</summary>
public static class KeyringProviders
{
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetNames<KeyringProvider>().Select(static name => name.ToLowerInvariant())];

    /// <param name="name">One of the names; null where nobody says one.</param>
    public static KeyringProvider? Read(string? name) => name is null ? null : Enum.Parse<KeyringProvider>(name, ignoreCase: true);
}
