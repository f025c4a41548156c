using Mayfly.Images.Export;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images;

/// <summary>
/// Writes images as files for other tools: an OCI archive that skopeo, podman and Docker load, or the plain tree. The same
/// image gives the same bytes; the output appears under its name only when it is whole.
/// </summary>
public sealed class ImageExport(Store store)
{
    private readonly LayerStore _layers = new(store);

    /// <summary>An OCI archive with gzip layers.</summary>
    public async Task WriteOciArchiveAsync(Image image, string path, ImageConfiguration? configuration = null, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var activity = $"export {image.Name}";
        var records = Records(image);
        // A blob is named by the hash of what it becomes, so each is compressed aside first, as many at once as there are cores.
        using var work = store.BeginWork("export");
        var blobs = new OciDescriptor[records.Count];
        var done = 0;
        await Parallel.ForAsync(0, records.Count, cancellationToken, (at, cancellation) =>
        {
            blobs[at] = OciArchive.Compress(_layers.TreeOf(records[at].Key), records[at], work.Path, cancellation);
            progress?.Report(new Activity(activity, records[at].Origin) { Done = Interlocked.Increment(ref done), Total = records.Count });
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        var archive = new OciArchive(image, records, configuration ?? new ImageConfiguration());
        await WriteAsync(path, output => archive.Write(output, blobs, work.Path, cancellationToken), cancellationToken).ConfigureAwait(false);
        progress?.Report(new Activity(activity, path) { Ended = true });
    }

    /// <summary>The whole tree as one tar, as if all layers were mounted.</summary>
    public async Task WriteTarAsync(Image image, string path, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var activity = $"export {image.Name}";
        var records = Records(image);
        progress?.Report(new Activity(activity));
        using var work = store.BeginWork("export");
        await WriteAsync(path, output =>
        {
            using var thread = new NamespaceThread(Namespaces.Mounts, "export");
            thread.Run(() =>
            {
                var root = OverlayView.Mount([.. records.Select(record => _layers.TreeOf(record.Key))], work.Path);
                LayerTar.Write(LayerWalk.Here(root, cancellationToken), output, records.Max(static record => record.Epoch));
                if (records.Count > 1)
                    Mounts.Detach(root);
            });
        }, cancellationToken).ConfigureAwait(false);
        progress?.Report(new Activity(activity, path) { Ended = true });
    }

    private List<LayerRecord> Records(Image image) =>
        [.. image.Layers.Select(layer => _layers.Find(layer.Key)
            ?? throw new MayflyException($"the image {image.Name} lacks its layer '{layer.Origin}' in the store {store.Root}", "it was removed: build the image again"))];

    private static async Task WriteAsync(string path, Action<Stream> write, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => WholeFile.Write(path, write), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path} cannot be written: {e.Message}", "name a file in a folder that exists and may be written, on a disk with room", e);
        }
    }
}
