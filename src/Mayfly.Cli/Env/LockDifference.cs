using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>What two sets of packages differ in, a line each, in the order of the names.</summary>
internal static class LockDifference
{
    public static IReadOnlyList<string> Of(Pylock? before, Pylock after) => Of(Versions(before), Versions(after));

    public static IReadOnlyList<string> Of<T>(IReadOnlyDictionary<ProjectName, T> before, IReadOnlyDictionary<ProjectName, T> after) =>
    [
        .. before.Keys.Union(after.Keys).OrderBy(static name => name.Text, StringComparer.Ordinal).Select(name => (before.TryGetValue(name, out var old), after.TryGetValue(name, out var now)) switch
        {
            (false, _) => $"+ {name} {now}",
            (_, false) => $"- {name} {old}",
            _ => Equals(old, now) ? null : $"~ {name} {old} → {now}",
        }).OfType<string>(),
    ];

    /// <summary>A lock for several interpreters may have several of one project.</summary>
    private static Dictionary<ProjectName, string> Versions(Pylock? from) => (from?.Packages ?? []).GroupBy(static one => one.Name).ToDictionary(static group => group.Key, static group => string.Join(" and ", group.Select(static one => one.Version?.ToString() ?? "(folder)")));
}
