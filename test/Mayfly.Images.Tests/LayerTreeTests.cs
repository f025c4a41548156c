using System.Globalization;
using System.Text;
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

    /// <summary>Trees by chance over each other: merging copies of them must give the very bytes that renames give, and leave them alone.</summary>
    [Theory]
    [Trait("needs", "root")]
    [InlineData(20261126, 60)]
    public void Merging_copies_gives_the_bytes_of_merging_by_renames(int seed, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("mayfly-merge-");
            try
            {
                var random = new Random(seed + round);
                string[] parts = [.. Enumerable.Range(0, random.Next(1, 5)).Select(at => $"{folder.FullName}/{at}")], copies = [.. parts.Select(static part => $"{part}-copy")];
                foreach (var (part, copy) in parts.Zip(copies))
                {
                    Nodes.MakeDirectory(part, 0x1ed);
                    Fill(random, part, 0);
                    Nodes.MakeDirectory(copy, 0x1ed);
                    Trees.CopyContents(part, copy);
                    Trees.CopyFolderFacts(part, copy);
                }

                var before = Digests(parts);
                var copied = $"{folder.FullName}/copied";
                foreach (var part in parts)
                    LayerTree.MergeCopy(part, copied, new TreeCopy(isWritten: round % 2 == 0));
                Assert.Equal(before, Digests(parts));
                var renamed = LayerTree.Merge(copies);
                Assert.True(Digest(renamed) == Digest(copied), $"seed {seed}, round {round}");
            }
            finally
            {
                Trees.Remove(folder.FullName);
            }
        }

        static string[] Digests(IEnumerable<string> trees) => [.. trees.Select(Digest)];

        // What is merged has times of now: none is later than this.
        static string Digest(string tree) => LayerStore.Digest(tree, 1_700_000_000, CancellationToken.None).Digest;
    }

    /// <summary>Trees by chance over others: the kernel must show the very same tree through what they were merged into as through themselves.</summary>
    [Theory]
    [Trait("needs", "root")]
    [InlineData(20261127, 80)]
    public void What_is_merged_looks_as_its_parts_do_when_they_are_mounted(int seed, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("mayfly-view-");
            try
            {
                var random = new Random(seed + round);
                string[] all = [.. Enumerable.Range(0, random.Next(3, 7)).Select(at => $"{folder.FullName}/tree-{at}")];
                foreach (var tree in all)
                {
                    Nodes.MakeDirectory(tree, 0x1ed);
                    Fill(random, tree, 0);
                }

                var below = all[..random.Next(1, all.Length - 1)];
                var parts = all[below.Length..];
                var seen = Seen(all);
                string[] signs = [.. parts.SelectMany(LayerTree.Signs)];
                var merged = LayerTree.Merge(parts);
                var whole = Seen([.. below, merged]);
                Assert.True(seen == whole, $"seed {seed}, round {round}: merged\n{seen}\n--\n{whole}");
                LayerTree.Tidy(merged, signs, below);
                var tidied = Seen([.. below, merged]);
                Assert.True(seen == tidied, $"seed {seed}, round {round}: tidied\n{seen}\n--\n{tidied}");
            }
            finally
            {
                Trees.Remove(folder.FullName);
            }
        }

        static string Seen(IReadOnlyList<string> layers)
        {
            var work = Directory.CreateTempSubdirectory("mayfly-seen-");
            try
            {
                using var thread = new NamespaceThread(Namespaces.Mounts, "seen");
                var text = new StringBuilder();
                thread.Run(() =>
                {
                    Tell(OverlayView.Mount(layers, work.FullName), "", text);
                    Mounts.Detach($"{work.FullName}/root");
                });
                return text.ToString();
            }
            finally
            {
                work.Delete(recursive: true);
            }
        }

        static void Tell(string folder, string name, StringBuilder text)
        {
            foreach (var path in Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal))
            {
                // Folders that lie in one layer alone are listed with the whiteouts in them, which cannot be looked at.
                if (Nodes.Find(path) is not { } node)
                    continue;
                var inner = $"{name}/{Path.GetFileName(path)}";
                text.Append(CultureInfo.InvariantCulture, $"{inner} {node.Kind} {node.Mode:x} {node.User}:{node.Group} {string.Join(' ', Nodes.AttributeNames(path).Where(static name => !name.StartsWith("trusted.overlay", StringComparison.Ordinal)))}");
                text.Append(node.Kind switch { NodeKind.File => $" {File.ReadAllText(path)}\n", NodeKind.Link => $" {Nodes.ReadLink(path)}\n", _ => "\n" });
                if (node.Kind == NodeKind.Directory)
                    Tell(path, inner, text);
            }
        }
    }

    private static void Fill(Random random, string folder, int depth)
    {
        foreach (var name in Enumerable.Range(0, 5).Where(_ => random.Next(3) > 0).Select(static name => (char)('a' + name)))
        {
            var path = $"{folder}/{name}";
            switch (random.Next(depth < 3 ? 9 : 6))
            {
                case 0:
                    Nodes.MakeLink(random.Next(2) == 0 ? "a" : "/nowhere", path);
                    break;
                case 1:
                    Nodes.MakeNode(path, NodeKind.CharacterDevice, 0, 0, 0);
                    break;
                case 2 when Directory.GetFiles(folder) is [var first, ..] && Nodes.Read(first).Kind == NodeKind.File:
                    Files.Link(first, path);
                    break;
                case < 6:
                    File.WriteAllText(path, $"{random.Next(3)}");
                    Files.ChangeOwner(path, random.Next(3), random.Next(3));
                    Files.ChangeMode(path, random.Next(2) == 0 ? 0x1a4 : 0x9ed);
                    break;
                default:
                    Nodes.MakeDirectory(path, 0x1ed);
                    Fill(random, path, depth + 1);
                    Files.ChangeOwner(path, random.Next(3), random.Next(3));
                    Files.ChangeMode(path, random.Next(2) == 0 ? 0x1c0 : 0x5ed);
                    if (random.Next(4) == 0)
                        Nodes.SetAttribute(path, "trusted.overlay.opaque", "y"u8);
                    if (random.Next(4) == 0)
                        Nodes.SetAttribute(path, "system.posix_acl_default", Inherited);
                    Nodes.SetTime(path, 1_600_000_000 + random.Next(10));
                    break;
            }
        }
    }

    /// <summary>A list of access that what is made in a folder inherits (acl(5)), as the kernel writes it: owner, group and others rwx, and group 8 r-x under a mask.</summary>
    private static readonly byte[] Inherited =
    [
        2, 0, 0, 0, 1, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 8, 0, 5, 0, 8, 0, 0, 0,
        0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
    ];
}
