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
        }

        foreach (var (path, size) in Files(written, "").ToArray())
        {
            var contents = new Lazy<byte[]>(() => File.ReadAllBytes($"{written}/{path}"));
            if (standIns.FirstOrDefault(one => one.Size == size && File.ReadAllBytes($"{shims}/{one.Path}").AsSpan().SequenceEqual(contents.Value)).Path is { } name)
                PutBack(Shims.Find(layers, name), $"{written}/{path}");
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

    /// <summary>Owner, mode and attributes are the script's, all else is the real one's. What stood in for nothing goes.</summary>
    private static void PutBack(string? real, string path)
    {
        if (real is null)
        {
            File.Delete(path);
            return;
        }

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
