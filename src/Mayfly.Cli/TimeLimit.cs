using System.Globalization;

namespace Mayfly.Cli;

/// <summary>How long something may take, written as timeout(1) has it: a number with s, m, h or d behind it, seconds without; 0 for as long as it likes.</summary>
internal static class TimeLimit
{
    /// <summary>Longer than anything takes, and what timers still count.</summary>
    private const int MostDays = 30;

    /// <param name="text">As it was typed.</param>
    /// <param name="option">The option that it was typed for, in messages.</param>
    /// <exception cref="UsageException">It is no time.</exception>
    public static TimeSpan Parse(string text, string option)
    {
        var seconds = text is [.. var number, 's' or 'm' or 'h' or 'd'] ? Number(number) * (text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 86_400 }) : Number(text);
        if (seconds is not (>= 0 and <= MostDays * 86_400))
            throw new UsageException($"{option} {text} is no time", $"such as 90s, 10m or 2h, at most {MostDays}d; 0 for no limit");
        return seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(Math.Max(seconds, 0.001));
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
