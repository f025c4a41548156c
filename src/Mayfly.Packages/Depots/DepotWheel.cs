using System.Globalization;
using System.Text;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Depots;

/// <summary>One wheel of a depot: a stanza of <c>dists/Wheels</c>, from which the pages that pip reads are made.</summary>
public sealed record DepotWheel
{
    internal const string ListPath = "dists/Wheels";

    private const string Stamp = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>The file's name, which says project, version, and what it runs on.</summary>
    public required string File { get; init; }

    /// <summary>Lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Size { get; init; }

    /// <summary>Of its <c>METADATA</c>, which lie beside it (PEP 658).</summary>
    public required string MetadataSha256 { get; init; }

    /// <summary>Which interpreters it is for; empty for any.</summary>
    public string RequiresPython { get; init; } = "";

    /// <summary>Why its project withdrew it (PEP 592), perhaps without a word; null when it did not, as far as was known when it was published last.</summary>
    public string? Yanked { get; init; }

    /// <summary>In SPDX's words; null where its metadata say nothing that can be read.</summary>
    public string? Licence { get; init; }

    /// <summary>What it was built from and with; null for one that an index had as it is.</summary>
    public WheelOrigin? Origin { get; init; }

    /// <summary>When it came into the depot, to the second.</summary>
    public required DateTimeOffset Published { get; init; }

    /// <summary>SHA-256 of the locks that it was published with, sorted.</summary>
    public required IReadOnlyList<string> Locks { get; init; }

    /// <summary>What the file's name says.</summary>
    public WheelName ReadName() => WheelName.TryParse(File)!;

    /// <summary>The folder of its project.</summary>
    internal string Folder => $"{SimplePages.Folder}/{ReadName().Project}";

    internal string Path => $"{Folder}/{File}";

    internal string MetadataPath => $"{Path}.metadata";

    /// <summary>By project, older versions first: the same wheels are always in the same order.</summary>
    internal static IComparer<DepotWheel> Order { get; } = Comparer<DepotWheel>.Create(static (one, other) =>
    {
        var (left, right) = (one.ReadName(), other.ReadName());
        var order = string.CompareOrdinal(left.Project.Text, right.Project.Text);
        if (order == 0)
            order = left.Version.CompareTo(right.Version);
        return order != 0 ? order : string.CompareOrdinal(one.File, other.File);
    });

    /// <summary>True for a wheel's name that may become a path and a part of an address.</summary>
    public static bool IsFileName(string name) => WheelName.TryParse(name) is not null && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or '!');

    internal static byte[] Write(IEnumerable<DepotWheel> wheels)
    {
        var text = new StringBuilder();
        foreach (var wheel in wheels)
        {
            text.Append(CultureInfo.InvariantCulture, $"Wheel: {wheel.File}\nSize: {wheel.Size}\nSHA256: {wheel.Sha256}\nMetadata-SHA256: {wheel.MetadataSha256}\n");
            if (wheel.RequiresPython.Length > 0)
                text.Append($"Requires-Python: {wheel.RequiresPython}\n");
            if (wheel.Yanked is { } reason)
                text.Append($"Yanked: {OneLine(reason)}\n");
            if (wheel.Licence is { } licence)
                text.Append($"Licence: {OneLine(licence)}\n");
            if (wheel.Origin is { } origin)
                text.Append($"Built-From: {origin.Sources}\nBuilt-By: {OneLine(origin.Interpreter)}\nBuilt-With:\n{string.Concat(origin.With.Select(static one => $" {one}\n"))}");
            text.Append(CultureInfo.InvariantCulture, $"Published: {wheel.Published.ToUniversalTime().ToString(Stamp, CultureInfo.InvariantCulture)}\nLocks: {string.Join(' ', wheel.Locks)}\n\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <exception cref="FormatException">It is no such list, or a name in it would lead out of the depot.</exception>
    internal static IReadOnlyList<DepotWheel> ReadAll(byte[] list)
    {
        var all = new List<DepotWheel>();
        var reader = new ControlReader(new MemoryStream(list));
        for (var text = reader.Read(); !text.IsEmpty; text = reader.Read())
            all.Add(Parse(text));
        return all;
    }

    private static DepotWheel Parse(ReadOnlySpan<byte> text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new ControlFields(text);
        while (reader.MoveNext())
            fields[Encoding.UTF8.GetString(reader.Name)] = Encoding.UTF8.GetString(reader.Value).Trim();
        var (file, sha256, metadata) = (Field("Wheel"), Field("SHA256"), Field("Metadata-SHA256"));
        string[] locks = Field("Locks").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!IsFileName(file) || !LockFile.IsSha256(sha256) || !LockFile.IsSha256(metadata) || !locks.All(static one => LockFile.IsSha256(one)) || !long.TryParse(Field("Size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || !DateTimeOffset.TryParseExact(Field("Published"), Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var published))
            throw new FormatException($"the stanza of '{file}' lacks a field, or has a wrong one");
        return new DepotWheel
        {
            File = file,
            Sha256 = sha256,
            Size = size,
            MetadataSha256 = metadata,
            RequiresPython = Field("Requires-Python"),
            Yanked = fields.GetValueOrDefault("Yanked"),
            Licence = fields.GetValueOrDefault("Licence"),
            Origin = fields.ContainsKey("Built-From") ? new WheelOrigin(WheelInput.Parse(Field("Built-From")), Field("Built-By"), [.. Field("Built-With").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(WheelInput.Parse)]) : null,
            Published = published,
            Locks = locks,
        };

        string Field(string name) => fields.GetValueOrDefault(name, "");
    }

    /// <summary>Reasons are anybody's words; a line of theirs must not become a field.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
}
