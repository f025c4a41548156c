using Mayfly.Images.Placing;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>Layers as the one tree that they would be when mounted, read without mounting.</summary>
internal sealed class LayerView(IReadOnlyList<string> layers) : ITreeView
{
    public Node? Find(string path) => LayerTree.Find(layers, path) is { } real ? Nodes.Find(real) : null;

    public string ReadLink(string path) => Nodes.ReadLink(LayerTree.Find(layers, path)!);

    /// <summary>The users and groups that programs would find there.</summary>
    public Accounts ReadAccounts() => Accounts.Parse(ReadText("etc/passwd"), ReadText("etc/group"));

    /// <summary>The text of a file that no link leads to; empty when there is none.</summary>
    public string ReadText(string path) => LayerTree.Find(layers, path) is { } real && Nodes.Read(real).Kind == NodeKind.File ? File.ReadAllText(real) : "";
}
