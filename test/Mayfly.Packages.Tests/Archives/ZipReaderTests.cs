using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Archives.Zip;
using Mayfly.Packages.Tests.Python;

namespace Mayfly.Packages.Tests.Archives;

/// <summary>Zip archives as Python makes them are read; what could be read in two ways is refused, and nothing is read otherwise than Python reads it.</summary>
public sealed class ZipReaderTests : IDisposable
{
    private static readonly string[] Kinds = ["stored", "deflated", "piped", "large", "comment"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-zip-");

    [Fact]
    [Trait("needs", "oracle")]
    public void What_Python_makes_is_read_as_Python_reads_it()
    {
        foreach (var (path, theirs) in Made().Zip(Theirs(Made())))
            Assert.Equal(JsonSerializer.Serialize(theirs), JsonSerializer.Serialize(Contents(File.ReadAllBytes(path)).Select(static entry => new[] { entry.Name, entry.Digest })));
    }

    /// <summary>Bytes changed at random: whatever is still read, Python reads the same there.</summary>
    [Fact]
    [Trait("needs", "oracle")]
    public void A_damaged_one_is_refused_or_is_the_same_for_Python()
    {
        var times = 3_000 * PackagingVerdicts.Times;
        var random = new Random(PackagingVerdicts.Seed);
        var originals = Made().Select(File.ReadAllBytes).ToArray();
        List<(string Path, string Ours)> read = [];
        for (var i = 0; i < times; i++)
        {
            var bytes = Damage(random, originals[i % originals.Length]);
            try
            {
                var ours = JsonSerializer.Serialize(Contents(bytes).Select(static entry => new[] { entry.Name, entry.Digest }));
                var path = $"{_folder.FullName}/damaged{i}.zip";
                File.WriteAllBytes(path, bytes);
                read.Add((path, ours));
            }
            catch (ArchiveException)
            {
            }
        }

        // Dates and comments may change, and most other bytes not.
        Assert.InRange(read.Count, times / 200, times / 2);
        foreach (var ((path, ours), theirs) in read.Zip(Theirs(read.Select(static one => one.Path))))
            Assert.True(ours == JsonSerializer.Serialize(theirs), $"seed {PackagingVerdicts.Seed}, {path}: {ours} instead of {theirs.GetRawText()}");
    }

    [Theory]
    [InlineData("a/../b", "'a/../b' in it leads out of the folder that it is unpacked into")]
    [InlineData("../b", "'../b' in it leads out of the folder that it is unpacked into")]
    [InlineData("/b", "'/b' in it leads out of the folder that it is unpacked into")]
    [InlineData("a//b", "'a//b' in it leads out of the folder that it is unpacked into")]
    [InlineData("a\\b", "'a\\b' in it is no name of a file")]
    [InlineData("a\nb", "'a?b' in it is no name of a file")]
    public void A_name_that_leads_elsewhere_is_refused(string name, string message) => Assert.Equal(message, Refusal(new OddZip { Names = { name } }));

    [Fact]
    public void What_could_be_read_in_two_ways_is_refused()
    {
        Assert.Equal("'a' is in it twice", Refusal(new OddZip { Names = { "a", "a" } }));
        Assert.Equal("'a/b' in it is a file and a folder", Refusal(new OddZip { Names = { "a", "a/b" } }));
        Assert.Equal("'a' in it is a file and a folder", Refusal(new OddZip { Names = { "a/b", "a" } }));
        Assert.Equal("'a' in it is not what its directory says: its own header says 'b'", Refusal(new OddZip { Names = { "a" }, LocalName = "b" }));
        Assert.Equal("'a' in it is not what its directory says: its own header says another size or checksum", Refusal(new OddZip { Names = { "a" }, LocalSize = 1 }));
        Assert.Equal("bytes stand between its entries that belong to none", Refusal(new OddZip { Names = { "a" }, Before = 10 }));
        Assert.Equal("bytes stand before its directory that belong to no entry", Refusal(new OddZip { Names = { "a" }, Between = 10 }));
        Assert.Equal("'b' in it is not what its directory says: its own header says 'a'", Refusal(new OddZip { Names = { "a", "b" }, Overlapping = true }));
        Assert.Equal("two of its entries share bytes", Refusal(new OddZip { Names = { "a", "b" }, Nested = true }));
        Assert.Equal("it has no end of a zip archive; perhaps it is cut short, or something stands after it", Refusal(new OddZip { Names = { "a" }, After = 1 }));
        Assert.Equal("it has more than one end", Refusal(new OddZip { Names = { "a" }, EndInComment = true }));
        Assert.Equal("its directory has more entries than it says", Refusal(new OddZip { Names = { "a", "b" }, Count = 1 }));
        Assert.Equal("'a' in it is a link or a device", Refusal(new OddZip { Names = { "a" }, Mode = 0xA1FF }));
        Assert.Equal("'a' in it cannot have the size that it says", Refusal(new OddZip { Names = { "a" }, Size = 1L << 30, Method = 8 }));
        Assert.Equal("'a' in it is encrypted", Refusal(new OddZip { Names = { "a" }, Flags = 1 }));
        Assert.Equal("'a' in it has a second name", Refusal(new OddZip { Names = { "a" }, Extra = [0x75, 0x70, 1, 0, 0] }));
        Assert.Equal("it is too short for a zip archive", Assert.Throws<ArchiveException>(static () => Contents([])).Message);
    }

    private static string Refusal(OddZip zip) => Assert.Throws<ArchiveException>(() => Contents(zip.Bytes())).Message;

    private static byte[] Damage(Random random, byte[] original)
    {
        var bytes = (byte[])original.Clone();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
                    break;
                case 3:
                    bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
                    break;
                default:
                    var from = random.Next(bytes.Length);
                    var length = Math.Min(random.Next(1, 60), bytes.Length - Math.Max(at, from));
                    bytes.AsSpan(from, length).CopyTo(bytes.AsSpan(at));
                    break;
            }

            if (bytes.Length == 0)
                return bytes;
        }

        return bytes;
    }

    private static IReadOnlyList<(string Name, string Digest)> Contents(byte[] archive)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, archive);
            using var file = File.OpenHandle(path);
            var zip = ZipReader.Read(file);
            return [.. zip.Entries.Select(entry =>
            {
                using var contents = zip.Open(entry);
                return (entry.Name, Convert.ToHexStringLower(SHA256.HashData(contents)));
            })];
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IReadOnlyList<JsonElement> Theirs(IEnumerable<string> paths) => PackagingVerdicts.Ask("zip-contents.py", paths.Select(static path => new { read = path }));

    private IReadOnlyList<string> Made()
    {
        var files = new Dictionary<string, string> { ["a/__init__.py"] = "", ["a/b.py"] = string.Concat(Enumerable.Repeat("print('b')\n", 300)), ["a/ü.txt"] = "ü", ["a-1.dist-info/"] = "", ["a-1.dist-info/RECORD"] = Encoding.UTF8.GetString(new byte[200]) };
        var made = Kinds.ToDictionary(kind => kind, kind => $"{_folder.FullName}/{kind}.zip");
        if (!File.Exists(made.Values.First()))
            Assert.All(PackagingVerdicts.Ask("zip-contents.py", made.Select(one => new { make = new object[] { one.Value, one.Key, files } })), static answer => Assert.Equal(JsonValueKind.Null, answer.ValueKind));
        return [.. made.Values];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
