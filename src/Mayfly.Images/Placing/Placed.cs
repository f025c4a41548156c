using Mayfly.Linux;

namespace Mayfly.Images.Placing;

/// <summary>One name that placing makes in a new layer.</summary>
internal sealed record Placed
{
    /// <summary>The real path below the root: links of its parents are resolved, diversions applied.</summary>
    public required string Path { get; init; }

    public required NodeKind Kind { get; init; }

    public required int Mode { get; init; }

    public required int User { get; init; }

    public required int Group { get; init; }

    public required long Time { get; init; }

    /// <summary>The package that brings it; null for folders that only repeat what lies below.</summary>
    public string? Package { get; init; }

    /// <summary>The store's file with the contents of a regular file.</summary>
    public string? Source { get; init; }

    /// <summary>True when the store's file cannot serve as it is: somebody will change the file, or mode or owner differ.</summary>
    public bool Copy { get; init; }

    /// <summary>The path of the <see cref="Placed"/> file that this is a second name of, when that one is a copy.</summary>
    public string? SameAs { get; init; }

    /// <summary>The text of a symbolic link.</summary>
    public string Target { get; init; } = "";

    public int DeviceMajor { get; init; }

    public int DeviceMinor { get; init; }

    public IReadOnlyDictionary<string, byte[]>? Attributes { get; init; }
}
