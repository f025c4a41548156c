using System.Text.Json;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What was chosen, as a line of <c>NAME==VERSION</c>.</summary>
internal static class ChosenVersions
{
    /// <summary>What pip would install for each question (<c>pip-resolve.py</c>); null where it refuses.</summary>
    public static IReadOnlyList<string?> OfPip(IEnumerable<object> questions) =>
        [.. PackagingVerdicts.Ask("pip-resolve.py", questions).Select(static verdict => verdict.ValueKind == JsonValueKind.Null ? null : string.Join(' ', verdict.EnumerateObject().Select(static one => $"{one.Name}=={one.Value}").Order(StringComparer.Ordinal)))];

    /// <summary>The same for requirements files.</summary>
    public static IReadOnlyList<string?> OfPip(IEnumerable<string> files) => OfPip(files.Select(static object (file) => new { file, wanted = Array.Empty<string>(), constraints = Array.Empty<string>() }));

    public static Dictionary<string, PythonVersion> Of(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static one => one.Split("==")).ToDictionary(static one => one[0], static one => PythonVersion.Parse(one[1]));

    /// <summary>True when a project has a newer version here than there.</summary>
    public static bool AreNewer(string? here, string? there)
    {
        if (here is null || there is null)
            return false;
        var other = Of(there);
        return Of(here).Any(one => other.TryGetValue(one.Key, out var version) && version < one.Value);
    }
}
