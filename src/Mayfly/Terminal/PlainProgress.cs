using System.Diagnostics;

namespace Mayfly.Terminal;

/// <summary>Progress as plain lines: when a piece of work begins, at most every two seconds while it goes on, and when it ends.</summary>
internal sealed class PlainProgress(TextWriter writer) : IProgress<Activity>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, (long Started, long Said)> _known = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public void Report(Activity activity)
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            var begun = _known.TryGetValue(activity.Name, out var times);
            if (!begun)
                times = (now, 0);
            if (activity.Ended)
            {
                _known.Remove(activity.Name);
                var elapsed = Stopwatch.GetElapsedTime(times.Started, now).TotalSeconds;
                writer.WriteLine($"{activity.Name}: {activity.Detail ?? "done"}{(elapsed >= 0.1 ? $" ({elapsed:0.0} s)" : "")}");
                return;
            }

            // The first word of a piece of work waits until it has taken a moment: short ones are told by their end alone.
            if (activity.AtOnce || (begun && Stopwatch.GetElapsedTime(Math.Max(times.Said, times.Started), now) >= Pause))
            {
                times.Said = now;
                writer.WriteLine($"{activity.Name}: {activity.Detail}{Share(activity)}");
            }

            _known[activity.Name] = times;
        }
    }

    internal static string Share(Activity activity) => activity.Total > 0 ? $" {100 * activity.Done / activity.Total} %" : "";
}
