using System.Globalization;
using System.Text.RegularExpressions;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Universal;

/// <summary>A system that a lock may be for, whatever machine it is made on. The names are those of PDM.</summary>
public sealed partial record LockPlatform
{
    /// <summary>In messages and in the lock: <c>linux_x86_64</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How the interpreter's answers to markers begin there; those about Python are of no meaning.</summary>
    public required MarkerEnvironment Markers { get; init; }

    /// <summary>The platforms whose wheels each such system can use, the best first: every package has one for these.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Those that some such system can use, which markers cannot tell apart: a lock has wheels for these too, as far as there are any.</summary>
    public required IReadOnlyList<string> PossibleTags { get; init; }

    /// <summary>Those that most people mean by "everywhere".</summary>
    public static IReadOnlyList<LockPlatform> Usual => [Parse("linux_x86_64"), Parse("linux_aarch64"), Parse("macos_arm64"), Parse("windows_amd64")];

    /// <summary>Reads a name.</summary>
    /// <exception cref="MayflyException">There is no such platform.</exception>
    public static LockPlatform Parse(string text)
    {
        const int NewestMac = 40, NewestGlibc = 99;
        var name = text.Trim().ToLowerInvariant().Replace('-', '_') switch
        {
            "linux" => "linux_x86_64",
            "alpine" => "musllinux_1_2_x86_64",
            "macos" => "macos_arm64",
            "windows" or "win_amd64" or "windows_x86_64" => "windows_amd64",
            "win32" => "windows_x86",
            "win_arm64" => "windows_arm64",
            var other => other.Replace("macosx_", "macos_", StringComparison.Ordinal),
        };
        if (LinuxName().Match(name) is { Success: true } linux)
        {
            // What is the oldest that is looked after anywhere: uv takes the same.
            var (musl, machine) = (linux.Groups[1].Value == "musllinux", linux.Groups[4].Value);
            var (major, minor) = linux.Groups[2].Success ? (Number(linux.Groups[2]), Number(linux.Groups[3])) : (2, 28);
            return new LockPlatform
            {
                Name = name,
                Markers = System("posix", "linux", "Linux", machine),
                Tags = LinuxPlatform.Tags(machine, new CLibrary(musl, major, minor)),
                PossibleTags = [.. LinuxPlatform.Tags(machine, new CLibrary(false, 2, NewestGlibc)), .. LinuxPlatform.Tags(machine, new CLibrary(true, 1, NewestGlibc))],
            };
        }

        if (MacName().Match(name) is { Success: true } mac)
        {
            var machine = mac.Groups[2].Value;
            return new LockPlatform
            {
                Name = name,
                Markers = System("posix", "darwin", "Darwin", machine),
                Tags = MacPlatform.Tags(machine, mac.Groups[1].Success ? Math.Max(Number(mac.Groups[1]), 11) : 13),
                PossibleTags = MacPlatform.Tags(machine, NewestMac),
            };
        }

        return name switch
        {
            "windows_amd64" => Windows("AMD64", "win_amd64"),
            "windows_arm64" => Windows("ARM64", "win_arm64"),
            "windows_x86" => Windows("x86", "win32"),
            _ => throw new MayflyException($"'{text}' is no platform that is known", "there are linux_x86_64, linux_aarch64, manylinux_2_35_x86_64, musllinux_1_2_x86_64, macos_arm64, macos_13_0_x86_64, windows_amd64, windows_arm64 and the like; linux, macos and windows stand for the first of their kind"),
        };

        LockPlatform Windows(string machine, string tag) => new() { Name = name, Markers = System("nt", "win32", "Windows", machine), Tags = [tag], PossibleTags = [tag] };

        static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);
    }

    /// <summary>The marker that holds there and on no other platform.</summary>
    public Marker Marker => Python.Marker.Parse($"sys_platform == '{Markers.SysPlatform}' and platform_machine == '{Markers.PlatformMachine}' and implementation_name == 'cpython'");

    /// <summary>An interpreter of it.</summary>
    /// <param name="python">Its version, with three numbers.</param>
    /// <param name="possible">True for one that can use whatever some interpreter of this version can there, also one without the global lock (PEP 703).</param>
    public PythonTarget With(PythonVersion python, bool possible = false)
    {
        var (major, minor) = ((int)python.Release[0], (int)python.Release[1]);
        var own = string.Create(CultureInfo.InvariantCulture, $"cp{major}{minor}");
        var tags = Of([own]);
        var markers = Markers with
        {
            PythonVersion = string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}"),
            PythonFullVersion = python.ToString(),
            ImplementationVersion = python.ToString(),
        };
        return new PythonTarget(markers, possible && minor >= 13 ? [.. tags, .. Of([$"{own}t"])] : tags) { Name = $"Python {python} on {Name}" };

        IReadOnlyList<WheelTag> Of(IReadOnlyList<string> abis) => new InterpreterTags { Implementation = "cp", Major = major, Minor = minor, Abis = abis, Platforms = possible ? PossibleTags : Tags }.All();
    }

    public bool Equals(LockPlatform? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;

    /// <summary>What the kernel is no lock for many machines can know; a marker that asks for it is answered with nothing, as PDM and uv do.</summary>
    private static MarkerEnvironment System(string os, string sys, string system, string machine) => new()
    {
        OsName = os,
        SysPlatform = sys,
        PlatformSystem = system,
        PlatformMachine = machine,
        PlatformPythonImplementation = "CPython",
        ImplementationName = "cpython",
        ImplementationVersion = "3",
        PythonVersion = "3",
        PythonFullVersion = "3",
        PlatformRelease = "",
        PlatformVersion = "",
    };

    [GeneratedRegex(@"^(?:linux|(manylinux|musllinux)_(\d{1,4})_(\d{1,4}))_(x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)$")]
    private static partial Regex LinuxName();

    [GeneratedRegex(@"^macos_(?:(\d{1,4})(?:_\d{1,4})?_)?(arm64|x86_64)$")]
    private static partial Regex MacName();
}
