using System.Diagnostics;
using System.Runtime.InteropServices;
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
internal static partial class Alternation
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

    /// <summary>User and system time of this process and of its ended children, by getrusage(2).</summary>
    private static unsafe double ProcessorSeconds()
    {
        const int Self = 0, Children = -1;
        // struct rusage begins with two timevals, and has 14 more words.
        var usage = stackalloc long[18];
        var seconds = 0.0;
        foreach (var who in (ReadOnlySpan<int>)[Self, Children])
        {
            if (getrusage(who, usage) != 0)
                throw new InvalidOperationException("getrusage(2) refuses to tell of this process");
            seconds += usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6);
        }

        return seconds;
    }

    [LibraryImport("libc")]
    private static unsafe partial int getrusage(int who, long* usage);
}
