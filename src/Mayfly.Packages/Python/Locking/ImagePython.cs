using System.Globalization;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Locking;

/// <summary>The interpreter that an image will have, known from the Debian packages that are locked for it: nothing is run, and no image need be there.</summary>
/// <remarks>
/// Debian's <c>python3</c> says which <c>python3.N</c> the program <c>/usr/bin/python3</c> is; that one's version is the interpreter's, and libc6's that of the C library (both by upstream's
/// own numbers, policy 5.6.12). The kernel is whichever the image runs on one day, so markers that ask for it are told nothing.
/// </remarks>
public sealed record ImagePython
{
    /// <summary>The interpreter's version: <c>3.11.2</c>, <c>3.13.0rc1</c>.</summary>
    public required PythonVersion Version { get; init; }

    public required int Minor { get; init; }

    /// <summary>As <c>uname -m</c> names it.</summary>
    public required string Machine { get; init; }

    public required CLibrary Library { get; init; }

    /// <summary>Its path in the image.</summary>
    public string Executable => $"/usr/bin/python3.{Minor}";

    /// <summary>What distributions are chosen for it.</summary>
    public PythonTarget Target => new(
        new MarkerEnvironment
        {
            OsName = "posix",
            SysPlatform = "linux",
            PlatformMachine = Machine,
            PlatformPythonImplementation = "CPython",
            PlatformRelease = "",
            PlatformSystem = "Linux",
            PlatformVersion = "",
            PythonVersion = $"3.{Minor}",
            PythonFullVersion = Version.ToString(),
            ImplementationName = "cpython",
            ImplementationVersion = Version.ToString(),
        },
        new InterpreterTags { Implementation = "cp", Major = 3, Minor = Minor, Abis = [$"cp3{Minor}"], Platforms = LinuxPlatform.Tags(Machine, Library) }.All());

    /// <summary>As the lock says it: <c>cpython 3.11.2, glibc 2.36, x86_64</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"cpython {Version}, glibc {Library.Major}.{Library.Minor}, {Machine}");

    /// <summary>That of a locked set, with the base below it.</summary>
    /// <exception cref="MayflyException">It has none, or one whose packages say nothing that can be read.</exception>
    public static ImagePython Of(StackLock stack, string set)
    {
        var versions = BuildPackages.Of(stack, set).Where(package => package.Architecture == stack.Architecture).ToDictionary(static package => package.Name, static package => Upstream(package.Version), StringComparer.Ordinal);
        if (!versions.TryGetValue("python3", out var usual))
            throw new MayflyException($"component {set} has Python packages and no interpreter that runs them", $"add .Install(\"python3\") to {set}");
        if (usual.Split('.') is not ["3", var minor, ..] || !versions.TryGetValue($"python3.{minor}", out var full) || PythonVersion.TryParse(full.Replace("~", "", StringComparison.Ordinal)) is not { } version)
            throw new MayflyException($"component {set} has python3 {usual}, of which it cannot be told what interpreter it is", "packages can be chosen for Debian's own python3: leave out what takes its place");
        if (!versions.TryGetValue("libc6", out var library) || library.Split('.') is not [var one, var two, ..] || !int.TryParse(one, out var major) || !int.TryParse(new string([.. two.TakeWhile(char.IsAsciiDigit)]), out var next))
            throw new MayflyException($"component {set} has no libc6 whose version can be read, and wheels are chosen by it", "packages can be chosen for Debian's own python3 and libc6");
        return new ImagePython { Version = version, Minor = int.Parse(minor, CultureInfo.InvariantCulture), Machine = MachineOf(stack.Architecture), Library = new CLibrary(false, major, next) };
    }

    private static string Upstream(string version)
    {
        var colon = version.IndexOf(':');
        var hyphen = version.LastIndexOf('-');
        return version[(colon + 1)..(hyphen < 0 ? version.Length : hyphen)];
    }

    /// <summary>Debian's architectures by the names that Linux has for them (dpkg's cputable).</summary>
    private static string MachineOf(string architecture) => architecture switch
    {
        "amd64" => "x86_64",
        "i386" => "i686",
        "arm64" => "aarch64",
        "armhf" => "armv7l",
        "ppc64el" => "ppc64le",
        _ => architecture,
    };
}
