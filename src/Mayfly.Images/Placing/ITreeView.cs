using Mayfly.Linux;

namespace Mayfly.Images.Placing;

/// <summary>
/// The tree that packages are placed over, read-only, by paths below its root without a slash at either end. A seam because
/// the plan is pure: builds look at a mounted overlay, tests at a dictionary.
/// </summary>
internal interface ITreeView
{
    /// <summary>The name itself, links not followed; parents are real folders already.</summary>
    Node? Find(string path);

    string ReadLink(string path);
}

/// <summary>A tree on the disk.</summary>
internal sealed class FolderView(string root) : ITreeView
{
    public Node? Find(string path) => Nodes.Find($"{root}/{path}");

    public string ReadLink(string path) => Nodes.ReadLink($"{root}/{path}");
}

/// <summary>No tree: what the first packages of a base are placed over.</summary>
internal sealed class EmptyView : ITreeView
{
    public Node? Find(string path) => null;

    public string ReadLink(string path) => throw new InvalidOperationException("an empty tree has no links");
}
