namespace Mayfly.Packages.Python;

/// <summary>The C library that an interpreter is linked with, and its version.</summary>
/// <param name="IsMusl">True for musl, false for glibc.</param>
/// <param name="Major">The first number of its version.</param>
/// <param name="Minor">The second one.</param>
public readonly record struct CLibrary(bool IsMusl, int Major, int Minor);

/// <summary>The platforms whose wheels run on a Linux system: PEP 600 (<c>manylinux_X_Y</c>, with the older names of 513, 571 and 599) and PEP 656 (<c>musllinux_X_Y</c>).</summary>
public static class LinuxPlatform
{
    /// <summary>Those for which manylinux wheels are defined.</summary>
    private static readonly string[] ManylinuxMachines = ["x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"];

    /// <summary>The best first.</summary>
    /// <param name="machine">As <c>uname -m</c> names it: <c>x86_64</c>.</param>
    /// <param name="library">Null when it is not known: then only what was built for this very system will do.</param>
    public static IReadOnlyList<string> Tags(string machine, CLibrary? library)
    {
        List<string> tags = [];
        if (library is { IsMusl: false, Major: 2 } glibc && ManylinuxMachines.Contains(machine))
        {
            // No older one was ever defined.
            var oldest = machine is "x86_64" or "i686" ? 5 : 17;
            for (var minor = glibc.Minor; minor >= oldest; minor--)
            {
                tags.Add($"manylinux_2_{minor}_{machine}");
                if (minor switch { 17 => "manylinux2014", 12 => "manylinux2010", 5 => "manylinux1", _ => null } is { } former)
                    tags.Add($"{former}_{machine}");
            }
        }
        else if (library is { IsMusl: true } musl)
        {
            for (var minor = musl.Minor; minor >= 0; minor--)
                tags.Add($"musllinux_{musl.Major}_{minor}_{machine}");
        }

        tags.Add($"linux_{machine}");
        return tags;
    }
}
