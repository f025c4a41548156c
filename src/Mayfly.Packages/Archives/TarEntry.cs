namespace Mayfly.Packages.Archives;

/// <summary>One entry of a tar archive as its headers say, before anything about it is believed.</summary>
internal sealed record TarEntry
{
    /// <summary>The name as written: <c>./usr/bin/</c>.</summary>
    public required string Name { get; init; }

    public required EntryType Type { get; init; }

    /// <summary>The twelve mode bits.</summary>
    public required int Mode { get; init; }

    public required int UserId { get; init; }

    public required int GroupId { get; init; }

    public required string User { get; init; }

    public required string Group { get; init; }

    /// <summary>Whole seconds since 1970.</summary>
    public required long Time { get; init; }

    /// <summary>Bytes of contents that follow; 0 for everything but regular files.</summary>
    public required long Size { get; init; }

    /// <summary>What a link points to, as written; empty for everything else.</summary>
    public required string Target { get; init; }

    public int DeviceMajor { get; init; }

    public int DeviceMinor { get; init; }

    public IReadOnlyDictionary<string, byte[]> Attributes { get; init; } = NoAttributes;

    internal static readonly IReadOnlyDictionary<string, byte[]> NoAttributes = new Dictionary<string, byte[]>();
}
