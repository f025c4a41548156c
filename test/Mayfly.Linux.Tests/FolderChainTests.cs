namespace Mayfly.Linux.Tests;

/// <summary>Files are made where their paths say, whatever order they come in, and never behind a link.</summary>
public sealed class FolderChainTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mayfly-chain-").FullName;

    public void Dispose() => Trees.Remove(_root);

    [Fact]
    public void Folders_are_made_as_files_come_and_those_that_are_there_are_taken()
    {
        string[] paths = ["one.txt", "a/b/c/deep", "a/b/c/deeper", "a/b/after", "a/bc/other", "a/b/c/again", "ü/ö/ä", "zz", "a/b/cc/d"];
        Directory.CreateDirectory($"{_root}/a/b");
        using (var chain = new FolderChain(_root))
        {
            foreach (var path in paths)
            {
                using var file = chain.CreateFile(path, path == "zz" ? 0b111_111_111 : 0b110_110_110);
                FileHandles.Write(file, System.Text.Encoding.UTF8.GetBytes(path), path);
            }

            Assert.Equal(17, Assert.Throws<LinuxException>(() => chain.CreateFile("a/b/after", 0b110_110_110)).Errno);
            chain.CreateFile("a/b/c/last", 0b110_110_110).Dispose();
        }

        foreach (var path in paths)
            Assert.Equal(path, File.ReadAllText($"{_root}/{path}"));
        Assert.Equal(paths.Length + 1, Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Length);
        Assert.Equal((true, false), ((Nodes.Read($"{_root}/zz").Mode & 0b001_000_000) != 0, (Nodes.Read($"{_root}/one.txt").Mode & 0b001_000_000) != 0));
    }

    [Fact]
    public void A_link_on_the_way_is_not_followed()
    {
        Directory.CreateDirectory($"{_root}/inside");
        Directory.CreateDirectory($"{_root}/outside");
        Nodes.MakeLink("../outside", $"{_root}/inside/link");
        using var chain = new FolderChain($"{_root}/inside");
        Assert.Throws<LinuxException>(() => chain.CreateFile("link/file", 0b110_110_110));
        Assert.Throws<LinuxException>(() => chain.CreateFile("link/deep/file", 0b110_110_110));
        Assert.Empty(Directory.GetFileSystemEntries($"{_root}/outside"));
        // What failed does not stand in the way of what comes then.
        chain.CreateFile("well/file", 0b110_110_110).Dispose();
        Assert.True(File.Exists($"{_root}/inside/well/file"));
    }

    [Fact]
    public void Sharing_gives_the_same_bytes_or_says_that_it_cannot_be()
    {
        byte[] bytes = [.. Enumerable.Range(0, FileHandles.ShareUnit * 4).Select(static number => (byte)(number / 7))];
        File.WriteAllBytes($"{_root}/from", bytes);
        using (var from = FileHandles.OpenFile($"{_root}/from"))
        using (var to = FileHandles.CreateNew($"{_root}/to"))
        {
            if (!FileHandles.TryShare(from, FileHandles.ShareUnit, 5000, to, "to"))
                FileHandles.Write(to, bytes.AsSpan(FileHandles.ShareUnit, 5000), "to");
        }

        Assert.True(File.ReadAllBytes($"{_root}/to").AsSpan().SequenceEqual(bytes.AsSpan(FileHandles.ShareUnit, 5000)));
    }
}
