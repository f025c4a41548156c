using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What was chosen, as a line of <c>NAME==VERSION</c>.</summary>
internal static class ChosenVersions
{
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
