namespace Mayfly.Packages;

/// <summary>What somebody may have meant who wrote a name that nothing has.</summary>
public static class Spelling
{
    /// <summary>
    /// Names near one that nothing has, nearest first: those that some slips of the pen turn into it (one of three letters, at most three), then those of which it is
    /// a whole word (<c>redis</c> of <c>redis-server</c>).
    /// </summary>
    /// <param name="names">What there is.</param>
    /// <param name="written">What was written.</param>
    /// <param name="count">How many at most.</param>
    public static IReadOnlyList<string> Near(IEnumerable<string> names, string written, int count = 3)
    {
        var limit = Math.Clamp(written.Length / 3, 1, 3);
        var near = new List<(string Name, int Distance)>();
        foreach (var name in names)
        {
            if (Distance(written, name, limit) is var distance && distance <= limit)
                near.Add((name, distance));
            else if (written.Length >= 3 && name.Split('-').Contains(written))
                near.Add((name, limit + name.Length));
        }

        return [.. near.OrderBy(static pair => pair.Distance).ThenBy(static pair => pair.Name, StringComparer.Ordinal).Select(static pair => pair.Name).Distinct().Take(count)];
    }

    /// <summary>Changes of one letter, or swaps of two neighbours, that turn one name into the other; more than <paramref name="limit"/> counts as limit + 1.</summary>
    private static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) > limit)
            return limit + 1;
        Span<int> before = stackalloc int[b.Length + 1], previous = stackalloc int[b.Length + 1], current = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            var best = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var value = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    value = Math.Min(value, before[j - 2] + 1);
                current[j] = value;
                best = Math.Min(best, value);
            }

            if (best > limit)
                return limit + 1;
            var spare = before;
            before = previous;
            previous = current;
            current = spare;
        }

        return Math.Min(previous[b.Length], limit + 1);
    }
}
