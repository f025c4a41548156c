namespace Mayfly.Packages.Archives.Zip;

/// <summary>One file or folder of a zip archive. What it says was compared with what stands before its data, and its name leads nowhere else.</summary>
internal sealed record ZipEntry
{
    /// <summary>With slashes between its parts; a folder's ends in one.</summary>
    public required string Name { get; init; }

    public bool IsFolder => Name.EndsWith('/');

    /// <summary>The twelve mode bits; null when the archive was not made on a system that has them.</summary>
    public required int? Mode { get; init; }

    /// <summary>Bytes when decoded.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes in the archive.</summary>
    public required long Packed { get; init; }

    public required uint Checksum { get; init; }

    /// <summary>False when the data stands there as it is.</summary>
    public required bool IsDeflated { get; init; }

    /// <summary>Where its data begins in the archive.</summary>
    public required long Offset { get; init; }
}
