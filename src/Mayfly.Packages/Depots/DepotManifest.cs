using System.Globalization;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Depots;

/// <summary>The signed list of what a depot holds: <c>dists/Depot</c>. apt does not know it; verifying does.</summary>
/// <param name="Suites">Name to the SHA-256 of its InRelease, so that no suite can be put back to an older state alone.</param>
/// <param name="Wheels">SHA-256 of the list of its wheels (<see cref="DepotWheel.ListPath"/>); null when it has none.</param>
internal sealed record DepotManifest(DateTimeOffset Date, IReadOnlyDictionary<string, string> Suites, IReadOnlyList<DepotLock> Locks, string? Wheels = null)
{
    /// <summary>What a Mayfly that knows no wheels would drop when it publishes has a format that it refuses.</summary>
    private const string Format = "1", WithWheels = "2";
    private const string Stamp = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public string Write()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Mayfly-Depot: {(Wheels is null && !Locks.Any(static one => one.IsPython) ? Format : WithWheels)}\nDate: {Date.ToUniversalTime().ToString(Stamp, CultureInfo.InvariantCulture)}\nSuites:\n");
        foreach (var (name, sha256) in Suites.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $" {sha256} {name}\n");
        if (Wheels is not null)
            text.Append(CultureInfo.InvariantCulture, $"Wheels: {Wheels}\n");
        foreach (var kind in Locks.ToLookup(static one => one.IsPython) is var locks && locks.Contains(true) ? (ReadOnlySpan<bool>)[false, true] : [false])
        {
            text.Append(kind ? "Python-Locks:\n" : "Locks:\n");
            foreach (var one in locks[kind])
                text.Append(CultureInfo.InvariantCulture, $" {one.Sha256} {one.Published.ToUniversalTime().ToString(Stamp, CultureInfo.InvariantCulture)} {one.Name}\n");
        }

        return text.ToString();
    }

    /// <exception cref="FormatException">It is none, or of a newer Mayfly.</exception>
    public static DepotManifest Parse(string payload)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new ControlFields(Encoding.UTF8.GetBytes(payload.TrimStart('\n')));
        while (reader.MoveNext())
            fields[Encoding.UTF8.GetString(reader.Name)] = Encoding.UTF8.GetString(reader.Value).Trim();
        if (fields.GetValueOrDefault("Mayfly-Depot") is not { } format)
            throw new FormatException("it is no depot's list");
        if (format is not (Format or WithWheels))
            throw new FormatException($"its format is {format}, this Mayfly knows {Format} and {WithWheels}");
        var wheels = fields.GetValueOrDefault("Wheels");
        if (wheels is not null && !LockFile.IsSha256(wheels))
            throw new FormatException("its Wheels are named by no SHA-256");
        return new DepotManifest(
            Time(fields.GetValueOrDefault("Date", "")),
            Lines("Suites", 2).ToDictionary(static words => words[1], static words => words[0], StringComparer.Ordinal),
            [
                .. Lines("Locks", 3).Select(static words => new DepotLock(words[2], words[0], Time(words[1]))),
                .. Lines("Python-Locks", 3).Select(static words => new DepotLock(words[2], words[0], Time(words[1])) { IsPython = true }),
            ],
            wheels);

        IEnumerable<string[]> Lines(string field, int words)
        {
            foreach (var line in fields.GetValueOrDefault(field, "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var parts = line.Split(' ');
                // The names become paths.
                if (parts.Length != words || !LockFile.IsSha256(parts[0]) || !LockFile.IsPoolPath(parts[^1]) || parts[^1].Contains('/'))
                    throw new FormatException($"a line of its {field} is malformed");
                yield return parts;
            }
        }
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParseExact(text, Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw new FormatException($"'{text}' is no date");
}
