namespace Mayfly.Packages.Python;

/// <summary>One file of a project, as an index offers it; the simple repository API (PEP 503, 592, 658, 691, 700, 714).</summary>
public sealed record IndexFile
{
    public required string Name { get; init; }

    public required Uri Address { get; init; }

    /// <summary>Digests by algorithm, in small letters: <c>sha256</c>. Empty when the index says none.</summary>
    public IReadOnlyDictionary<string, string> Hashes { get; init; } = new Dictionary<string, string>();

    /// <summary>In bytes; null when the index does not say.</summary>
    public long? Size { get; init; }

    /// <summary>Which interpreters it is for; any where the index says nothing, or nothing that can be read.</summary>
    public VersionSpecifier RequiresPython { get; init; } = VersionSpecifier.Any;

    /// <summary>True when its metadata can be had alone, at the same address with <c>.metadata</c> after it.</summary>
    public bool HasMetadata { get; init; }

    /// <summary>Of the metadata file; empty when the index says none.</summary>
    public IReadOnlyDictionary<string, string> MetadataHashes { get; init; } = new Dictionary<string, string>();

    /// <summary>Why it should not be taken any more (PEP 592), perhaps without a word; null when it may.</summary>
    public string? Yanked { get; init; }

    public DateTimeOffset? Uploaded { get; init; }

    /// <summary>The address that it was asked for by; null for a file of an index.</summary>
    public DirectReference? Direct { get; init; }
}
