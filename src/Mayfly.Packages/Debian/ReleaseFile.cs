using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>The signed description of a suite: who it says it is, when it was made, and the size and SHA-256 of every index.</summary>
internal sealed record ReleaseFile
{
    public required string Origin { get; init; }

    public required string Label { get; init; }

    public required string Suite { get; init; }

    public required string Codename { get; init; }

    public required DateTimeOffset Date { get; init; }

    public DateTimeOffset? ValidUntil { get; init; }

    public IReadOnlyList<string> Architectures { get; init; } = [];

    public IReadOnlyList<string> Components { get; init; } = [];

    /// <summary>True when indexes can be had under the name of their hash, which no update of the mirror can pull away.</summary>
    public bool ByHash { get; init; }

    /// <summary>True when packages of architecture all have an index of their own.</summary>
    public bool SeparateAll { get; init; }

    /// <summary>apt's pin priority, from NotAutomatic and ButAutomaticUpgrades.</summary>
    public int Priority { get; init; } = 500;

    public ReleaseIdentity Identity => new(Origin, Label, Suite, Codename);

    /// <summary>Of InRelease as it was served.</summary>
    public required string Digest { get; init; }

    /// <summary>Path below the suite's folder to size and SHA-256.</summary>
    public required IReadOnlyDictionary<string, (long Size, string Sha256)> Files { get; init; }

    /// <summary>Parses a payload whose signature was good.</summary>
    /// <exception cref="FormatException">A field is missing or malformed.</exception>
    public static ReleaseFile Parse(string payload, byte[] served)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        // One stanza: apt reads the first one only, and whoever reads on could be told something else than it.
        var stanza = payload.Trim('\n');
        if (stanza.Contains("\n\n", StringComparison.Ordinal))
            throw new FormatException("it holds more than one stanza");
        var reader = new ControlFields(Encoding.UTF8.GetBytes(stanza));
        while (reader.MoveNext())
        {
            var name = Encoding.ASCII.GetString(reader.Name);
            if (!fields.TryAdd(name, Encoding.UTF8.GetString(reader.Value)))
                throw new FormatException($"its field {name} is there twice");
        }

        var architectures = Words("Architectures");
        return new ReleaseFile
        {
            Origin = Text("Origin"),
            Label = Text("Label"),
            Suite = Text("Suite"),
            Codename = Text("Codename"),
            Date = Time("Date") ?? throw new FormatException("it has no Date"),
            ValidUntil = Time("Valid-Until"),
            Architectures = architectures,
            Components = Words("Components"),
            ByHash = Text("Acquire-By-Hash") == "yes",
            SeparateAll = architectures.Contains("all") && !Words("No-Support-for-Architecture-all").Contains("Packages"),
            Priority = Text("NotAutomatic") != "yes" ? 500 : Text("ButAutomaticUpgrades") == "yes" ? 100 : 1,
            Digest = Convert.ToHexStringLower(SHA256.HashData(served)),
            Files = Sums(Text("SHA256"), Text("MD5Sum").Length > 0 || Text("SHA1").Length > 0),
        };

        string Text(string name) => fields.GetValueOrDefault(name, "").Trim();
        string[] Words(string name) => Text(name).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        DateTimeOffset? Time(string name)
        {
            if (Text(name) is not { Length: > 0 } text)
                return null;
            // RFC 5322's form, always in universal time, "UTC" where that says "GMT".
            var normal = text.EndsWith(" UTC", StringComparison.Ordinal) ? text[..^4] + " GMT" : text;
            return DateTimeOffset.TryParse(normal, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new FormatException($"its {name} is no date ({text})");
        }
    }

    /// <summary>How far ahead of this machine's clock a Release file may be, as in apt: clocks that a time server sets differ by less.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with it for who asked for this suite at this time, or null; the hint says what to do.</summary>
    /// <param name="source">What was asked for.</param>
    /// <param name="architecture">Such as <c>amd64</c>.</param>
    /// <param name="own">True when the distribution's own key signed it, and not only one that the user trusts: then it must name itself as the distribution does.</param>
    /// <param name="now">This machine's clock.</param>
    public (string Message, string Hint)? Refusal(DebianSource source, string architecture, bool own, DateTimeOffset now)
    {
        if (ReleaseLayout.OfSuite(source.Suite) is { } known)
        {
            var (title, layout) = (known.Release.Distribution.Title, known.Suite);
            if (Codename != layout.Codename)
                return ($"it describes {Codename}", $"the mirror serves another suite under the name {source.Suite}: name another mirror");
            if (own && Origin != known.Release.Distribution.Origin)
                return ($"it is of {Origin} ({Label}), not of {title}", $"name a mirror of {title} itself");
            if (own && Label != layout.Label)
                return ($"its Label is {Label}, not {layout.Label}", "the mirror mixes up the archive and its security updates, or is of somebody else: name another mirror");
        }

        if (source.Snapshot is { } snapshot && Date > snapshot.Time)
            return ($"its date {Date:u} is later than the snapshot {snapshot.Name}", "the service gives another state than was asked for: look at the address `snapshots` of the configuration file");
        if (Date > now + ClockTolerance)
            return ($"its date {Date:u} is in the future ({Duration(Date - now)} ahead; {ClockTolerance.TotalSeconds:0} s are let pass)", $"this machine's clock says {now:u}: set it right");
        // A snapshot is old on purpose; of everything else this is how an attacker who holds updates back is noticed.
        if (source.Snapshot is null && ValidUntil < now)
            return ($"it expired on {ValidUntil:u}, {Duration(now - ValidUntil.Value)} ago", $"the mirror is out of date (name another one), or this machine's clock ({now:u}) is wrong");
        if (!Architectures.Contains(architecture))
            return ($"it has no architecture {architecture}, only {string.Join(", ", Architectures)}", "ask for one of those");
        // The security archive's components are called updates/main but lie in main/.
        var missing = source.Components.FirstOrDefault(component => !Components.Contains(component) && !Components.Contains("updates/" + component));
        return missing is null ? null : ($"it has no component {missing}, only {string.Join(", ", Components)}", "ask for those only (`components` of the configuration file, or the host's apt sources)");
    }

    public LockedRelease Lock(DebianSource source) => new()
    {
        Id = source.Suite,
        Origin = Origin,
        Label = Label,
        Suite = Suite,
        Codename = Codename,
        Date = Date,
        Snapshot = source.Snapshot?.Time,
        Digest = Digest,
        Components = source.Components,
    };

    private static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => $"{span.TotalSeconds:0} s",
        { TotalMinutes: < 120 } => $"{span.TotalMinutes:0} min",
        { TotalHours: < 48 } => $"{span.TotalHours:0} h",
        _ => $"{span.TotalDays:0} days",
    };

    private static Dictionary<string, (long, string)> Sums(string text, bool weaker)
    {
        if (text.Length == 0)
            throw new WeakReleaseException(weaker ? "it lists its indexes with MD5 or SHA-1 sums only, which can be forged" : "it lists no SHA256 sums");
        var files = new Dictionary<string, (long, string)>(StringComparer.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var rest = line.Trim();
            if (rest.IsEmpty)
                continue;
            var first = rest.IndexOf(' ');
            var last = rest.LastIndexOf(' ');
            if (first != 64 || last <= first || rest[..64].ContainsAnyExcept("0123456789abcdef")
                || !long.TryParse(rest[first..last].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                throw new FormatException("a line of its SHA256 sums is malformed");
            files[rest[(last + 1)..].ToString()] = (size, rest[..64].ToString());
        }

        return files;
    }
}
