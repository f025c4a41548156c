using System.Security.Cryptography;
using System.Text;
using Mayfly.Images.Building;
using Mayfly.Images.Layers;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images;

/// <summary>
/// Builds images: layer over layer, each only when the store lacks it. Any number may be built at once, over one store and
/// by several processes; a layer that two need is made by one of them.
/// </summary>
public sealed class ImageBuilder(Store store)
{
    private readonly LayerStore _layers = new(store);

    /// <summary>
    /// Builds what is missing and lists the image under its name. The packages' artifacts must have been fetched; they are unpacked
    /// here when a layer needs them.
    /// </summary>
    public async Task<Image> BuildAsync(StackLock stack, ImageRecipe recipe, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var steps = BuildSteps.Of(stack, recipe);
        var epoch = BuildSteps.EpochOf(stack);
        if (steps.Any(step => !_layers.Has(step.Key)))
            BuildRequirements.Check();
        // While the base is configured on one core, the rest is unpacked on the other.
        var later = Task.CompletedTask;
        var records = new List<LayerRecord>();
        try
        {
            foreach (var step in steps)
            {
                if (_layers.Find(step.Key) is { } present)
                {
                    records.Add(present);
                    continue;
                }

                if (step is PackageStep packages)
                {
                    await later.ConfigureAwait(false);
                    await UnpackAsync(packages, progress, cancellationToken).ConfigureAwait(false);
                    if (steps.OfType<PackageStep>().FirstOrDefault(other => other != step && !_layers.Has(other.Key)) is { } next && packages.Below is null)
                        later = UnpackAsync(next, progress, cancellationToken);
                }

                IReadOnlyList<string> below = [.. records.Select(record => _layers.TreeOf(record.Key))];
                var build = new LayerBuild(store, below, epoch, progress);
                records.Add(await _layers.GetAsync(step.Key, step.Below, step.Origin, epoch, work => build.Make(step, work, cancellationToken), cancellationToken).ConfigureAwait(false));
            }
        }
        finally
        {
            // Its failure, if it failed, was thrown above or does not matter beside the one that brought us here.
            await later.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var image = new Image
        {
            Name = recipe.Name,
            Architecture = stack.Architecture,
            Layers = [.. records.Select(static record => new ImageLayer(record.Key, record.Digest, record.Origin))],
            Digest = DigestOf(stack.Architecture, records.Select(static record => record.Digest)),
        };
        new ImageStore(store).Write(image);
        return image;
    }

    /// <summary>What building would do, as data; the store is only looked at.</summary>
    public ImagePlan Plan(StackLock stack, ImageRecipe recipe)
    {
        var before = new ImageStore(store).Find(recipe.Name);
        var steps = BuildSteps.Of(stack, recipe);
        var layers = new List<PlannedLayer>();
        string? cause = null;
        foreach (var step in steps)
        {
            if (_layers.Has(step.Key))
            {
                layers.Add(new PlannedLayer(step.Key, step.Origin, IsBuilt: true, "in the store"));
                continue;
            }

            var reason = cause is not null ? $"follows '{cause}'"
                : before is null ? "first build"
                : layers.Count < before.Layers.Count && before.Layers[layers.Count].Origin == step.Origin ? "its contents changed"
                : "the recipe changed here";
            cause ??= step.Origin;
            layers.Add(new PlannedLayer(step.Key, step.Origin, IsBuilt: false, reason));
        }

        return new ImagePlan(recipe.Name, layers);
    }

    /// <summary>The users and groups that an image's own packages and commands made, to be appended to the lock's table.</summary>
    public IReadOnlyList<LockedId> ReadIds(Image image) =>
        [.. image.Layers.Select(layer => _layers.Find(layer.Key)).OfType<LayerRecord>().SelectMany(static record => record.Ids)];

    private Task UnpackAsync(PackageStep step, IProgress<Activity>? progress, CancellationToken cancellationToken) =>
        Task.Run(() => Unpack.AllAsync(store, [.. step.Stages.SelectMany(static stage => stage)], progress, cancellationToken), cancellationToken);

    internal static string DigestOf(string architecture, IEnumerable<string> layers) =>
        $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{architecture}\n{string.Join('\n', layers)}\n")))}";
}
