using System.Text.Json.Serialization;
using Mayfly.Packages;

namespace Mayfly.Images.Layers;

/// <summary>What the store notes of a layer beside its tree: the file <c>layer.json</c>.</summary>
internal sealed record LayerRecord
{
    public int Format { get; init; } = StackLock.CurrentFormat;

    public required string Key { get; init; }

    /// <summary>The key of the layer below; null for a base.</summary>
    public string? Below { get; init; }

    /// <summary><c>sha256:…</c> of the uncompressed tar.</summary>
    public required string Digest { get; init; }

    /// <summary>Bytes of the uncompressed tar.</summary>
    public required long Size { get; init; }

    public required string Origin { get; init; }

    /// <summary>The latest time in the tar, in seconds since 1970.</summary>
    public required long Epoch { get; init; }

    /// <summary>Users and groups that this layer added to the image.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <summary>Tables of ids that gave it these accounts, as <see cref="IdTable.Fingerprint"/>: with another one, a name that is not in it may get another number.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>What was generated for one machine alone and is not in the tree: names of <see cref="Images.LeftOut.Table"/>.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Keys of the configured stages that it was made over, and which it left for others: <see cref="PrefixStore"/>.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];
}

/// <summary>A layer as its maker hands it to the store.</summary>
internal sealed record LayerContents(string Tree)
{
    /// <inheritdoc cref="LayerRecord.Ids"/>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <inheritdoc cref="LayerRecord.LeftOut"/>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Keys of the configured stages that it was made over.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Stages that it configured and that others may begin over, lowest first.</summary>
    public IReadOnlyList<MadePrefix> MadePrefixes { get; init; } = [];
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LayerRecord))]
[JsonSerializable(typeof(PrefixRecord))]
[JsonSerializable(typeof(Image))]
internal sealed partial class ImagesJson : JsonSerializerContext;
