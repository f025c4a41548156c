using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>What an overlay of layers would show, read without mounting it; see the kernel's filesystems/overlayfs.rst.</summary>
internal static class LayeredTree
{
    private const string Opaque = "trusted.overlay.opaque";

    /// <summary>The path in the highest layer that has it, or null where it is nowhere or hidden. Links on the way are not followed.</summary>
    /// <param name="trees">The layers' trees, lowest first.</param>
    /// <param name="path">Relative to the root.</param>
    public static string? Find(IReadOnlyList<string> trees, string path)
    {
        for (var n = trees.Count - 1; n >= 0; n--)
        {
            var (at, ends) = (trees[n], false);
            Node? node = Nodes.Read(at);
            foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                // Anything else than a folder hides a folder of the layers below.
                if (node is not { Kind: NodeKind.Directory })
                    return null;
                at = Path.Combine(at, part);
                node = Nodes.Find(at);
                if (node is null)
                    break;
                if (node.Value.IsWhiteout)
                    return null;
                // An opaque folder hides what lower layers have in it.
                ends |= node.Value.Kind == NodeKind.Directory && Nodes.ReadAttribute(at, Opaque) is [(byte)'y'];
            }

            if (node is not null)
                return at;
            if (ends)
                return null;
        }

        return null;
    }

    public static bool IsOpaque(string folder) => Nodes.ReadAttribute(folder, Opaque) is [(byte)'y'];
}
