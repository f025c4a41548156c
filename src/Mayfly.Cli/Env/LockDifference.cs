using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>What two sets of packages differ in, a line each, in the order of the names.</summary>
internal static class LockDifference
{
    public static IReadOnlyList<string> Of(Pylock? before, Pylock after) => Of(Versions(before), Versions(after));

    public static IReadOnlyList<string> Of(IReadOnlyDictionary<ProjectName, PythonVersion?> before, IReadOnlyDictionary<ProjectName, PythonVersion?> after) =>
    [
        .. before.Keys.Union(after.Keys).OrderBy(static name => name.Text, StringComparer.Ordinal).Select(name => (before.TryGetValue(name, out var old), after.TryGetValue(name, out var now)) switch
        {
            (false, _) => $"+ {name} {now}",
            (_, false) => $"- {name} {old}",
            _ => old == now ? null : $"~ {name} {old} → {now}",
        }).OfType<string>(),
    ];

    public static IReadOnlyDictionary<ProjectName, PythonVersion?> Versions(Pylock? from) => (from?.Packages ?? []).DistinctBy(static one => one.Name).ToDictionary(static one => one.Name, static one => one.Version);
}
