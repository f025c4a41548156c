using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Mayfly.Packages.Python;

/// <summary>An index page in JSON; PEP 691 with 700 and 714.</summary>
internal static class IndexJson
{
    public const string MediaType = "application/vnd.pypi.simple.v1+json";

    public static IndexPage Read(ReadOnlyMemory<byte> bytes, Uri address)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            IndexPage.RefuseUnknown(root.GetProperty("meta").GetProperty("api-version").GetString(), address);
            return new IndexPage { Files = [.. root.GetProperty("files").EnumerateArray().Select(file => File(file, address)).Where(static file => IndexPage.IsFetched(file.Address))] };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new MayflyException($"{address} sent a page that cannot be read: {e.Message}", IndexPage.Hint, e);
        }
    }

    /// <summary>Writes what a page in HTML says, with whole addresses: it tells neither sizes nor times.</summary>
    public static byte[] Write(IndexPage page)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("meta");
            json.WriteString("api-version", "1.0");
            json.WriteEndObject();
            json.WriteStartArray("files");
            foreach (var file in page.Files)
                Write(json, file);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, IndexFile file)
    {
        json.WriteStartObject();
        json.WriteString("filename", file.Name);
        json.WriteString("url", file.Address.AbsoluteUri);
        Write(json, "hashes", file.Hashes);
        if (file.RequiresPython.Clauses.Count > 0)
            json.WriteString("requires-python", file.RequiresPython.ToString());
        if (file.MetadataHashes.Count > 0)
            Write(json, "core-metadata", file.MetadataHashes);
        else if (file.HasMetadata)
            json.WriteBoolean("core-metadata", true);
        if (file.Yanked is { Length: > 0 } why)
            json.WriteString("yanked", why);
        else if (file.Yanked is not null)
            json.WriteBoolean("yanked", true);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> hashes)
    {
        json.WriteStartObject(name);
        foreach (var (algorithm, digest) in hashes)
            json.WriteString(algorithm, digest);
        json.WriteEndObject();
    }

    private static IndexFile File(JsonElement file, Uri address)
    {
        var name = file.GetProperty("filename").GetString() ?? throw new FormatException("a file has no name");
        var metadata = file.TryGetProperty("core-metadata", out var core) || file.TryGetProperty("dist-info-metadata", out core) ? core : default;
        return new IndexFile
        {
            Name = name,
            Address = new Uri(address, file.GetProperty("url").GetString() ?? throw new FormatException($"{name} has no address")),
            Hashes = Hashes(file.GetProperty("hashes")),
            Size = file.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number ? size.GetInt64() : null,
            RequiresPython = file.TryGetProperty("requires-python", out var python) && python.ValueKind == JsonValueKind.String && VersionSpecifier.TryParse(python.GetString()) is { } versions ? versions : VersionSpecifier.Any,
            HasMetadata = metadata.ValueKind is JsonValueKind.True or JsonValueKind.Object,
            MetadataHashes = metadata.ValueKind == JsonValueKind.Object ? Hashes(metadata) : new Dictionary<string, string>(),
            Yanked = !file.TryGetProperty("yanked", out var yanked) ? null : yanked.ValueKind switch { JsonValueKind.True => "", JsonValueKind.String => yanked.GetString(), _ => null },
            Uploaded = file.TryGetProperty("upload-time", out var time) && DateTimeOffset.TryParse(time.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var uploaded) ? uploaded : null,
        };
    }

    private static IReadOnlyDictionary<string, string> Hashes(JsonElement hashes) =>
        FileDigests.Of(hashes.EnumerateObject().Where(static hash => hash.Value.ValueKind == JsonValueKind.String).Select(static hash => (hash.Name, hash.Value.GetString()!)));
}
