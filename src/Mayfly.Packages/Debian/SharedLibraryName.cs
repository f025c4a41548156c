using System.Text.RegularExpressions;

namespace Mayfly.Packages.Debian;

/// <summary>How packages of shared libraries are called; policy 8.1, "Run-time shared libraries".</summary>
public static partial class SharedLibraryName
{
    /// <summary>Names that the package of a library may have, by the name that the linker looks for (DT_SONAME): <c>libpcap0.8</c> for <c>libpcap.so.0.8</c>; the likeliest first. Empty for what has no version.</summary>
    public static IReadOnlyList<string> PackagesOf(string soname)
    {
        var match = Versioned().Match(soname);
        if (!match.Success)
            match = Named().Match(soname);
        if (!match.Success)
            return [];
        var (name, version) = (match.Groups["name"].Value.ToLowerInvariant().Replace('_', '-'), match.Groups["version"].Value.ToLowerInvariant());
        // "…with a hyphen between where the name ends in a digit"; and names with a version of their own are mostly written without theirs.
        string[] names = char.IsAsciiDigit(name[^1]) ? [$"{name}-{version}", $"{Hyphen().Replace(name, "")}-{version}"] : [$"{name}{version}", $"{name}-{version}"];
        // Since the time of 64 bits on small machines some have that in their names.
        return [.. names.Distinct(), .. names.Distinct().Select(static one => $"{one}t64")];
    }

    [GeneratedRegex(@"^(?<name>lib[\w.+-]+?)\.so\.(?<version>[\w.]+)$")]
    private static partial Regex Versioned();

    [GeneratedRegex(@"^(?<name>lib[\w.+-]+?)-(?<version>\d[\w.]*)\.so$")]
    private static partial Regex Named();

    [GeneratedRegex(@"-(?=\d[\d.]*$)")]
    private static partial Regex Hyphen();
}
