using Mayfly.Images;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>What an instance has for itself alone and its image leaves out: keys, ids, secrets of servers.</summary>
/// <remarks>
/// What it keeps: <c>stacks/STACK/own/COMPONENT-REPLICA-KEY</c>, a tree that lies over the image's layers and below the writable one, by the
/// key of the image's topmost layer. How it changes: made when a replica starts on this image for the first time, by one rename, and never
/// written again; so it is the same after a restart, a reboot and a rollback, in a rehearsal and live, and no two replicas have the same.
/// Pruning removes those that no generation uses. Why not in the writable layer: that one begins empty at every start.
/// </remarks>
internal static class OwnLayer
{
    private const int DigitsOfKey = 16;

    public static string Folder(Store store, string stack) => Path.Combine(store.PathOf(StoreArea.Stacks, stack), "own");

    /// <summary>Where the tree is, or would be.</summary>
    public static string PathOf(Store store, InstanceSpec spec) =>
        Path.Combine(Folder(store, spec.Stack), $"{Bundle.HostName(spec)}-{spec.Layers[^1][..Math.Min(DigitsOfKey, spec.Layers[^1].Length)]}");

    public static string? Find(Store store, InstanceSpec spec) => PathOf(store, spec) is var path && Directory.Exists(path) ? path : null;

    /// <summary>The tree, made when there is none; null when the image leaves nothing out. A volume that is there keeps what it has.</summary>
    public static string? Ensure(Store store, InstanceSpec spec, Func<VolumeUse, bool> isThere, CancellationToken cancellationToken)
    {
        if (Find(store, spec) is { } present)
            return present;
        var first = new FirstStart(store);
        LeftOut[] things = [.. first.Missing(spec.Layers).Where(thing => !spec.Volumes.Any(use => thing.IsBelow(use.Path) && isThere(use)))];
        if (things.Length == 0)
            return null;
        using var work = store.BeginWork("own");
        var made = first.Make(things, spec.Layers, Bundle.HostName(spec), spec.Stack + ".internal", work.Path, cancellationToken);
        Directory.CreateDirectory(Folder(store, spec.Stack));
        Files.SyncFileSystem(made);
        var path = PathOf(store, spec);
        try
        {
            Files.Rename(made, path);
        }
        catch (LinuxException) when (Directory.Exists(path))
        {
            // The same replica was started twice at once, live and in a rehearsal: the first one's counts.
        }

        return path;
    }
}
