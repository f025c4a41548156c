using System.Diagnostics;

namespace Mayfly.Packages.Tests;

public sealed class WholeFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-whole-");

    private string At(string name) => Path.Combine(_folder.FullName, name);

    [Fact]
    public void What_fails_leaves_the_old_contents_and_nothing_beside_them()
    {
        WholeFile.Write(At("file"), static stream => stream.Write("old"u8));
        Assert.Throws<IOException>(() => WholeFile.Write(At("file"), static stream =>
        {
            stream.Write("half"u8);
            throw new IOException("no room");
        }));
        Assert.Equal("old", File.ReadAllText(At("file")));
        WholeFile.Write(At("file"), static stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(At("file")));
        Assert.Equal([At("file")], Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public void A_link_and_a_pipe_are_written_into()
    {
        File.WriteAllText(At("file"), "what was there before");
        File.CreateSymbolicLink(At("link"), At("file"));
        WholeFile.Write(At("link"), static stream => stream.Write("through"u8));
        Assert.Equal("through", File.ReadAllText(At("file")));
        File.Delete(At("file"));
        WholeFile.Write(At("link"), static stream => stream.Write("anew"u8));
        Assert.Equal("anew", File.ReadAllText(At("file")));
        Assert.NotNull(new FileInfo(At("link")).LinkTarget);

        using var reader = Process.Start(new ProcessStartInfo("sh", ["-c", $"mkfifo '{At("pipe")}' && echo ready && cat '{At("pipe")}'"]) { RedirectStandardOutput = true })!;
        Assert.Equal("ready", reader.StandardOutput.ReadLine());
        WholeFile.Write(At("pipe"), static stream => stream.Write("said"u8));
        Assert.Equal("said", reader.StandardOutput.ReadToEnd());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
