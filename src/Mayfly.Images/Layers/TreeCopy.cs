using Mayfly.Images.Placing;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Puts what lies in one tree into another and leaves the first as it is, over which scripts may still run. They can see how many names a file has (mandb(8) takes a link
/// by two names for another kind of page): so what has one name keeps that one and the other tree gets its like, to the nanosecond. Only what was placed, whose
/// files are the store's and have any number of names, gets further names.
/// </summary>
/// <param name="isWritten">Scripts wrote the tree, through overlayfs; else it was placed.</param>
internal sealed class TreeCopy(bool isWritten)
{
    private readonly Lock _copying = new();
    private readonly Dictionary<ulong, string> _copied = [];

    /// <summary>On the calling thread alone: the other core has scripts to run.</summary>
    /// <param name="source">A name of the one tree, with all that is below it.</param>
    /// <param name="target">Its place in the other, where nothing is.</param>
    public void Place(string source, string target) => Place(source, target, LayerTree.Deep);

    /// <summary>On all cores.</summary>
    /// <param name="source">A name of the one tree, with all that is below it.</param>
    /// <param name="target">Its place in the other, where nothing is.</param>
    /// <param name="depth">How far it lies below the other's top; see <see cref="LayerTree.Each"/>.</param>
    public void Place(string source, string target, int depth)
    {
        var node = Nodes.Read(source);
        switch (node.Kind)
        {
            case NodeKind.Directory:
                Nodes.MakeDirectory(target, 0x1c0);
                LayerTree.Each(Directory.GetFileSystemEntries(source), depth, entry => Place(entry, $"{target}/{Path.GetFileName(entry)}", depth + 1));
                CopyFacts(source, node, target);
                break;
            case NodeKind.File when node.Links > 1 && !isWritten && TreeWriter.TryLink(source, target):
                break;
            case NodeKind.File when node.Links > 1:
                CopyByAllNames(source, node, target);
                break;
            case NodeKind.File:
                CopyFile(source, node, target);
                break;
            case NodeKind.Link:
                Nodes.MakeLink(Nodes.ReadLink(source), target);
                Files.ChangeOwner(target, node.User, node.Group);
                Nodes.CopyTime(source, target);
                break;
            // Nothing makes one but the process that listens there, and it has ended.
            case NodeKind.Socket:
                break;
            default:
                Nodes.MakeNode(target, node.Kind, node.Mode, node.DeviceMajor, node.DeviceMinor);
                CopyFacts(source, node, target);
                break;
        }
    }

    /// <summary>What is one file by several names becomes one again, whichever name comes first.</summary>
    private void CopyByAllNames(string source, Node node, string target)
    {
        lock (_copying)
        {
            if (_copied.TryGetValue(node.Inode, out var first))
            {
                Files.Link(first, target);
                return;
            }

            CopyFile(source, node, target);
            _copied[node.Inode] = target;
        }
    }

    private static void CopyFile(string source, Node node, string target)
    {
        File.Copy(source, target);
        CopyFacts(source, node, target);
    }

    /// <summary>The owner before the mode, of which a change of owner takes bits away, as it takes capabilities; the time last of all.</summary>
    private static void CopyFacts(string source, Node node, string target)
    {
        Files.ChangeOwner(target, node.User, node.Group);
        Files.ChangeMode(target, node.Mode);
        Nodes.CopyAttributes(source, target);
        Nodes.CopyTime(source, target);
    }
}
