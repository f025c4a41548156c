namespace Mayfly.Packages.Python.Universal;

/// <summary>The platforms whose wheels run on macOS: <c>macosx_11_0_arm64</c>; PEP 425 and, for fat ones, what <c>packaging</c> does (no PEP says it).</summary>
internal static class MacPlatform
{
    /// <summary>The best first.</summary>
    /// <param name="machine"><c>arm64</c> or <c>x86_64</c>.</param>
    /// <param name="major">Of macOS; at least 11.</param>
    public static IReadOnlyList<string> Tags(string machine, int major)
    {
        var isIntel = machine == "x86_64";
        List<string> tags = [];
        // Since 11 the major number is the version.
        for (var version = major; version >= 11; version--)
            tags.AddRange(Formats().Select(format => $"macosx_{version}_0_{format}"));
        // On the newer machines, what was built for older systems runs where it has a part for them.
        for (var minor = 16; minor >= 4; minor--)
            tags.AddRange((isIntel ? Formats() : ["universal2"]).Select(format => $"macosx_10_{minor}_{format}"));
        return tags;

        IEnumerable<string> Formats() => isIntel ? ["x86_64", "intel", "fat64", "fat32", "universal2", "universal"] : ["arm64", "universal2"];
    }
}
