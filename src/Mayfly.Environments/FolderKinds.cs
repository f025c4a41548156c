using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>What the folders of an environment are, each looked at once. Most of what comes goes into folders that are new, and below one that is not there nothing needs to be looked for.</summary>
/// <param name="root">The environment, whose own folder is there.</param>
internal sealed class FolderKinds(string root)
{
    private readonly Dictionary<string, NodeKind?> _kinds = new(StringComparer.Ordinal) { [""] = NodeKind.Directory };

    public string Root => root;

    /// <summary>True when the folder of a file is there.</summary>
    public bool MayHave(string path) => Of(Path.GetDirectoryName(path)!) == NodeKind.Directory;

    /// <summary>The first link on the way to a file, which itself does not count; null when there is none.</summary>
    public string? LinkAbove(string path)
    {
        if (path.Length == 0 || Path.GetDirectoryName(path)! is not { Length: > 0 } folder || MayHave(path))
            return null;
        return LinkAbove(folder) ?? (Of(folder) == NodeKind.Link ? folder : null);
    }

    private NodeKind? Of(string folder)
    {
        if (!_kinds.TryGetValue(folder, out var kind))
            _kinds.Add(folder, kind = MayHave(folder) ? Nodes.Find($"{root}/{folder}")?.Kind : null);
        return kind;
    }
}
