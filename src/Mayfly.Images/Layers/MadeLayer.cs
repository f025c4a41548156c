using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Images.Layers;

/// <summary>
/// A layer whose tree is complete: others may be built over it while its digest is computed, the disk writes, and the store takes it in.
/// </summary>
internal sealed class MadeLayer : IDisposable
{
    private const string Descriptors = "/proc/self/fd/";

    private readonly SafeFileHandle? _folder;

    /// <summary>One that the store has.</summary>
    public MadeLayer(string tree, LayerRecord record) => (Key, Tree, Committed) = (record.Key, tree, Task.FromResult(record));

    /// <summary>One that is still in its maker's work folder, which a rename will take it from.</summary>
    public MadeLayer(string key, SafeFileHandle folder, Task<LayerRecord> committed)
    {
        _folder = folder;
        (Key, Tree, Committed) = (key, PathOf(folder), committed);
    }

    public string Key { get; }

    /// <summary>A path to the tree for this process.</summary>
    public string Tree { get; }

    /// <summary>Ends when the store has the layer.</summary>
    public Task<LayerRecord> Committed { get; }

    /// <summary>By its descriptor, and inside: this path leads there before and after a rename.</summary>
    public static string PathOf(SafeFileHandle folder) => $"{Descriptors}{folder.DangerousGetHandle()}/.";

    /// <summary>The path of a tree for everybody, as it is now.</summary>
    public static string Lasting(string tree) =>
        tree.StartsWith(Descriptors, StringComparison.Ordinal) ? Nodes.ReadLink(tree[..^2]) : tree;

    public void Dispose() => _folder?.Dispose();
}
