namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>The names of all that a store holds, to be compared: what was verified and whole before must be afterwards, and nothing half-done beside it.</summary>
internal static class StoreState
{
    private static readonly string[] Areas = ["unpacked", "layers", "images", "tools", "stacks", "volumes", "instances"];

    /// <param name="store">The store's folder.</param>
    /// <param name="fetched">Count artifacts and indexes too: what a failed run has fetched and verified may stay.</param>
    public static IReadOnlyList<string> Of(string store, bool fetched = false)
        => [.. (fetched ? [.. Areas, "artifacts", "indexes"] : Areas).Where(area => Directory.Exists(Path.Combine(store, area)))
            .SelectMany(area => Directory.EnumerateFileSystemEntries(Path.Combine(store, area))).Select(path => Path.GetRelativePath(store, path)).Order(StringComparer.Ordinal)];

    /// <summary>Work that nobody does any more; what was transferred of a file is kept on purpose.</summary>
    public static IReadOnlyList<string> Abandoned(string store)
        => [.. Directory.EnumerateFileSystemEntries(Path.Combine(store, "tmp")).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith("partial-", StringComparison.Ordinal))];
}
