using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>What two sets of packages differ in, a line each, in the order of the names.</summary>
internal static class LockDifference
{
    /// <summary>Versions, and where these are the same, the files that they are of: whoever has another file has another thing.</summary>
    public static IReadOnlyList<string> Of(Pylock? before, Pylock after)
    {
        var (versions, now) = (Versions(before), Versions(after));
        var (files, others) = (Locked(before), Locked(after));
        var moved = now.Keys.Where(name => versions.TryGetValue(name, out var version) && version == now[name]).Select(name => (Name: name.Text, Line: $"~ {name} {now[name]}: {string.Join(", ", Moved(files[name], others[name]))}")).Where(static one => !one.Line.EndsWith(": ", StringComparison.Ordinal));
        return [.. Of(versions, now).Select(static line => (Name: line.Split(' ')[1], Line: line)).Concat(moved).OrderBy(static one => one.Name, StringComparer.Ordinal).Select(static one => one.Line)];

        static IEnumerable<string> Moved((HashSet<string> Digests, string Places) before, (HashSet<string> Digests, string Places) after)
        {
            if (!before.Digests.SetEquals(after.Digests))
                yield return "other files";
            if (before.Places != after.Places)
                yield return $"from {after.Places}, no longer from {before.Places}";
        }
    }

    public static IReadOnlyList<string> Of<T>(IReadOnlyDictionary<ProjectName, T> before, IReadOnlyDictionary<ProjectName, T> after)
        where T : notnull => [.. Changes(before, after).Select(static change => change.ToString())];

    /// <summary>The same as data.</summary>
    public static IEnumerable<ChangeData> Changes<T>(IReadOnlyDictionary<ProjectName, T> before, IReadOnlyDictionary<ProjectName, T> after)
        where T : notnull => before.Keys.Union(after.Keys).OrderBy(static name => name.Text, StringComparer.Ordinal)
            // 1.0 and 1.0.0 are one version (PEP 440).
            .Where(name => !(before.TryGetValue(name, out var old) && after.TryGetValue(name, out var now) && old.Equals(now)))
            .Select(name => new ChangeData(name.Text, Text(before, name), Text(after, name)));

    private static string? Text<T>(IReadOnlyDictionary<ProjectName, T> versions, ProjectName name)
        where T : notnull => versions.TryGetValue(name, out var version) ? version.ToString() : null;

    private static Dictionary<ProjectName, (HashSet<string> Digests, string Places)> Locked(Pylock? from) => (from?.Packages ?? []).GroupBy(static one => one.Name)
        .ToDictionary(static group => group.Key, static group => (group.SelectMany(static one => one.Digests).ToHashSet(), string.Join(" and ", group.Select(static one => one.Index?.ToString() ?? "no index").Distinct())));

    /// <summary>A lock for several interpreters may have several of one project.</summary>
    private static Dictionary<ProjectName, string> Versions(Pylock? from) => (from?.Packages ?? []).GroupBy(static one => one.Name).ToDictionary(static group => group.Key, static group => string.Join(" and ", group.Select(static one => one.Version?.ToString() ?? "(folder)")));
}
