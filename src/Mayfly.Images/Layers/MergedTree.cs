using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>A folder or name as layers over each other show it, found by reading them: nothing is mounted.</summary>
/// <param name="Real">Where it is, in the topmost layer that has it.</param>
internal sealed record MergedTree(string Real, Node Node)
{
    public Dictionary<string, MergedTree> Children { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>The tree of these layers, lowest first.</summary>
    public static MergedTree Of(IReadOnlyList<string> layers)
    {
        var root = new MergedTree(layers[0], Nodes.Read(layers[0]));
        foreach (var layer in layers)
        {
            root = root with { Real = layer, Node = Nodes.Read(layer) };
            Add(layer, root);
        }

        return root;
    }

    private static void Add(string folder, MergedTree into)
    {
        if (LayerTree.IsOpaque(folder))
            into.Children.Clear();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            var name = Path.GetFileName(path);
            var node = Nodes.Read(path);
            if (node.IsWhiteout)
            {
                into.Children.Remove(name);
                continue;
            }

            // A folder over a folder shows both; anything else hides what is below it.
            var below = node.Kind == NodeKind.Directory && into.Children.GetValueOrDefault(name) is { Node.Kind: NodeKind.Directory } old ? old.Children : new(StringComparer.Ordinal);
            var child = into.Children[name] = new MergedTree(path, node) { Children = below };
            if (node.Kind == NodeKind.Directory)
                Add(path, child);
        }
    }
}
