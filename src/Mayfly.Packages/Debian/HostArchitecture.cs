using System.Runtime.InteropServices;

namespace Mayfly.Packages.Debian;

/// <summary>This host's processor by Debian's name: what images for the local provider are made of.</summary>
public static class HostArchitecture
{
    /// <summary>Such as <c>amd64</c>.</summary>
    /// <exception cref="MayflyException">Mayfly has no build of itself for this processor.</exception>
    public static string Name => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => throw new MayflyException($"images cannot be built on a processor of the kind {other}", "use a machine with an x86-64 or 64-bit ARM processor"),
    };
}
