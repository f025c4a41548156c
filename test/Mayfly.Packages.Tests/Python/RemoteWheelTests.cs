using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Metadata that no index offers alone are read out of the wheel without the rest of it, where the server can do that and does not lie.</summary>
public sealed class RemoteWheelTests : IDisposable
{
    private const int Seed = 20261126;
    private const string Name = "one-1.0-py3-none-any.whl";

    private static readonly TransferSettings Impatient = new() { Stall = TimeSpan.FromSeconds(5), Attempts = 2, Pause = TimeSpan.FromMilliseconds(10) };

    private readonly TemporaryStore _store = new();
    private readonly FaultyServer _server = new() { ContentType = "text/html", Tag = "\"1\"" };

    public void Dispose()
    {
        _server.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_parts_of_a_wheel_are_enough(bool last)
    {
        var wheel = Offer(last);
        var chosen = await ResolveAsync();
        Assert.Equal("1.0", chosen.Single().Version.ToString());
        var asked = _server.Requests.Where(static request => request.Path.EndsWith(".whl", StringComparison.Ordinal)).ToArray();
        Assert.Equal(last ? [206] : [206, 206], asked.Select(static request => request.Status));
        Assert.False(_store.Store.Has(StoreArea.Artifacts, Convert.ToHexStringLower(SHA256.HashData(wheel))));
        // The wheel itself must say the same when it comes.
        var fetched = await PythonDownload.AllAsync(_store.Store, [chosen[0].File!], new NetworkAccess(), cancellationToken: TestContext.Current.CancellationToken);
        var unpacked = UnpackedWheel.All(_store.Store, fetched).Single();
        chosen[0].Require(unpacked);
        var failure = Assert.Throws<MayflyException>(() => (chosen[0] with { MetadataSha256 = new string('0', 64) }).Require(unpacked));
        Assert.Equal("the metadata in one 1.0 are others than those that its index gave for it", failure.Message);
    }

    [Theory]
    [InlineData("ignores")]
    [InlineData("refuses")]
    [InlineData("aside")]
    [InlineData("changes")]
    [InlineData("breaks")]
    public async Task Where_a_server_cannot_do_it_the_whole_wheel_is_read(string how)
    {
        var wheel = Offer(last: false);
        var times = 0;
        _server.Misbehave = (path, time) =>
        {
            if (!path.EndsWith(".whl", StringComparison.Ordinal))
                return null;
            times = time;
            if (how == "changes" && time == 2)
                _server.Tag = "\"2\"";
            return how switch
            {
                "ignores" => new Fault { NoRanges = true },
                "refuses" when time == 1 => new Fault { Status = 416 },
                "aside" when time == 2 => new Fault { Aside = 1 },
                "breaks" when time == 1 => new Fault { EndAfter = 100 },
                _ => null,
            };
        };
        Assert.Equal("1.0", (await ResolveAsync()).Single().Version.ToString());
        Assert.True(times >= 2);
        Assert.True(_store.Store.Has(StoreArea.Artifacts, Convert.ToHexStringLower(SHA256.HashData(wheel))));
    }

    [Fact]
    public async Task A_size_that_is_not_the_files_is_told()
    {
        var wheel = Offer(last: true);
        _server.ContentType = "application/vnd.pypi.simple.v1+json";
        _server.Files["one/"] = Encoding.UTF8.GetBytes($$$"""{"meta": {"api-version": "1.1"}, "name": "one", "files": [{"filename": "{{{Name}}}", "url": "{{{Name}}}", "size": 1000, "hashes": {"sha256": "{{{Convert.ToHexStringLower(SHA256.HashData(wheel))}}}"}}]}""");
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync());
        Assert.Equal($"{_server.Address}one/{Name} cannot be read: it gives more than the 1000 bytes that the index says", failure.Message);
    }

    /// <summary>Whatever is wrong with the parts, they are not used or they are read; nothing else happens.</summary>
    [Fact]
    public async Task Damaged_parts_are_read_or_not_used()
    {
        var whole = Offer(last: false);
        using var transport = new Transport(Impatient);
        using var work = _store.Store.BeginWork("fuzz");
        var used = 0;
        for (var number = 0; number < 300; number++)
        {
            var random = new Random(Seed ^ (number * 7919));
            var bytes = whole.ToArray();
            for (var times = random.Next(1, 4); times > 0; times--)
                bytes[bytes.Length - 1 - random.Next(random.Next(2) == 0 ? 700 : bytes.Length)] = (byte)random.Next(256);
            _server.Files[$"one/{Name}"] = bytes;
            var read = await RemoteWheel.MetadataAsync(transport, new IndexFile { Name = Name, Address = new Uri(_server.Address, $"one/{Name}") }, $"{work.Path}/{number}", TestContext.Current.CancellationToken);
            used += read is null ? 0 : 1;
            Assert.True(read is null || read.Length < 1000, $"seed {Seed} case {number}");
        }

        Assert.InRange(used, 20, 280);
    }

    private Task<IReadOnlyList<ChosenDistribution>> ResolveAsync() => PythonResolution.ResolveAsync(_store.Store, [DependencySpecifier.Parse("one")], PythonResolutionTests.Target,
        new PythonSources { Indexes = [_server.Address] }, settings: Impatient, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>A wheel of some hundred thousand bytes, and its page.</summary>
    private byte[] Offer(bool last)
    {
        const string Information = "one-1.0.dist-info";
        var random = new Random(Seed);
        var large = new byte[300_000];
        random.NextBytes(large);
        (string Name, byte[] Bytes)[] metadata = [($"{Information}/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 1.0\nSummary: of parts\nRequires-Python: >=3.8\n"u8.ToArray()), ($"{Information}/WHEEL", "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n"u8.ToArray())];
        (string Name, byte[] Bytes)[] files = last ? [("one.bin", large), .. metadata] : [.. metadata, ("one.bin", large)];
        var record = string.Concat(files.Select(static file => $"{file.Name},sha256={Base64Url.EncodeToString(SHA256.HashData(file.Bytes))},{file.Bytes.Length}\n")) + $"{Information}/RECORD,,\n";
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, contents) in files.Append(($"{Information}/RECORD", Encoding.UTF8.GetBytes(record))))
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(contents);
            }
        }

        _server.Files[$"one/{Name}"] = bytes.ToArray();
        _server.Files["one/"] = Encoding.UTF8.GetBytes($"<a href=\"{Name}#sha256={Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()))}\">{Name}</a>");
        return bytes.ToArray();
    }
}
