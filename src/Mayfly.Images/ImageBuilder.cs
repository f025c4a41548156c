using System.Runtime.ExceptionServices;
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
    private static readonly SemaphoreSlim Unpacking = new(1);

    private readonly LayerStore _layers = new(store);

    /// <summary>Keep the half-built tree in which a script failed; the failure says where. Pruning removes it.</summary>
    public bool KeepFailed { get; init; }

    /// <summary>
    /// How many packages must have been installed for what their stages came to to be kept for others (<see cref="PrefixStore"/>). It costs a mount, some 30 ms,
    /// and apt has stages of a single package by the dozen.
    /// </summary>
    internal int WorthKeeping { get; init; } = 16;

    /// <summary>Knows which Debian packages have shared libraries, for a failure to name them; null where nobody knows.</summary>
    public Func<IReadOnlyCollection<string>, CancellationToken, Task<IReadOnlyDictionary<string, string>>>? FindOwners { get; init; }

    /// <summary>
    /// Builds what is missing and lists the image under its name. The packages' artifacts must have been fetched; they are unpacked
    /// here when a layer needs them.
    /// </summary>
    public async Task<Image> BuildAsync(StackLock stack, ImageRecipe recipe, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var records = await LayersAsync(stack, recipe, progress, cancellationToken).ConfigureAwait(false);
        var image = new Image
        {
            Name = recipe.Name,
            Architecture = stack.Architecture,
            Layers = [.. records.Select(static record => new ImageLayer(record.Key, record.Digest, record.Origin))],
            Digest = DigestOf(stack.Architecture, records.Select(static record => record.Digest)),
            LeftOut = [.. records.SelectMany(static record => record.LeftOut).Distinct()],
        };
        new ImageStore(store).Write(image);
        return image;
    }

    /// <summary>Builds what an image has of packages alone, without listing anything, and gives the trees of its layers, lowest first.</summary>
    internal async Task<IReadOnlyList<string>> BuildPackagesAsync(StackLock stack, ImageRecipe recipe, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var records = await LayersAsync(stack, recipe with { Environments = [], Steps = [] }, progress, cancellationToken).ConfigureAwait(false);
        return [.. records.Select(record => _layers.TreeOf(record.Key))];
    }

    private async Task<LayerRecord[]> LayersAsync(StackLock stack, ImageRecipe recipe, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        if (stack.Format != StackLock.CurrentFormat)
            throw new MayflyException($"the lock is of format {stack.Format}, and images are built from one of format {StackLock.CurrentFormat}", "`mayfly lock` upgrades it; its ids stay");
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        var steps = BuildSteps.Of(stack, recipe, Find);
        if (steps.Any(step => !_layers.Has(step.Key)))
            BuildRequirements.Check();
        // While one layer's packages are configured on one core, the next one's are unpacked on the other.
        var later = Task.CompletedTask;
        var layers = new List<MadeLayer>();
        try
        {
            for (var at = 0; at < steps.Count; at++)
            {
                var step = steps[at];
                if (_layers.Find(step.Key) is { } present)
                {
                    layers.Add(new MadeLayer(_layers.TreeOf(step.Key), present));
                    continue;
                }

                if (step is PackageStep packages)
                {
                    await later.ConfigureAwait(false);
                    await UnpackAsync(packages, progress, cancellationToken).ConfigureAwait(false);
                    if (steps.Skip(at + 1).OfType<PackageStep>().FirstOrDefault(other => !_layers.Has(other.Key)) is { } next)
                        later = UnpackAsync(next, progress, cancellationToken);
                }

                // Over trees that are complete, though the store may not have taken them in yet.
                var build = new LayerBuild(store, recipe.Name, [.. layers], step.Epoch, progress) { Ids = stack.Ids, KeepFailed = KeepFailed, WorthKeeping = WorthKeeping };
                var inputs = (step as PackageStep)?.Inputs;
                var layer = await _layers.MakeAsync(inputs ?? step.Key, step.Below, step.Origin, step.Epoch, work => build.Make(step, work, cancellationToken),
                    layers is [.., { Committed: var below }] ? below : Task.CompletedTask, inputs is null ? null : stack.Ids, cancellationToken).ConfigureAwait(false);
                layers.Add(layer);
                if (inputs is not null)
                    made[inputs] = layer.Key;
                // Only now is it known which accounts the packages made, and every key above follows from that.
                if (layer.Key != step.Key)
                    steps = BuildSteps.Of(stack, recipe, Find);
            }

            return await Task.WhenAll(layers.Select(static layer => layer.Committed)).ConfigureAwait(false);
        }
        catch (MissingLibrariesException missing) when (FindOwners is not null)
        {
            throw new MissingLibrariesException(missing.Component, missing.Wanted, await FindOwners([.. missing.Wanted.Keys], cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            // What goes on must not outlive this call; its failure was thrown above or does not matter beside the one that brought us here.
            await Task.WhenAll([later, .. layers.Select(static layer => layer.Committed)]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var layer in layers)
                layer.Dispose();
        }

        string? Find(string inputs) => made.GetValueOrDefault(inputs) ?? _layers.Find(inputs, stack.Ids)?.Key;
    }

    /// <summary>What building would do, as data; the store is only looked at.</summary>
    public ImagePlan Plan(StackLock stack, ImageRecipe recipe)
    {
        var before = new ImageStore(store).Find(recipe.Name);
        var steps = BuildSteps.Of(stack, recipe, inputs => _layers.Find(inputs, stack.Ids)?.Key);
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

        var packages = steps.OfType<PackageStep>().ToArray();
        return new ImagePlan(recipe.Name, layers)
        {
            IsCertain = packages.All(step => _layers.Find(step.Key) is { } record && IdTable.Has(stack.Ids, record.Ids)),
        };
    }

    /// <summary>
    /// Builds several images side by side and completes the lock's table of account ids. The image with most packages chooses first; one whose
    /// scripts gave a name another number, or a number that is another's, is built again with the table. Write the lock when its table has grown.
    /// </summary>
    public async Task<(IReadOnlyList<Image> Images, StackLock Stack)> BuildAllAsync(StackLock stack, IReadOnlyList<ImageRecipe> recipes, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var images = await EachAsync(stack).ConfigureAwait(false);
            var made = recipes.Zip(images).OrderByDescending(built => PackageCount(built.First)).SelectMany(static built => built.Second.Layers).SelectMany(layer => _layers.Find(layer.Key)?.Ids ?? []).ToArray();
            var ids = IdTable.Append(stack.Ids, made);
            if (ids.Count > stack.Ids.Count)
                stack = stack with { Ids = ids };
            if (IdTable.Has(stack.Ids, made))
                return (images, stack);
        }

        int PackageCount(ImageRecipe recipe) => stack.Sets.FirstOrDefault(set => set.Name == recipe.PackageSet)?.Stages.Sum(static stage => stage.Packages.Count) ?? 0;

        async Task<Image[]> EachAsync(StackLock with)
        {
            // The first failure ends the others and is the one to tell; waiting for all keeps their work from outliving this call.
            using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ExceptionDispatchInfo? failure = null;
            var built = new Image[recipes.Count];
            await Task.WhenAll(Enumerable.Range(0, recipes.Count).Select(at => Task.Run(async () =>
            {
                try
                {
                    built[at] = await BuildAsync(with, recipes[at], progress, all.Token).ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                    await all.CancelAsync().ConfigureAwait(false);
                }
            }, CancellationToken.None))).ConfigureAwait(false);
            failure?.Throw();
            return built;
        }
    }

    /// <summary>One call at a time: each uses all cores, and the next finds what this one has unpacked.</summary>
    private async Task UnpackAsync(PackageStep step, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        await Unpacking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.Run(() => Unpack.AllAsync(store, [.. step.Stages.SelectMany(static stage => stage.Packages)], progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Unpacking.Release();
        }
    }

    internal static string DigestOf(string architecture, IEnumerable<string> layers) =>
        $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{architecture}\n{string.Join('\n', layers)}\n")))}";
}
