using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Source distributions are a stranger's archives: what is in them stays in one folder, or nothing of them is used.</summary>
public sealed class SourceArchiveTests : IDisposable
{
    private const string Name = "odd-1.0.tar.gz";
    private const int Seed = 20261126, Cases = 3000;

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-sdist-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    [Fact]
    public void What_is_unpacked_are_files_folders_and_links_inside()
    {
        var path = Tar(
            Entry(TarEntryType.Directory, "odd-1.0/", mode: 0b111_111_111_111), Entry(TarEntryType.RegularFile, "./odd-1.0/sub/file", "ümlaut", mode: 0b110_111_101_101),
            Entry(TarEntryType.RegularFile, "odd-1.0/plain", "1"), Entry(TarEntryType.RegularFile, "odd-1.0/plain", "2"),
            Entry(TarEntryType.SymbolicLink, "odd-1.0/sub/link", target: "../plain"), Entry(TarEntryType.HardLink, "odd-1.0/hard", target: "odd-1.0/plain"));
        var source = SourceArchive.Unpack(path, Name, Directory.CreateDirectory($"{_folder}/out").FullName);
        Assert.Equal($"{_folder}/out/odd-1.0", source);
        Assert.Equal(("ümlaut", "2", "2", "2"), (File.ReadAllText($"{source}/sub/file"), File.ReadAllText($"{source}/plain"), File.ReadAllText($"{source}/sub/link"), File.ReadAllText($"{source}/hard")));
        // No other rights than everybody's, and files that are apart.
        Assert.Equal((0b111_101_101, 0b110_100_100, 1u), (Nodes.Read($"{source}/sub/file").Mode, Nodes.Read($"{source}/plain").Mode, (uint)Nodes.Read($"{source}/hard").Links));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "up", "'odd-1.0/../../x' in it leads out of the folder that it is unpacked into, or is no name of a file" },
        { "absolute", "'/etc/x' in it leads out of the folder that it is unpacked into, or is no name of a file" },
        { "link out", "'odd-1.0/l' in it is a link that leads out of it, to '../x'" },
        { "link absolute", "'odd-1.0/l' in it is a link that leads out of it, to '/etc'" },
        { "link down and up", "'odd-1.0/m' in it is a link that leads out of it, to 'l/../../x'" },
        { "behind a link", "'odd-1.0/l' in it is a folder and something else" },
        { "over a link", "'odd-1.0/l' in it is there twice, as two things" },
        { "hard link out", "'odd-1.0/../../etc/passwd' in it leads out of the folder that it is unpacked into, or is no name of a file" },
        { "hard link to a link", "'odd-1.0/h' in it is a link to nothing, or to something outside" },
        { "device", "'odd-1.0/d' in it is a link to nothing, or to something outside" },
        { "two folders", "it has not one folder with everything in it" },
        { "no folder", "it has not one folder with everything in it" },
        { "bomb", "unpacked it would have more than 200 times its bytes, as nothing has but what is made to fill a disk" },
        { "cut", "its tar is cut short" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_one_is_refused(string kind, string why)
    {
        var top = Entry(TarEntryType.Directory, "odd-1.0/");
        var link = Entry(TarEntryType.SymbolicLink, "odd-1.0/l", target: ".");
        var path = kind switch
        {
            "up" => Tar(top, Entry(TarEntryType.RegularFile, "odd-1.0/../../x", "x")),
            "absolute" => Tar(top, Entry(TarEntryType.RegularFile, "/etc/x", "x")),
            "link out" => Tar(top, Entry(TarEntryType.SymbolicLink, "odd-1.0/l", target: "../x")),
            "link absolute" => Tar(top, Entry(TarEntryType.SymbolicLink, "odd-1.0/l", target: "/etc")),
            "link down and up" => Tar(top, link, Entry(TarEntryType.SymbolicLink, "odd-1.0/m", target: "l/../../x")),
            "behind a link" => Tar(top, link, Entry(TarEntryType.RegularFile, "odd-1.0/l/x", "x")),
            "over a link" => Tar(top, link, Entry(TarEntryType.RegularFile, "odd-1.0/l", "x")),
            "hard link out" => Tar(top, Entry(TarEntryType.HardLink, "odd-1.0/h", target: "odd-1.0/../../etc/passwd")),
            "hard link to a link" => Tar(top, link, Entry(TarEntryType.HardLink, "odd-1.0/h", target: "odd-1.0/l")),
            "device" => Tar(top, Entry(TarEntryType.CharacterDevice, "odd-1.0/d")),
            "two folders" => Tar(Entry(TarEntryType.RegularFile, "odd-1.0/x", "x"), Entry(TarEntryType.RegularFile, "even-1.0/x", "x")),
            "no folder" => Tar(Entry(TarEntryType.RegularFile, "setup.py", "x")),
            "bomb" => Tar(top, Entry(TarEntryType.RegularFile, "odd-1.0/x", new string('x', 70 << 20))),
            _ => Cut(Tar(top, Entry(TarEntryType.RegularFile, "odd-1.0/x", "x"))),
        };
        var failure = Assert.Throws<MayflyException>(() => SourceArchive.Unpack(path, Name, Directory.CreateDirectory($"{_folder}/out").FullName));
        Assert.Equal(($"the sources {Name} cannot be used: {why}", "the project must mend it; take another version of it, or a wheel"), (failure.Message, failure.Hint));
        Assert.Equal(["file.tar.gz", "out"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("Metadata-Version: 2.2\nName: odd\nVersion: 1.0\nRequires-Dist: six\n", "six")]
    [InlineData("Metadata-Version: 2.4\nName: Odd\nVersion: 1.0.0\nDynamic: Summary\n", "")]
    [InlineData("Metadata-Version: 2.2\nName: odd\nVersion: 1.0\nDynamic: Requires-Dist\n", null)]
    [InlineData("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\nRequires-Dist: six\n", null)]
    [InlineData("Metadata-Version: 1.0\nName: odd\nVersion: UNKNOWN\n", null)]
    [InlineData("", null)]
    public void Metadata_are_believed_where_the_build_may_not_change_them(string text, string? requires)
    {
        foreach (var zip in (bool[])[false, true])
        {
            var path = zip ? Zip(("odd-1.0/setup.py", "x"), ("odd-1.0/PKG-INFO", text)) : Tar(Entry(TarEntryType.RegularFile, "odd-1.0/sub/PKG-INFO", "Metadata-Version: 2.2\nName: other\nVersion: 1\n"), Entry(TarEntryType.RegularFile, "odd-1.0/PKG-INFO", text));
            var metadata = SourceArchive.Metadata(path, zip ? "odd-1.0.zip" : Name);
            Assert.Equal(requires, metadata is null ? null : string.Join(' ', metadata.Requires));
        }
    }

    [Fact]
    public void Metadata_of_something_else_are_refused()
    {
        var failure = Assert.Throws<MayflyException>(() => SourceArchive.Metadata(Tar(Entry(TarEntryType.RegularFile, "odd-1.0/PKG-INFO", "Metadata-Version: 2.2\nName: even\nVersion: 1.0\n")), Name));
        Assert.Equal($"the sources {Name} cannot be used: its metadata are those of even 1.0", failure.Message);
    }

    /// <summary>Names, kinds and targets that a seed puts together, in archives that are whole: nothing is ever outside, and what is refused is refused in words.</summary>
    [Fact]
    public void Nothing_leaves_the_folder_whatever_stands_in_an_archive()
    {
        string[] names = ["odd-1.0", "odd-1.0/b", "odd-1.0/c", "odd-1.0/d/e", "odd-1.0/d/f", "odd-1.0/d/l", "odd-1.0/d/m", "odd-1.0/g/h/l", "odd-1.0/a", "odd-1.0/a/b", "odd-1.0/l", "odd-1.0/l/x", "odd-1.0/./a//c", "odd-1.0/m", "odd-1.0/m/../x", "../x", "/tmp/x", "odd-1.0/a/l", "odd-1.0/a/l/y", "even/x", "x"];
        string[] targets = [".", "b", "c", "d", "../d", "../../d", "l/b", "..", "../..", "a", "l", "a/l", "../l", "l/..", "l/../..", "../odd-1.0", "../../x", "/", "a/../../..", "", "odd-1.0/a", "odd-1.0/l"];
        TarEntryType[] kinds = [TarEntryType.RegularFile, TarEntryType.RegularFile, TarEntryType.Directory, TarEntryType.SymbolicLink, TarEntryType.SymbolicLink, TarEntryType.HardLink, TarEntryType.Fifo];
        var (whole, refused) = (0, 0);
        for (var number = 0; number < Cases; number++)
        {
            var random = new Random(Seed ^ (number * 7919));
            var path = Tar([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Entry(kinds[random.Next(kinds.Length)], names[random.Next(names.Length)], "x", targets[random.Next(targets.Length)]))]);
            if (random.Next(4) == 0)
            {
                var bytes = File.ReadAllBytes(path);
                for (var times = random.Next(1, 4); times > 0; times--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                File.WriteAllBytes(path, bytes);
            }

            var outside = Directory.CreateDirectory($"{_folder}/deep/a/b/c/out").FullName;
            try
            {
                var source = SourceArchive.Unpack(path, Name, outside);
                whole++;
                foreach (var link in All(outside).Where(static one => new FileInfo(one).LinkTarget is not null))
                {
                    // As the kernel has it, which goes through links that are on the way.
                    if (Resolved(link) is { } leads)
                        Assert.True($"{leads}/".StartsWith($"{source}/", StringComparison.Ordinal), $"seed {Seed} case {number}: {link} leads to {leads}");
                }
            }
            catch (MayflyException e)
            {
                Assert.NotNull(e.Hint);
                refused++;
            }

            Assert.True(All($"{_folder}/deep").All(one => $"{outside}/".StartsWith($"{one}/", StringComparison.Ordinal) || one.StartsWith($"{outside}/", StringComparison.Ordinal)), $"seed {Seed} case {number}");
            Assert.False(Path.Exists("/tmp/x"));
            Trees.Remove($"{_folder}/deep");
        }

        TestContext.Current.SendDiagnosticMessage($"seed {Seed}: {whole} whole, {refused} refused");
        Assert.True(whole > Cases / 50 && refused > Cases / 2, $"{whole} whole, {refused} refused");
    }

    /// <summary>Without going through links, which may lead round in circles.</summary>
    private static IEnumerable<string> All(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).SelectMany(static one => Nodes.Read(one).Kind == NodeKind.Directory ? All(one).Prepend(one) : [one]);

    /// <summary>Where the kernel gets by a path; null where nothing is.</summary>
    private static string? Resolved(string path)
    {
        try
        {
            using var file = FileHandles.OpenFile(path);
            return Nodes.ReadLink($"/proc/self/fd/{file.DangerousGetHandle()}");
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private string Tar(params ReadOnlySpan<PaxTarEntry> entries)
    {
        var path = $"{_folder}/file.tar.gz";
        using var tar = new TarWriter(new GZipStream(File.Create(path), CompressionLevel.SmallestSize), TarEntryFormat.Pax);
        foreach (var entry in entries)
            tar.WriteEntry(entry);
        return path;
    }

    private string Zip(params ReadOnlySpan<(string Name, string Text)> entries)
    {
        var path = $"{_folder}/file.zip";
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, text) in entries)
        {
            using var stream = zip.CreateEntry(name).Open();
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return path;
    }

    private static string Cut(string path)
    {
        using var whole = new GZipStream(new MemoryStream(File.ReadAllBytes(path)), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        whole.CopyTo(bytes);
        using var cut = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        cut.Write(bytes.ToArray().AsSpan(0, 1500));
        return path;
    }

    private static PaxTarEntry Entry(TarEntryType type, string name, string text = "", string target = "", int mode = 0b110_100_100)
    {
        var entry = new PaxTarEntry(type, name) { Mode = (UnixFileMode)mode };
        if (type == TarEntryType.RegularFile)
            entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            entry.LinkName = target.Length == 0 ? "?" : target;
        return entry;
    }
}
