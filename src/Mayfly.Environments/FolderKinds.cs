using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>What the folders of an environment are, each looked at once. Most of what comes goes into folders that are new, and below one that is not there nothing needs to be looked for.</summary>
internal sealed class FolderKinds
{
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal) { [""] = new(NodeKind.Directory, null) };
    private readonly Dictionary<string, Known>.AlternateLookup<ReadOnlySpan<char>> _byName;

    /// <param name="Kind">Null when it is not there, or below a link.</param>
    /// <param name="Link">The first link on the way to what is in it.</param>
    private readonly record struct Known(NodeKind? Kind, string? Link);

    /// <param name="root">The environment, whose own folder is there.</param>
    public FolderKinds(string root) => (Root, _byName) = (root, _known.GetAlternateLookup<ReadOnlySpan<char>>());

    public string Root { get; }

    /// <summary>True when the folder of a file is there.</summary>
    public bool MayHave(string path) => Of(Above(path)).Kind == NodeKind.Directory;

    /// <summary>The first link on the way to a file, which itself does not count; null when there is none.</summary>
    public string? LinkAbove(string path) => Of(Above(path)).Link;

    private Known Of(ReadOnlySpan<char> folder)
    {
        if (_byName.TryGetValue(folder, out var known))
            return known;
        var (above, path) = (Of(Above(folder)), folder.ToString());
        var kind = above.Kind == NodeKind.Directory ? Nodes.Find($"{Root}/{path}")?.Kind : null;
        known = new(kind, above.Link ?? (kind == NodeKind.Link ? path : null));
        _known.Add(path, known);
        return known;
    }

    private static ReadOnlySpan<char> Above(ReadOnlySpan<char> path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
