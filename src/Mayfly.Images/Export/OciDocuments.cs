using System.Text.Json.Serialization;

namespace Mayfly.Images.Export;

/// <summary>The JSON documents of OCI's image-spec 1.1, and Docker's own list of what an archive holds.</summary>
internal sealed record OciDescriptor(
    [property: JsonPropertyName("mediaType")] string MediaType,
    [property: JsonPropertyName("digest")] string Digest,
    [property: JsonPropertyName("size")] long Size)
{
    [JsonPropertyName("annotations")]
    public SortedDictionary<string, string>? Annotations { get; init; }
}

internal sealed record OciIndex(
    [property: JsonPropertyName("schemaVersion")] int SchemaVersion,
    [property: JsonPropertyName("mediaType")] string MediaType,
    [property: JsonPropertyName("manifests")] IReadOnlyList<OciDescriptor> Manifests);

internal sealed record OciManifest(
    [property: JsonPropertyName("schemaVersion")] int SchemaVersion,
    [property: JsonPropertyName("mediaType")] string MediaType,
    [property: JsonPropertyName("config")] OciDescriptor Config,
    [property: JsonPropertyName("layers")] IReadOnlyList<OciDescriptor> Layers);

internal sealed record OciConfig
{
    [JsonPropertyName("created")]
    public required string Created { get; init; }

    [JsonPropertyName("architecture")]
    public required string Architecture { get; init; }

    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    [JsonPropertyName("os")]
    public string System { get; init; } = "linux";

    [JsonPropertyName("config")]
    public required OciRunConfig Run { get; init; }

    [JsonPropertyName("rootfs")]
    public required OciRootFileSystem RootFileSystem { get; init; }

    [JsonPropertyName("history")]
    public required IReadOnlyList<OciHistory> History { get; init; }
}

internal sealed record OciRunConfig
{
    [JsonPropertyName("User")]
    public string? User { get; init; }

    [JsonPropertyName("ExposedPorts")]
    public SortedDictionary<string, OciEmpty>? ExposedPorts { get; init; }

    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Environment { get; init; }

    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Command { get; init; }

    [JsonPropertyName("WorkingDir")]
    public string? WorkingDirectory { get; init; }

    [JsonPropertyName("Labels")]
    public SortedDictionary<string, string>? Labels { get; init; }
}

internal sealed record OciEmpty;

internal sealed record OciRootFileSystem(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("diff_ids")] IReadOnlyList<string> DiffIds);

internal sealed record OciHistory(
    [property: JsonPropertyName("created")] string Created,
    [property: JsonPropertyName("created_by")] string CreatedBy);

/// <summary>An entry of <c>manifest.json</c>, which <c>docker load</c> reads where it knows no OCI layout.</summary>
internal sealed record DockerManifest(
    [property: JsonPropertyName("Config")] string Config,
    [property: JsonPropertyName("RepoTags")] IReadOnlyList<string> Tags,
    [property: JsonPropertyName("Layers")] IReadOnlyList<string> Layers);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciIndex))]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciConfig))]
[JsonSerializable(typeof(DockerManifest[]))]
internal sealed partial class OciJson : JsonSerializerContext;
