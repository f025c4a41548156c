using System.Text.Json;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images;

/// <summary>The finished images of a store.</summary>
/// <remarks>
/// What it keeps: <c>images/HEX.json</c> for each digest, and <c>images/names/NAME</c> that says which digest a name means now.
/// How it changes: both are written aside and renamed; building a name again moves the name and leaves the older image, which
/// generations may still run, until it is pruned. Why two: several names often mean the same image.
/// </remarks>
public sealed class ImageStore(Store store)
{
    private const int ShortestPrefix = 4;

    private string Names => Path.Combine(store.Folder(StoreArea.Images), "names");

    /// <summary>Every image that has a name, by name.</summary>
    public IReadOnlyList<Image> List()
    {
        if (!Directory.Exists(Names))
            return [];
        return [.. Directory.EnumerateFiles(Names).Select(static path => Uri.UnescapeDataString(Path.GetFileName(path)))
            .Order(StringComparer.Ordinal).Select(Find).OfType<Image>()];
    }

    /// <summary>The image of this name, or of this digest or the beginning of one; null when there is none.</summary>
    public Image? Find(string reference)
    {
        var named = Path.Combine(Names, Uri.EscapeDataString(reference));
        if (File.Exists(named))
            return Read(File.ReadAllText(named).Trim(), reference);
        var prefix = reference.StartsWith("sha256:", StringComparison.Ordinal) ? reference[7..] : reference;
        if (prefix.Length < ShortestPrefix || prefix.Any(static c => !char.IsAsciiHexDigitLower(c)))
            return null;
        var found = Directory.GetFiles(store.Folder(StoreArea.Images), $"{prefix}*.json");
        return found.Length switch
        {
            0 => null,
            1 => Read(Path.GetFileNameWithoutExtension(found[0]), null),
            _ => throw new MayflyException($"{reference} is the beginning of {found.Length} images' digests", "give more of its digits; mayfly image list shows them"),
        };
    }

    /// <summary>As <see cref="Find"/>, but that there is one is expected.</summary>
    public Image Get(string reference) => Find(reference)
        ?? throw new MayflyException($"there is no image {reference}", "mayfly image list shows the images of this store; mayfly up builds those of a stack");

    /// <summary>Where an image's layers are on disk, lowest first, as overlayfs takes them.</summary>
    public IReadOnlyList<string> LayerFolders(Image image)
    {
        var layers = new LayerStore(store);
        foreach (var layer in image.Layers)
        {
            if (!layers.Has(layer.Key))
                throw new MayflyException($"the image {image.Name} lacks its layer '{layer.Origin}' in the store {store.Root}", "it was removed: build the image again");
        }

        return [.. image.Layers.Select(layer => layers.TreeOf(layer.Key))];
    }

    /// <summary>
    /// Layers that no named image and none of <paramref name="keep"/> (digests of images that generations or instances use) is made of.
    /// </summary>
    public IReadOnlyList<string> UnreferencedLayers(IEnumerable<string> keep)
    {
        var used = List().Concat(keep.Select(Find).OfType<Image>()).SelectMany(static image => image.Layers).Select(static layer => layer.Key).ToHashSet(StringComparer.Ordinal);
        return [.. new LayerStore(store).Keys().Where(key => !used.Contains(key)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Takes a name away; the image itself goes when it is pruned.</summary>
    public void RemoveName(string name) => File.Delete(Path.Combine(Names, Uri.EscapeDataString(name)));

    /// <summary>Removes layers, the images that would lack one, and the configured stages that no other layer was made over. Hold the store's exclusive lock.</summary>
    public void RemoveLayers(IReadOnlyCollection<string> keys)
    {
        foreach (var path in Directory.GetFiles(store.Folder(StoreArea.Images), "*.json"))
        {
            if (Read(Path.GetFileNameWithoutExtension(path), null) is { } image && image.Layers.Any(layer => keys.Contains(layer.Key)))
                File.Delete(path);
        }

        using var work = store.BeginWork("prune");
        foreach (var key in keys)
        {
            // Out of sight by one rename first: a half-removed layer must not be found.
            Files.Rename(store.PathOf(StoreArea.Layers, key), Path.Combine(work.Path, key));
        }

        var layers = new LayerStore(store);
        new PrefixStore(store).Keep(layers.Keys().Select(layers.FindReadable).OfType<LayerRecord>().SelectMany(static layer => layer.Prefixes).ToHashSet(StringComparer.Ordinal));
    }

    internal void Write(Image image)
    {
        Directory.CreateDirectory(Names);
        using var work = store.BeginWork("image");
        var json = Path.Combine(work.Path, "image.json");
        File.WriteAllBytes(json, JsonSerializer.SerializeToUtf8Bytes(image, ImagesJson.Default.Image));
        Files.Rename(json, Path.Combine(store.Folder(StoreArea.Images), $"{image.Digest[7..]}.json"));
        var name = Path.Combine(work.Path, "name");
        File.WriteAllText(name, $"{image.Digest[7..]}\n");
        Files.Rename(name, Path.Combine(Names, Uri.EscapeDataString(image.Name)));
    }

    private Image? Read(string digest, string? name)
    {
        var path = Path.Combine(store.Folder(StoreArea.Images), $"{digest}.json");
        if (!File.Exists(path))
            return null;
        var image = JsonSerializer.Deserialize(File.ReadAllBytes(path), ImagesJson.Default.Image)
            ?? throw new MayflyException($"{path} is damaged", "remove it and build the image again");
        return name is null ? image : image with { Name = name };
    }
}
