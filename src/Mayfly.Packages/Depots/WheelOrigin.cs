namespace Mayfly.Packages.Depots;

/// <summary>What a wheel was built from, and with.</summary>
/// <param name="Sources">The source distribution.</param>
/// <param name="Interpreter">What ran the build: <c>cpython 3.11.2</c>.</param>
/// <param name="With">Every file that was installed in the build's environment.</param>
public sealed record WheelOrigin(WheelInput Sources, string Interpreter, IReadOnlyList<WheelInput> With);

/// <summary>A file that went into a build.</summary>
/// <param name="File">Its name.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record WheelInput(string File, string Sha256)
{
    /// <summary>As a line of the depot's list.</summary>
    public override string ToString() => $"{Sha256} {File}";

    /// <exception cref="FormatException">It is none.</exception>
    internal static WheelInput Parse(string line) => line.Split(' ') is [var sha256, { Length: > 0 } file] && LockFile.IsSha256(sha256) ? new WheelInput(file, sha256) : throw new FormatException($"'{line}' is not what a wheel was built from");
}
