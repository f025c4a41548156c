using System.Threading.Channels;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests;

public sealed class StackLogsTests
{
    private static LogLine Line(string instance, int second) => new(instance, DateTimeOffset.UnixEpoch.AddSeconds(second), false, $"{instance} {second}");

    private static async IAsyncEnumerable<LogLine> Lines(params LogLine[] lines)
    {
        foreach (var line in lines)
        {
            await Task.Yield();
            yield return line;
        }
    }

    [Fact]
    public async Task Logs_are_merged_by_time_each_in_its_own_order()
    {
        // A clock that stepped back must not reorder one instance's own lines.
        LogSource[] sources =
        [
            new("a", _ => Lines(Line("web-1", 1), Line("web-1", 4), Line("web-1", 3), Line("web-1", 9))),
            new("b", _ => Lines(Line("web-2", 2), Line("web-2", 5))),
            new("c", _ => Lines()),
        ];
        List<string> merged = [];
        await foreach (var line in StackLogs.MergeAsync(sources, CancellationToken.None))
            merged.Add(line.Text);
        Assert.Equal(["web-1 1", "web-2 2", "web-1 4", "web-1 3", "web-2 5", "web-1 9"], merged);
    }

    [Fact]
    public async Task Following_takes_up_instances_that_come_and_ends_when_cancelled()
    {
        var live = Channel.CreateUnbounded<LogLine>();
        List<LogSource> sources = [new("a", token => live.Reader.ReadAllAsync(token))];
        using var ending = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        List<string> followed = [];
        live.Writer.TryWrite(Line("web-1", 1));
        await foreach (var line in StackLogs.FollowAsync(() => [.. sources], ending.Token))
        {
            followed.Add(line.Text);
            if (followed.Count == 1)
                sources.Add(new("b", _ => Lines(Line("web-2", 2))));
            if (followed.Count == 2)
                live.Writer.TryWrite(Line("web-1", 3));
            if (followed.Count == 3)
                await ending.CancelAsync();
        }

        Assert.Equal(["web-1 1", "web-2 2", "web-1 3"], followed);
    }
}
