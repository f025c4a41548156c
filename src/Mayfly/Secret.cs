namespace Mayfly;

/// <summary>
/// A value that is never in images, locks, logs or plans: only its name is. It lives in the store, readable by its owner
/// alone, and reaches an instance at its start.
/// </summary>
public sealed record Secret
{
    private Secret(SecretSource source, string reference) => (Source, Reference) = (source, reference);

    internal SecretSource Source { get; }

    /// <summary>The name of the variable, the path of the file, or nothing.</summary>
    internal string Reference { get; }

    /// <summary>Made by Mayfly when it is first needed, random, and kept.</summary>
    public static Secret Generated() => new(SecretSource.Generated, "");

    /// <summary>Read from a variable of the environment that <c>mayfly up</c> runs in.</summary>
    public static Secret FromEnvironment(string variable) => new(SecretSource.Environment, variable);

    /// <summary>Read from a file, relative to <c>stack.cs</c>; keep it out of version control.</summary>
    public static Secret FromFile(string path) => new(SecretSource.File, path);
}

internal enum SecretSource
{
    Generated,
    Environment,
    File,
}
