using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>The log that the monitor writes for an instance: one file an id, kept over restarts, below <c>stacks/NAME/logs</c> of the store.</summary>
public static class InstanceLog
{
    public static string PathOf(Store store, string stack, string id) => Path.Combine(store.PathOf(StoreArea.Stacks, stack), "logs", id + ".log");

    /// <summary>The log's lines, oldest first; with <paramref name="follow"/> it goes on until cancelled, over rotations too.</summary>
    /// <param name="instance">What the lines are marked with: <c>web-1</c>.</param>
    /// <param name="last">Begin with only so many of the lines that are there; null for all.</param>
    public static IAsyncEnumerable<LogLine> ReadAsync(string path, string instance, int? last, bool follow, CancellationToken cancellationToken) => throw new NotImplementedException();
}
