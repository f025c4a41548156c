using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>Mounts layers for reading, as one tree. Call on a thread with mounts of its own.</summary>
internal static class OverlayView
{
    /// <returns>Where the tree is; a single layer is its own tree.</returns>
    public static string Mount(IReadOnlyList<string> layers, string work)
    {
        // overlayfs wants two lower folders at least where there is no upper one.
        if (layers.Count == 1)
            return layers[0];
        var root = $"{work}/root";
        Directory.CreateDirectory(root);
        // mount(2) takes one page of options: short links stand for the layers' long paths.
        for (var at = 0; at < layers.Count; at++)
            Nodes.MakeLink(layers[at], $"{work}/{at}");
        Directory.SetCurrentDirectory(work);
        Mounts.Mount("overlay", root, "overlay", MountFlags.ReadOnly, $"lowerdir={string.Join(':', Enumerable.Range(0, layers.Count).Reverse())}");
        return root;
    }
}
