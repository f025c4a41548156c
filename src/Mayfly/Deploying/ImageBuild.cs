using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>
/// The images of a stack while they are built, side by side: a rehearsal starts what has its image, whatever the others still do.
/// The first failure cancels the rest; disposed, it cancels all and waits, so that no build outlives its command.
/// </summary>
internal sealed class ImageBuild : IAsyncDisposable
{
    private readonly Dictionary<string, Task> _building = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending;

    private ImageBuild(CancellationToken cancellationToken) => _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

    /// <summary>All images are there.</summary>
    public static ImageBuild None => new(CancellationToken.None);

    public static ImageBuild Begin(ImageBuilder builder, StackLock stackLock, IEnumerable<ComponentSpec> components, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var build = new ImageBuild(cancellationToken);
        foreach (var component in components)
            build._building[component.Name] = Task.Run(() => build.BuildAsync(builder, stackLock, component, progress), CancellationToken.None);
        return build;
    }

    /// <summary>Completes when the component's image is in the store.</summary>
    public Task Of(string component) => _building.GetValueOrDefault(component, Task.CompletedTask);

    /// <summary>Completes when all are; the first real failure is the one that is thrown.</summary>
    public async Task WaitAsync()
    {
        try
        {
            await Task.WhenAll(_building.Values);
        }
        catch (OperationCanceledException) when (_building.Values.FirstOrDefault(task => task.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_building.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task BuildAsync(ImageBuilder builder, StackLock stackLock, ComponentSpec component, IProgress<Activity> progress)
    {
        try
        {
            await builder.BuildAsync(stackLock, component.Recipe, progress, _ending.Token);
        }
        catch
        {
            await _ending.CancelAsync();
            throw;
        }
    }
}
