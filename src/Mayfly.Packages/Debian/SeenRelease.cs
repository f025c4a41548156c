using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mayfly.Packages.Debian;

/// <summary>
/// The newest Release file of a suite that this store has seen, as it was served: <c>indexes/seen-&lt;suite&gt;.json</c>.
/// </summary>
/// <remarks>
/// Keeps the signed bytes and how their mirror names their state, so that an unchanged suite costs one conditional request. Replaced by a rename when a
/// newer one was verified; its signature is verified again whenever it is used, so the file itself need not be trusted. Lost, it costs
/// one transfer.
/// </remarks>
internal sealed record SeenRelease
{
    /// <summary>InRelease, or Release when <see cref="Signature"/> is there.</summary>
    public required byte[] File { get; init; }

    /// <summary>Release.gpg, for archives without InRelease.</summary>
    public byte[]? Signature { get; init; }

    /// <summary>The address that served it.</summary>
    public required string From { get; init; }

    public string? Tag { get; init; }

    public string? Modified { get; init; }

    /// <summary>What stands before the names of suites of these depots: each has its own dates, which say nothing of another's.</summary>
    public static string OfDepots(IEnumerable<Uri> depots) => "depot-" + Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join(' ', depots))))[..12] + "-";

    /// <summary>All that were ever seen, of whatever archive.</summary>
    public static IEnumerable<SeenRelease> All(Store store) => Directory.EnumerateFiles(store.Folder(StoreArea.Indexes), "seen-*.json").Order(StringComparer.Ordinal).Select(Read).OfType<SeenRelease>();

    public static SeenRelease? Read(Store store, DebianSource source) => Read(PathOf(store, source));

    private static SeenRelease? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), SeenReleaseJson.Default.SeenRelease);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(Store store, DebianSource source)
    {
        using var work = store.BeginWork("seen");
        var path = Path.Combine(work.Path, "seen");
        System.IO.File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, SeenReleaseJson.Default.SeenRelease));
        Mayfly.Linux.Files.Rename(path, PathOf(store, source));
    }

    /// <summary>Where it lies; a snapshot has one of its own, for it says nothing of what is newest.</summary>
    public static string PathOf(Store store, DebianSource source) =>
        store.PathOf(StoreArea.Indexes, $"seen-{source.SeenAs}{source.Suite}{(source.Snapshot is { } snapshot ? $"@{snapshot.Stamp}" : "")}.json");
}

// Generated code writes null bytes as an empty text, which would be a signature.
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SeenRelease))]
internal sealed partial class SeenReleaseJson : JsonSerializerContext;
