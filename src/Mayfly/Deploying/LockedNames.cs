using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Deploying;

/// <summary>Names that somebody writes, against the packages of a lock.</summary>
internal static class LockedNames
{
    /// <summary>Sees to it that the lock has a package of that name, or of that name and architecture.</summary>
    /// <param name="relations">What the packages say of one another: a name that is only provided is told with who provides it.</param>
    /// <exception cref="MayflyException">It has none; the hint names those that may be meant.</exception>
    public static void Require(StackLock stackLock, string name, IReadOnlyDictionary<string, PackageRelations>? relations = null)
    {
        if (stackLock.Packages.Any(package => package.IsCalled(name)))
            return;
        throw new MayflyException($"{LockFile.Name} has no package {(name.Length == 0 ? "without a name" : name)}",
            Providers(relations, name) is { Count: > 0 } providers ? $"{string.Join(" and ", providers)} provide{(providers.Count == 1 ? "s" : "")} {name}: ask for {(providers.Count == 1 ? "that" : "one of these")}"
            : Near(stackLock, name) is { Count: > 0 } near ? $"did you mean {string.Join(" or ", near)}?"
            : "`mayfly list` shows what it has");
    }

    private static List<string> Providers(IReadOnlyDictionary<string, PackageRelations>? relations, string name) =>
        [.. (relations ?? new Dictionary<string, PackageRelations>()).Values.Where(package => package.Provides.Any(provided => provided.Alternatives[0].Name == name)).Select(static package => package.Key).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The same name in another architecture, else names in which it stands.</summary>
    private static IReadOnlyList<string> Near(StackLock stackLock, string name)
    {
        var bare = name.Split(':')[0];
        if (bare.Length == 0)
            return [];
        string[] same = [.. stackLock.Packages.Where(package => package.Name == bare).Select(static package => package.Id)];
        return same.Length > 0 ? same : [.. stackLock.Packages.Select(static package => package.Name).Where(other => other.Contains(bare, StringComparison.Ordinal)).Distinct().OrderBy(static other => other.Length).Take(3)];
    }
}
