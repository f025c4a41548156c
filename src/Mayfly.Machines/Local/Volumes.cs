using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>Data directories that outlive instances, and their copies for rehearsals.</summary>
/// <remarks>
/// What it keeps: <c>stacks/STACK/volumes/NAME/data</c> of the store, and a rehearsal's copies below
/// <c>stacks/STACK/views/VIEW/volumes</c> in the same form. How it changes: a volume is made beside its place and named when
/// it is whole; afterwards only instances write in it. Copies are thrown away with their view.
/// A volume is a folder of its own around <c>data</c>, so that what instances own never has a name beside others' volumes.
/// Copies that memory has ample room for are made there, and a link stands in their place: users stand still for a fraction of the
/// time, and a database that syncs its copy waits for no disk. The link is made first and goes last, so that a copy
/// whose maker was killed is found by whoever removes the view.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="runFolder">Where instances are noted.</param>
/// <param name="memory">A folder in memory for copies; null for none.</param>
public sealed class Volumes(Store store, string runFolder = Runtime.DefaultRunFolder, string? memory = "/dev/shm")
{
    /// <summary>Copies larger than this are made on the disk.</summary>
    private const long LargestInMemory = 256 << 20;

    /// <summary>A copy may take such a part of the memory that is free, since the rehearsal will write in it.</summary>
    private const int PartOfMemory = 8;

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
        RemoveCopies(Folder(stack, view));
        var volumes = Names(stack, Live);
        if (volumes.Count == 0)
            return;
        var place = Folder(stack, view) + ".partial";
        RemoveCopies(place);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        if (FolderInMemory(stack, List(stack).Sum(volume => volume.Bytes)) is { } folder)
        {
            Nodes.MakeLink(folder, place);
            Nodes.MakeDirectory(folder, 0x1c0);
        }
        else
            Directory.CreateDirectory(place);
        try
        {
            CopyAll(stack, volumes, place, cancellationToken);
        }
        catch (IOException e)
        {
            RemoveCopies(place);
            throw new MayflyException($"the volumes of '{stack}' cannot be copied for a rehearsal: {e.Message}", "a rehearsal needs as much room in the store again as the volumes take", e);
        }

        Files.Rename(place, Folder(stack, view));
    }, cancellationToken);

    private void CopyAll(string stack, IReadOnlyList<string> volumes, string place, CancellationToken cancellationToken)
    {
        var groups = ControlGroups.OfHost();
        var users = InstanceFolder.All(runFolder).Select(folder => folder.ReadLabel())
            .Where(label => label is { View: Live } && label.Spec.Stack == stack && label.Spec.Volumes.Any(use => volumes.Contains(use.Name)))
            .Select(label => Bundle.ControlGroupOf(label!)).ToList();
        Interlocked.Increment(ref _copying);
        try
        {
            // All stand still before the first is read: a stack's databases are copied as of one moment.
            foreach (var group in users)
                groups.Freeze(group, frozen: true);
            foreach (var volume in volumes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (from, to) = (PathOf(stack, Live, volume), Path.Combine(place, volume, "data"));
                Directory.CreateDirectory(to);
                Trees.CopyContents(from, to);
                Trees.CopyFolderFacts(from, to);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _copying);
            ThawAll(groups, users);
        }
    }

    /// <summary>A new name for a copy of this size in memory; null when it belongs on the disk.</summary>
    private string? FolderInMemory(string stack, long bytes)
    {
        const string Available = "MemAvailable:";
        if (memory is null || bytes > LargestInMemory || !Directory.Exists(memory))
            return null;
        // A copy must be able to do what the original can: run programs, for one.
        var mount = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).LastOrDefault(fields => fields[1] == memory);
        if (mount is not [_, _, "tmpfs", var options, ..] || options.Split(',').Contains("noexec"))
            return null;
        // In kibibytes, proc_meminfo(5).
        var free = File.ReadLines("/proc/meminfo").First(line => line.StartsWith(Available, StringComparison.Ordinal))[Available.Length..].Trim().Split(' ')[0];
        var room = Math.Min(1024 * long.Parse(free, System.Globalization.CultureInfo.InvariantCulture), new DriveInfo(memory).AvailableFreeSpace);
        return bytes <= room / PartOfMemory ? Path.Combine(memory, $"mayfly-{stack}-{Guid.NewGuid():n}") : null;
    }

    /// <summary>Removes copies, and what a link in their place leads to.</summary>
    private static void RemoveCopies(string place)
    {
        if (Nodes.Find(place) is { Kind: NodeKind.Link })
            Trees.Remove(Nodes.ReadLink(place));
        Trees.Remove(place);
    }

    /// <summary>Throws a view's copies away.</summary>
    public void RemoveView(string stack, string view)
    {
        if (view == Live)
            throw new ArgumentException("the live view's volumes are no copies", nameof(view));
        RemoveCopies(Folder(stack, view));
        RemoveCopies(Folder(stack, view) + ".partial");
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
        // What a rehearsal leaves need not outlive the host's power.
        if (view == Live)
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
