using Mayfly.Images.Layers;
using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>
/// What of the shims' layer has come into a layer that scripts wrote: overlayfs copies what a script gives another mode or owner, moves or edits, and
/// takes it for the real thing. What is there unchanged becomes the real thing; what was edited cannot, and is refused.
/// </summary>
internal static class ShimTraces
{
    /// <param name="shims">The layer that lay over all others.</param>
    /// <param name="written">What scripts wrote while it did, and no longer do.</param>
    /// <param name="layers">What they saw below it, lowest first.</param>
    /// <exception cref="MayflyException">A script edited a stand-in.</exception>
    public static void TakeOut(string shims, string written, IReadOnlyList<string> layers)
    {
        LayerTree.Remove($"{written}/{ByteCompilation.Folder}");
        var standIns = new List<(string Path, long Size)>();
        foreach (var path in Files(shims, "").Select(static file => file.Path).Where(static path => !path.StartsWith($"{ByteCompilation.Folder}/", StringComparison.Ordinal)))
        {
            if (path.EndsWith(StandIns.Real, StringComparison.Ordinal))
                LayerTree.Remove($"{written}/{path}");
            else if (Nodes.Read($"{shims}/{path}").Size is > 0 and var size)
                standIns.Add((path, size));
            // A sign that it was removed, where it stood in for nothing.
            if (Nodes.Find($"{written}/{path}") is { IsWhiteout: true } && LayerTree.Find(layers, path) is null)
                Delete(written, path, layers);
        }

        foreach (var (path, size) in Files(written, "").ToArray())
        {
            var contents = new Lazy<byte[]>(() => File.ReadAllBytes($"{written}/{path}"));
            if (standIns.FirstOrDefault(one => one.Size == size && File.ReadAllBytes($"{shims}/{one.Path}").AsSpan().SequenceEqual(contents.Value)).Path is { } name)
            {
                if (Shims.Find(layers, name) is { } real)
                    PutBack(real, $"{written}/{path}");
                else
                    Delete(written, path, layers);
            }
            else if (standIns.Any(one => one.Path == path) && (Has(contents.Value, ByteCompilation.Folder) || Has(contents.Value, $"{path}{StandIns.Real}")))
                throw new MayflyException($"a script edited /{path}, in whose place a program of Mayfly's own stands while an image is built",
                    "nothing was changed, and the image cannot be made: look for the path among the scripts of the packages and steps of this layer, and leave out the one that edits it");
        }
    }

    /// <summary>Regular files below a folder, without following a link.</summary>
    private static IEnumerable<(string Path, long Size)> Files(string tree, string folder)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries($"{tree}/{folder}"))
        {
            var (path, node) = ($"{folder}{Path.GetFileName(entry)}", Nodes.Read(entry));
            if (node.Kind == NodeKind.File)
                yield return (path, node.Size);
            foreach (var inner in node.Kind == NodeKind.Directory ? Files(tree, $"{path}/") : [])
                yield return inner;
        }
    }

    private static bool Has(byte[] contents, string text) => contents.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;

    /// <summary>Also the folder that it alone brought into this layer, if scripts gave it no other mode or owner.</summary>
    private static void Delete(string written, string path, IReadOnlyList<string> layers)
    {
        File.Delete($"{written}/{path}");
        while (Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.EnumerateFileSystemEntries($"{written}/{folder}").Any() && LayerTree.Find(layers, folder) is { } below)
        {
            var (node, before) = (Nodes.Read($"{written}/{folder}"), Nodes.Read(below));
            if (before.Kind != NodeKind.Directory || (node.Mode, node.User, node.Group) != (before.Mode, before.User, before.Group))
                return;
            Directory.Delete($"{written}/{folder}");
            path = folder;
        }
    }

    /// <summary>Owner, mode and attributes are the script's, all else is the real one's.</summary>
    private static void PutBack(string real, string path)
    {
        var node = Nodes.Read(path);
        var attributes = new[] { real, path }.SelectMany(file => Nodes.AttributeNames(file).Where(static name => !name.StartsWith("trusted.", StringComparison.Ordinal)).Select(name => (name, Value: Nodes.ReadAttribute(file, name)))).ToArray();
        using (var from = File.OpenRead(real))
        using (var to = new FileStream(path, FileMode.Truncate))
            from.CopyTo(to);
        Linux.Files.ChangeMode(path, node.Mode);
        foreach (var (name, value) in attributes)
            Nodes.SetAttribute(path, name, value);
        Nodes.SetTime(path, Nodes.Read(real).Time);
    }
}
