using Mayfly.Packages;

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// The stores of two builders: one in memory, where there is room; the other on the disk, at a longer path and on another file system, where
/// what is linked here must be copied. Both keep the base from set to set.
/// </summary>
public sealed class TwoMachines(PackageArchive archive) : IDisposable
{
    private readonly Lazy<string> _folder = new(static () => Directory.CreateTempSubdirectory("mayfly-a-longer-path-than-usual-").FullName);

    public string Folder => _folder.Value;

    internal Store Here => field ??= Store.Open($"{archive.Folder}/stores/same-bytes");

    internal Store There => field ??= Store.Open($"{Folder}/store");

    /// <summary>Gives back the room of what only this image needed.</summary>
    internal void Forget(StackLock stack, Image image)
    {
        var shared = stack.Sets.First(static set => set.Name == "base").Stages.SelectMany(static stage => stage.Packages).ToHashSet();
        string[] unpacked = [.. stack.Packages.Where(package => !shared.Contains(package.Id)).Select(static package => package.Sha256)], layers = [.. image.Layers.Skip(1).Select(static layer => layer.Key)];
        foreach (var store in (Store[])[Here, There])
            ReferenceImage.Run("rm", ["-rf", .. unpacked.Select(sha256 => store.PathOf(StoreArea.Unpacked, sha256)), .. layers.Select(key => store.PathOf(StoreArea.Layers, key))]);
    }

    public void Dispose()
    {
        if (_folder.IsValueCreated)
            ReferenceImage.Run("rm", "-rf", Folder, Here.Root);
    }
}
