using System.Diagnostics;
using Mayfly.Linux;

namespace Mayfly.Benchmarks;

/// <summary>One side of a comparison.</summary>
internal sealed record Contestant(Func<Task> Run)
{
    /// <summary>Not measured.</summary>
    public Func<Task> Before { get; init; } = () => Task.CompletedTask;
}

/// <summary>What one side took, round by round.</summary>
internal sealed record Series(IReadOnlyList<double> Wall, IReadOnlyList<double> Processor)
{
    public Spread Time => Spread.Of(Unit.Seconds, Wall);

    /// <summary>Of this program and of all that it waited for; not of services that worked for them.</summary>
    public Spread ProcessorTime => Spread.Of(Unit.Seconds, Processor);
}

/// <summary>Measures sides by turns (A B C, A B C …), so that whatever else the machine does meets all of them.</summary>
internal static class Alternation
{
    /// <param name="folder">On the disk that they work on: what is yet to be written is written before each turn.</param>
    /// <param name="unmeasured">Rounds before, for caches and compilers to get warm.</param>
    public static async Task<IReadOnlyList<Series>> RunAsync(string folder, int rounds, int unmeasured, CancellationToken cancellationToken, params IReadOnlyList<Contestant> contestants)
    {
        var series = contestants.Select(_ => (Wall: new List<double>(), Processor: new List<double>())).ToArray();
        for (var round = -unmeasured; round < rounds; round++)
        {
            foreach (var (contestant, at) in contestants.Select((contestant, at) => (contestant, at)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await contestant.Before();
                Files.SyncFileSystem(folder);
                var (processor, clock) = (ProcessorSeconds(), Stopwatch.GetTimestamp());
                await contestant.Run();
                var wall = Stopwatch.GetElapsedTime(clock).TotalSeconds;
                if (round < 0)
                    continue;
                series[at].Wall.Add(wall);
                series[at].Processor.Add(ProcessorSeconds() - processor);
            }
        }

        return [.. series.Select(one => new Series(one.Wall, one.Processor))];
    }

    private static double ProcessorSeconds() => ResourceUsage.Own.ProcessorSeconds + ResourceUsage.OfChildren.ProcessorSeconds;
}
