using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>The logs of a stack's instances as one, in the order of time.</summary>
internal static class StackLogs
{
    /// <summary>How often a follower looks for instances that have come.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>Lines that arrive within this time of each other are put in order before they are shown.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(40);

    /// <param name="components">Only these; all when empty.</param>
    public static IAsyncEnumerable<LogLine> ReadAsync(Store store, Runtime runtime, string stack, IReadOnlyList<string> components, bool follow, CancellationToken cancellationToken)
    {
        IReadOnlyList<LogSource> Sources() => [.. runtime.List(stack)
            .Select(instance => instance.Label)
            .Where(label => components.Count == 0 || components.Contains(label.Spec.Component))
            .Select(label => new LogSource(label.Id,
                token => InstanceLog.ReadAsync(InstanceLog.PathOf(store, stack, label.Id), $"{label.Spec.Component}-{label.Spec.Replica}", null, follow, token)))];
        return follow ? FollowAsync(Sources, cancellationToken) : MergeAsync(Sources(), cancellationToken);
    }

    /// <summary>What is there, each log in its own order and all of them by time.</summary>
    internal static async IAsyncEnumerable<LogLine> MergeAsync(IReadOnlyList<LogSource> sources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PriorityQueue<IAsyncEnumerator<LogLine>, (DateTimeOffset, int)> next = new();
        List<IAsyncEnumerator<LogLine>> open = [];
        try
        {
            foreach (var source in sources)
            {
                var lines = source.Read(cancellationToken).GetAsyncEnumerator(cancellationToken);
                open.Add(lines);
                if (await lines.MoveNextAsync())
                    next.Enqueue(lines, (lines.Current.Time, open.Count));
            }

            while (next.TryDequeue(out var first, out var priority))
            {
                yield return first.Current;
                if (await first.MoveNextAsync())
                    next.Enqueue(first, (first.Current.Time, priority.Item2));
            }
        }
        finally
        {
            foreach (var lines in open)
                await lines.DisposeAsync();
        }
    }

    /// <summary>What is there and what comes, of instances that are there and of those that come.</summary>
    internal static async IAsyncEnumerable<LogLine> FollowAsync(Func<IReadOnlyList<LogSource>> sources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<LogLine>(10_000);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var looking = LookAsync();
        try
        {
            List<LogLine> gathered = [];
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    gathered.Add(await channel.Reader.ReadAsync(cancellationToken));
                    await Task.Delay(Gather, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    break;
                }

                while (channel.Reader.TryRead(out var line))
                    gathered.Add(line);
                foreach (var line in gathered.OrderBy(line => line.Time))
                    yield return line;
                gathered.Clear();
            }
        }
        finally
        {
            await ending.CancelAsync();
            await looking;
        }

        async Task LookAsync()
        {
            HashSet<string> known = [];
            List<Task> pumps = [];
            try
            {
                while (true)
                {
                    pumps.AddRange(sources().Where(source => known.Add(source.Id)).Select(PumpAsync));
                    await Task.Delay(LookAgain, ending.Token);
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(pumps);
            }
        }

        async Task PumpAsync(LogSource source)
        {
            try
            {
                await foreach (var line in source.Read(ending.Token))
                    await channel.Writer.WriteAsync(line, ending.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // Followed no longer, or the instance is gone with its log.
            }
        }
    }
}

/// <summary>One instance's log.</summary>
internal sealed record LogSource(string Id, Func<CancellationToken, IAsyncEnumerable<LogLine>> Read);
