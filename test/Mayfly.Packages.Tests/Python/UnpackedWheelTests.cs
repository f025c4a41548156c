using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What of a wheel is in the store is what was in its archive, and what is damaged there is noticed.</summary>
public sealed class UnpackedWheelTests : IDisposable
{
    private const string Name = "my_app-1.0-py3-none-any.whl", Text = "one line that is nowhere else\n";

    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Files_of_every_length_come_out_as_they_were()
    {
        var random = new Random(8);
        // Around what is shared, what is read at once, and what is one piece of work.
        int[] lengths = [0, 1, 4095, 4096, 16383, 16384, 16385, 20000, (1 << 17) - 1, 1 << 17, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, (1 << 20) + 5, 3_000_001];
        var files = new Dictionary<string, byte[]>();
        foreach (var (length, at) in lengths.Select(static (length, at) => (length, at)))
        {
            files[$"my_app/{(char)('z' - at)}/file"] = random.GetItems<byte>([.. Enumerable.Range(0, 256).Select(static value => (byte)value)], length);
            files[$"my_app/{(char)('z' - at)}/after"] = Encoding.UTF8.GetBytes($"{length}");
        }

        var wheel = Take(files);
        Assert.Equal(wheel.Files.Select(static file => file.Path).Order(StringComparer.Ordinal), wheel.Files.Select(static file => file.Path));
        Assert.Equal(files.Keys.Concat(["my_app-1.0.dist-info/METADATA", "my_app-1.0.dist-info/RECORD", "my_app-1.0.dist-info/WHEEL"]).ToHashSet(), wheel.Files.Select(static file => file.Path).ToHashSet());
        foreach (var order in (PackedFile[][])[[.. wheel.Files], [.. wheel.Files.Reverse()]])
        {
            using var reader = wheel.Open();
            foreach (var file in order.Where(file => files.ContainsKey(file.Path)))
            {
                Assert.True(reader.Read(file).AsSpan().SequenceEqual(files[file.Path]), file.Path);
                using (var target = File.OpenHandle($"{_temporary.Folder}/copy", FileMode.Create, FileAccess.Write))
                    reader.CopyTo(file, target, "copy");
                Assert.True(File.ReadAllBytes($"{_temporary.Folder}/copy").AsSpan().SequenceEqual(files[file.Path]), file.Path);
                Assert.Equal((file.Size, $"sha256={Base64Url.EncodeToString(SHA256.HashData(files[file.Path]))}", file.Path.EndsWith("file", StringComparison.Ordinal)), (files[file.Path].Length, file.Hash, file.Runs));
            }
        }

        Assert.Null(wheel.Text("entry_points.txt"));
        Assert.Null(wheel.Contents("my_app"));
        Assert.Equal("Metadata-Version: 2.1\nName: my-app\nVersion: 1.0\n", Encoding.UTF8.GetString(wheel.Metadata));
        Assert.Equal(("my-app", "my_app-1.0.dist-info"), (wheel.Name.Project.Text, wheel.Information));
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    [Theory]
    [InlineData("a file's byte")]
    [InlineData("the last byte")]
    [InlineData("an index's byte")]
    [InlineData("the form")]
    [InlineData("cut")]
    [InlineData("cut in the index")]
    [InlineData("longer")]
    [InlineData("empty")]
    [InlineData("zeros")]
    public void What_is_damaged_on_the_disk_is_made_anew(string how)
    {
        var files = new Dictionary<string, byte[]> { ["my_app/a.py"] = Encoding.UTF8.GetBytes(Text), ["z"] = [.. Enumerable.Repeat((byte)7, 4096 * 5)] };
        var place = Take(files).Place;
        var whole = File.ReadAllBytes(place);
        var bytes = whole.ToArray();
        switch (how)
        {
            case "a file's byte":
                bytes[bytes.AsSpan().IndexOf("nowhere"u8)] ^= 1;
                break;
            case "the last byte":
                bytes[^1] ^= 1;
                break;
            case "an index's byte":
                bytes[bytes.AsSpan().IndexOf("my_app/a.py"u8)] ^= 1;
                break;
            case "the form":
                bytes[7] ^= 1;
                break;
            case "zeros":
                Array.Clear(bytes);
                break;
            default:
                bytes = how switch { "cut" => bytes[..^1], "cut in the index" => bytes[..100], "longer" => [.. bytes, 0], _ => [] };
                break;
        }

        File.WriteAllBytes(place, bytes);
        if (how is "a file's byte" or "the last byte")
        {
            var damaged = Find();
            using (var reader = damaged.Open())
            {
                // The others of it are what they were.
                Assert.NotEmpty(damaged.Metadata);
                var (file, target) = (damaged.Files.First(file => file.Path == (how == "the last byte" ? "z" : "my_app/a.py")), $"{_temporary.Folder}/copy");
                Assert.Equal($"the wheel {Name} was damaged in the store", Assert.Throws<MayflyException>(() => reader.Read(file)).Message);
                File.WriteAllBytes(place, bytes);
                using var made = File.OpenHandle(target, FileMode.Create, FileAccess.Write);
                Assert.Equal($"the wheel {Name} was damaged in the store", Assert.Throws<MayflyException>(() => reader.CopyTo(file, made, target)).Message);
            }

            Assert.False(File.Exists(place));
        }

        Assert.Equal(Text, Encoding.UTF8.GetString(Find().Contents("my_app/a.py")!));
        Assert.True(File.ReadAllBytes(place).AsSpan().SequenceEqual(whole));
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    /// <summary>Whatever becomes of it on the disk: it is whole, or made anew, or one of its files is told to be damaged.</summary>
    [Fact]
    public void Noise_on_the_disk_never_comes_out()
    {
        var sha256 = Keep(new Dictionary<string, byte[]> { ["my_app/a.py"] = Encoding.UTF8.GetBytes(Text), ["my_app/b.py"] = [1, 2, 3] });
        var wheel = Find(sha256);
        var (place, paths) = (wheel.Place, wheel.Files.Select(static file => file.Path).ToArray());
        Noise.Each(3_000, [File.ReadAllBytes(place)], bytes =>
        {
            File.WriteAllBytes(place, bytes);
            try
            {
                var found = Find(sha256);
                Assert.Equal(paths, found.Files.Select(static file => file.Path));
                Assert.Equal(Text, Encoding.UTF8.GetString(found.Contents("my_app/a.py")!));
                return File.ReadAllBytes(place).AsSpan().SequenceEqual(bytes);
            }
            catch (MayflyException e) when (e.Message == $"the wheel {Name} was damaged in the store")
            {
                Assert.Equal(Text, Encoding.UTF8.GetString(Find(sha256).Contents("my_app/a.py")!));
                throw;
            }
        }, isSealed: true);
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    /// <summary>80 MB of zeros in 80 kB: Deflate can do that, and no project does.</summary>
    [Fact]
    public void One_that_swells_is_refused_before_anything_is_written()
    {
        var zeros = new byte[80 << 20];
        var sha256 = Keep(new Dictionary<string, byte[]> { ["my_app/zeros"] = zeros });
        Assert.InRange(new FileInfo(_temporary.Store.PathOf(StoreArea.Artifacts, sha256)).Length, 1, zeros.Length / 500);
        var refusal = Assert.Throws<MayflyException>(() => Find(sha256));
        Assert.Equal(($"the wheel {Name} cannot be used: unpacked it would have more than 200 times its bytes, as nothing has but what is made to fill a disk", "the project must mend it; take another version of it, or build it from its sources"), (refusal.Message, refusal.Hint));
        Assert.Empty(_temporary.Entries(StoreArea.Wheels));
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
        // What a real one may have: as many zeros, and enough else beside them.
        var noise = new byte[1 << 20];
        new Random(7).NextBytes(noise);
        Assert.Equal(zeros.Length, Take(new Dictionary<string, byte[]> { ["my_app/zeros"] = zeros, ["my_app/noise"] = noise }).Files.Single(static file => file.Path == "my_app/zeros").Size);
    }

    [Fact]
    public void One_that_was_kept_as_a_folder_once_is_taken_apart_anew_and_the_folder_goes()
    {
        var sha256 = Keep(new Dictionary<string, byte[]> { ["my_app/a.py"] = Encoding.UTF8.GetBytes(Text) });
        Directory.CreateDirectory($"{_temporary.Store.PathOf(StoreArea.Unpacked, sha256)}/files/my_app-1.0.dist-info");
        Assert.False(UnpackedWheel.IsIn(_temporary.Store, sha256));
        Assert.Equal(Text, Encoding.UTF8.GetString(Find(sha256).Contents("my_app/a.py")!));
        Assert.Empty(_temporary.Entries(StoreArea.Unpacked));
    }

    [Fact]
    public void A_file_that_is_not_what_the_RECORD_says_leaves_nothing()
    {
        var sha256 = Keep(new Dictionary<string, byte[]> { ["my_app/a.py"] = Encoding.UTF8.GetBytes(Text), ["my_app/b.py"] = [1] }, lie: "my_app/b.py");
        Assert.Equal($"the wheel {Name} cannot be used: my_app/b.py has not the digest that its RECORD says", Assert.Throws<MayflyException>(() => Find(sha256)).Message);
        Assert.Empty(_temporary.Entries(StoreArea.Wheels));
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    private UnpackedWheel Take(Dictionary<string, byte[]> files) => Find(Keep(files));

    private UnpackedWheel Find(string? sha256 = null) => UnpackedWheel.All(_temporary.Store, [(Name, sha256 ?? Path.GetFileName(Assert.Single(_temporary.Entries(StoreArea.Artifacts))))], null, TestContext.Current.CancellationToken).Single();

    /// <summary>Puts such a wheel among the artifacts. What is called <c>file</c> may be run.</summary>
    private string Keep(Dictionary<string, byte[]> files, string? lie = null)
    {
        var all = new Dictionary<string, byte[]>(files)
        {
            ["my_app-1.0.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: my-app\nVersion: 1.0\n"u8.ToArray(),
            ["my_app-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"u8.ToArray(),
        };
        all["my_app-1.0.dist-info/RECORD"] = Encoding.UTF8.GetBytes(string.Concat(all.Select(file => $"{file.Key},sha256={Base64Url.EncodeToString(SHA256.HashData(file.Key == lie ? [] : file.Value))},{file.Value.Length}\n")) + "my_app-1.0.dist-info/RECORD,,\n");
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, contents) in all)
            {
                var entry = zip.CreateEntry(path);
                entry.ExternalAttributes = (path.EndsWith("/file", StringComparison.Ordinal) ? 0x81ed : 0x81a4) << 16;
                using var stream = entry.Open();
                stream.Write(contents);
            }
        }

        return _temporary.Add("my-app", bytes.ToArray()).Sha256;
    }
}
