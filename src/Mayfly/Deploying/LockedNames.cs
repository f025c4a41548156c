using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python;

namespace Mayfly.Deploying;

/// <summary>What somebody may mean who writes a name that no package of a lock has. Pure; each is a hint, or null.</summary>
internal static class LockedNames
{
    /// <summary>What of Python is built with it: that has no version of its own in the lock, and another one gives another wheel.</summary>
    public static string? BuiltWith(StackLock stackLock, string name)
    {
        if (!ProjectName.IsValid(name))
            return null;
        var meant = ProjectName.Parse(name);
        string[] built = [.. stackLock.Environments.SelectMany(static environment => environment.Wheels).Where(wheel => Needs(wheel)).Select(static wheel => wheel.ReadName().Project.Text).Distinct().Order(StringComparer.Ordinal)];
        return built.Length == 0 ? null : $"{string.Join(" and ", built)} {(built.Length == 1 ? "is" : "are")} built with {meant}, which is chosen anew when {(built.Length == 1 ? "that is" : "those are")} built anew: `mayfly update {string.Join(' ', built)}`";

        bool Needs(LockedWheel wheel) => wheel.Source is { } source && source.With.Any(one => one.ReadName().Project == meant || Needs(one));
    }

    /// <summary>Who provides it.</summary>
    public static string? Provided(IEnumerable<PackageRelations> relations, string name)
    {
        string[] providers = [.. relations.Where(package => package.Provides.Any(provided => provided.Alternatives[0].Name == name)).Select(static package => package.Key).Distinct().Order(StringComparer.Ordinal)];
        return providers.Length == 0 ? null : $"{string.Join(" and ", providers)} provide{(providers.Length == 1 ? "s" : "")} {name}: ask for {(providers.Length == 1 ? "that" : "one of these")}";
    }

    /// <summary>The same name in another architecture, else names that a slip of the pen turns into it, or in which it is a word.</summary>
    public static string? Misspelt(StackLock stackLock, string name)
    {
        var bare = name.Split(':')[0];
        string[] same = [.. stackLock.Packages.Where(package => package.Name == bare).Select(static package => package.Id)];
        return Meant(same.Length > 0 ? same : Spelling.Near(stackLock.Packages.Select(static package => package.Name), bare));
    }

    /// <summary>Names in which it stands.</summary>
    public static string? Part(StackLock stackLock, string name) =>
        Meant([.. stackLock.Packages.Select(static package => package.Name).Where(other => name.Length > 0 && other.Contains(name, StringComparison.Ordinal)).Distinct().OrderBy(static other => other.Length).Take(3)]);

    private static string? Meant(IReadOnlyList<string> names) => names.Count == 0 ? null : $"did you mean {string.Join(" or ", names)}?";
}
