using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Data directories that outlive instances, and their copies for rehearsals.</summary>
/// <remarks>
/// What it keeps: <c>stacks/STACK/volumes/NAME/data</c> of the store, and a rehearsal's copies below
/// <c>stacks/STACK/views/VIEW/volumes</c> in the same form. How it changes: a volume is made beside its place and named when
/// it is whole; afterwards only instances write in it. Copies are thrown away with their view.
/// A volume is a folder of its own around <c>data</c>, so that what instances own never has a name beside others' volumes.
/// </remarks>
public sealed class Volumes(Store store, string runFolder = Runtime.DefaultRunFolder)
{
    /// <summary>The view whose volumes are the stack's own.</summary>
    public const string Live = "live";

    private int _copying;

    /// <summary>The folder on the host that an instance of this view sees as the volume.</summary>
    public string PathOf(string stack, string view, string volume) => Path.Combine(Folder(stack, view), volume, "data");

    /// <summary>
    /// Copies every volume of the live view for another, as of one moment: instances that use a volume stand still while it is copied.
    /// A copy that the view already had is replaced.
    /// </summary>
    public Task CopyAsync(string stack, string view, CancellationToken cancellationToken) => Task.Run(() =>
    {
        if (view == Live)
            throw new ArgumentException("the live view is the original", nameof(view));
        Trees.Remove(Folder(stack, view));
        var volumes = Names(stack, Live);
        if (volumes.Count == 0)
            return;
        var groups = ControlGroups.OfHost();
        var users = InstanceFolder.All(runFolder).Select(folder => folder.ReadLabel())
            .Where(label => label is { View: Live } && label.Spec.Stack == stack && label.Spec.Volumes.Any(use => volumes.Contains(use.Name)))
            .Select(label => Bundle.ControlGroupOf(label!)).ToList();
        var work = Folder(stack, view) + ".partial";
        Trees.Remove(work);
        Directory.CreateDirectory(work);
        Interlocked.Increment(ref _copying);
        try
        {
            // All stand still before the first is read: a stack's databases are copied as of one moment.
            foreach (var group in users)
                groups.Freeze(group, frozen: true);
            foreach (var volume in volumes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (from, to) = (PathOf(stack, Live, volume), Path.Combine(work, volume, "data"));
                Directory.CreateDirectory(to);
                Trees.CopyContents(from, to);
                Trees.CopyFolderFacts(from, to);
            }
        }
        catch (IOException e)
        {
            throw new MayflyException($"the volumes of '{stack}' cannot be copied for a rehearsal: {e.Message}", "a rehearsal needs as much room in the store again as the volumes take", e);
        }
        finally
        {
            Interlocked.Decrement(ref _copying);
            ThawAll(groups, users);
        }

        Files.Rename(work, Folder(stack, view));
    }, cancellationToken);

    /// <summary>Throws a view's copies away.</summary>
    public void RemoveView(string stack, string view)
    {
        if (view == Live)
            throw new ArgumentException("the live view's volumes are no copies", nameof(view));
        Trees.Remove(Folder(stack, view));
        Trees.Remove(Folder(stack, view) + ".partial");
        try
        {
            Directory.Delete(Path.GetDirectoryName(Folder(stack, view))!);
        }
        catch (IOException)
        {
            // Not there, or something else of the view is in it.
        }
    }

    /// <summary>The stack's volumes by name, with the bytes that they occupy.</summary>
    public IReadOnlyList<(string Name, long Bytes)> List(string stack) =>
        [.. Names(stack, Live).Select(name => (name, Trees.Occupied(Path.Combine(Folder(stack, Live), name))))];

    /// <summary>Removes the stack's volumes for good.</summary>
    public void Remove(string stack) => Trees.Remove(Folder(stack, Live));

    /// <summary>The views that have copies, whole or begun.</summary>
    internal IReadOnlyList<string> Views(string stack)
    {
        var views = Path.Combine(store.PathOf(StoreArea.Stacks, stack), "views");
        return Directory.Exists(views) ? [.. Directory.EnumerateDirectories(views).Select(path => Path.GetFileName(path))] : [];
    }

    /// <summary>Continues what an earlier agent, killed while it copied, left standing still. Nothing happens while this one copies.</summary>
    public void Thaw(string stack)
    {
        if (Volatile.Read(ref _copying) == 0)
        {
            ThawAll(ControlGroups.OfHost(), [.. InstanceFolder.All(runFolder).Select(folder => folder.ReadLabel())
                .Where(label => label?.Spec.Stack == stack).Select(label => Bundle.ControlGroupOf(label!))]);
        }
    }

    /// <summary>
    /// Makes a volume that is not there yet, with its owner and mode, and in it what the image has in that place.
    /// </summary>
    /// <param name="image">The folder of the image that the volume will cover, or null when it has none.</param>
    internal void Ensure(string stack, string view, VolumeUse use, (int User, int Group) owner, string? image)
    {
        var final = Path.Combine(Folder(stack, view), use.Name);
        if (Directory.Exists(final))
            return;
        var work = final + ".partial";
        Trees.Remove(work);
        Directory.CreateDirectory(Path.Combine(work, "data"));
        var data = Path.Combine(work, "data");
        if (image is not null)
            Trees.CopyContents(image, data);
        Files.ChangeOwner(data, owner.User, owner.Group);
        Files.ChangeMode(data, use.Mode);
        Files.SyncFileSystem(data);
        Files.Rename(work, final);
    }

    private static void ThawAll(ControlGroups groups, IReadOnlyList<string> users)
    {
        List<Exception> failures = [];
        foreach (var group in users)
        {
            try
            {
                groups.Freeze(group, frozen: false);
            }
            catch (Exception e) when (e is IOException or MayflyException)
            {
                failures.Add(e); // the others continue all the same
            }
        }

        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    private List<string> Names(string stack, string view) => Directory.Exists(Folder(stack, view))
        ? [.. Directory.EnumerateDirectories(Folder(stack, view)).Select(path => Path.GetFileName(path)).Where(name => !name.EndsWith(".partial", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];

    private string Folder(string stack, string view) => view == Live
        ? Path.Combine(store.PathOf(StoreArea.Stacks, stack), "volumes")
        : Path.Combine(store.PathOf(StoreArea.Stacks, stack), "views", view, "volumes");
}
