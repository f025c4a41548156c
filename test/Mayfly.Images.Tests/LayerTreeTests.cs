using Mayfly.Images.Building;
using Mayfly.Images.Layers;
using Mayfly.Linux;

namespace Mayfly.Images.Tests;

public sealed class LayerTreeTests
{
    /// <summary>What scripts and placed packages leave in turn, merged: whatever hides nothing in the layers below must leave no trace, or the digest would tell how the layer was made.</summary>
    [Fact]
    [Trait("needs", "root")]
    public void Signs_of_overlayfs_stay_where_they_hide_something_and_nowhere_else()
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-tree-");
        try
        {
            var below = Tree("below", "kept/one", "kept/gone", "replaced/old", "swapped/old", "file");
            // What no layer has to do with.
            var outside = Tree("outside", "inner/file");
            Nodes.SetAttribute($"{outside}/inner", "trusted.overlay.opaque", "y"u8);
            using var root = new BuildRoot(folder.CreateSubdirectory("work").FullName);
            var placed = Tree("placed", "new/one", "new/gone");
            var first = root.Mount([below, placed]);
            root.Run(() =>
            {
                Directory.CreateDirectory($"{root.Root}/made/inner");
                Directory.CreateDirectory($"{root.Root}/swapped/inner");
                File.Delete($"{root.Root}/new/gone");
                File.Delete($"{root.Root}/kept/gone");
                Directory.Delete($"{root.Root}/replaced", recursive: true);
                Directory.CreateDirectory($"{root.Root}/replaced");
                File.WriteAllText($"{root.Root}/replaced/new", "");
            });
            root.Unmount();
            var second = root.Mount([below, placed, first]);
            root.Run(() =>
            {
                Directory.Delete($"{root.Root}/made", recursive: true);
                Directory.Delete($"{root.Root}/swapped", recursive: true);
                File.CreateSymbolicLink($"{root.Root}/swapped", outside);
                File.Delete($"{root.Root}/file");
                File.WriteAllText($"{root.Root}/file", "");
                File.Delete($"{root.Root}/file");
            });
            root.Unmount();

            root.Run(() =>
            {
                string[] signs = [.. LayerTree.Signs(first), .. LayerTree.Signs(second)];
                var merged = LayerTree.Merge([placed, first, second]);
                LayerTree.Tidy(merged, signs, [below]);
                var found = Directory.GetFileSystemEntries(merged, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Select(path => (Name: path[(merged.Length + 1)..], Path: path))
                    // The link is followed here.
                    .Where(static entry => !entry.Name.StartsWith("swapped/", StringComparison.Ordinal)).OrderBy(static entry => entry.Name, StringComparer.Ordinal)
                    .Select(static entry => $"{entry.Name}{(Nodes.Read(entry.Path).IsWhiteout ? " hidden" : "")}{string.Concat(Nodes.AttributeNames(entry.Path).Select(static name => $" {name}"))}");
                Assert.Equal(["file hidden", "kept", "kept/gone hidden", "new", "new/one", "replaced trusted.overlay.opaque", "replaced/new", "swapped"], found);
                Assert.Equal(["trusted.overlay.opaque"], Nodes.AttributeNames($"{outside}/inner"));
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        string Tree(string name, params string[] files)
        {
            foreach (var file in files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName($"{folder.FullName}/{name}/{file}")!);
                File.WriteAllText($"{folder.FullName}/{name}/{file}", file);
            }

            return $"{folder.FullName}/{name}";
        }
    }
}
