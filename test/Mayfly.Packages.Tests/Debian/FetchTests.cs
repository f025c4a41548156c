using System.Security.Cryptography;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Debian;

public sealed class FetchTests : IDisposable
{
    // Long enough for a busy machine: only the test of a hanging mirror waits for it to pass.
    private static readonly TransferSettings Quick = new() { Stall = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5), Attempts = 3 };
    private readonly TemporaryStore _temporary = new();
    private readonly FaultyServer _server = new();
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(300_000);
    private readonly LockedPackage _package;

    public FetchTests()
    {
        _package = TemporaryStore.PackageOf("hello", _bytes);
        _server.Files[_package.Path] = _bytes;
    }

    public void Dispose()
    {
        _server.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Packages_come_into_the_store_and_are_not_asked_for_again()
    {
        var others = Enumerable.Range(0, 40).Select(n => (Bytes: RandomNumberGenerator.GetBytes((n * 1000) + 1), n))
            .Select(one => (one.Bytes, Package: TemporaryStore.PackageOf($"p{one.n}+~", one.Bytes))).ToArray();
        foreach (var (bytes, package) in others)
            _server.Files[package.Path] = bytes;
        LockedPackage[] all = [_package, .. others.Select(static one => one.Package)];
        var reports = new List<Activity>();

        await FetchAsync(all, new Reports(reports));
        var requests = _server.Requests.Count;
        await FetchAsync(all);

        Assert.Equal((41, 41), (requests, _server.Requests.Count));
        Assert.Equal(_bytes, File.ReadAllBytes(_temporary.Store.PathOf(StoreArea.Artifacts, _package.Sha256)));
        Assert.Equal(41, _temporary.Entries(StoreArea.Artifacts).Length);
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
        Assert.True(reports[^1] is { Ended: true } last && last.Done == last.Total && last.Total == all.Sum(static one => one.Size));
    }

    [Fact]
    public async Task Wrong_bytes_are_refused()
    {
        _server.Misbehave = (_, _) => new Fault { Body = [.. _bytes[..^1], (byte)~_bytes[^1]] };

        var refusal = await Refused("its bytes have the SHA-256");

        Assert.Contains(_package.Sha256, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("name another mirror", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_file_of_another_size_is_refused_before_it_is_read()
    {
        _server.Misbehave = (_, _) => new Fault { Body = new byte[5_000_000] };
        return Refused("5000000 bytes instead of 300000");
    }

    [Fact]
    public async Task A_broken_transfer_is_continued_where_it_ended()
    {
        _server.Tag = "\"one\"";
        _server.Misbehave = (_, n) => n == 1 ? new Fault { EndAfter = 200_000 } : null;

        await FetchAsync([_package]);

        var second = _server.Requests.ToArray()[1];
        Assert.Equal(206, second.Status);
        Assert.Equal("\"one\"", second.Headers["If-Range"]);
        Assert.StartsWith("bytes=", second.Headers["Range"], StringComparison.Ordinal);
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    [Fact]
    public async Task A_later_command_continues_what_an_earlier_one_left()
    {
        _server.Misbehave = (_, n) => n == 1 ? new Fault { EndAfter = 100_000 } : new Fault { Status = 500 };
        await Refused("it answered 500", partial: true);
        var before = _server.Requests.Count;
        _server.Misbehave = (_, _) => null;

        await FetchAsync([_package]);

        var request = _server.Requests.ToArray()[before];
        Assert.Equal(206, request.Status);
        Assert.Equal(before + 1, _server.Requests.Count);
    }

    [Fact]
    public async Task A_file_that_changed_since_is_transferred_anew()
    {
        _server.Tag = "\"one\"";
        _server.Misbehave = (_, n) => n == 1 ? new Fault { EndAfter = 200_000, Body = new byte[300_000] } : null;
        var task = FetchAsync([_package]);
        while (_server.Requests.IsEmpty)
            await Task.Delay(1);
        _server.Tag = "\"two\"";
        await task;

        Assert.Equal(_bytes, File.ReadAllBytes(_temporary.Store.PathOf(StoreArea.Artifacts, _package.Sha256)));
    }

    [Fact]
    public async Task A_partial_file_of_other_bytes_costs_one_more_transfer_only()
    {
        File.WriteAllBytes(Path.Combine(_temporary.Store.Folder(StoreArea.Tmp), "partial-" + _package.Sha256), new byte[1000]);

        await FetchAsync([_package]);

        Assert.Equal([206, 200], _server.Requests.Select(static one => one.Status));
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_sends_all_again()
    {
        _server.Misbehave = (_, n) => n == 1 ? new Fault { EndAfter = 200_000 } : new Fault { NoRanges = true };

        await FetchAsync([_package]);

        Assert.Equal([200, 200], _server.Requests.Select(static one => one.Status));
    }

    [Theory]
    [InlineData(200, 300_000)]
    [InlineData(200_000, 300_000)]
    public async Task A_transfer_that_ends_at_the_same_place_each_time_is_given_up(int end, int size)
    {
        _server.Misbehave = (path, _) => new Fault { EndAfter = end, NoRanges = true, Body = _bytes[..size] };
        var package = TemporaryStore.PackageOf("hello", _bytes[..size]);

        await Assert.ThrowsAsync<MayflyException>(() => FetchAsync([package]));

        // The first one got further than nothing; none of the others did.
        Assert.InRange(_server.Requests.Count, Quick.Attempts, Quick.Attempts + 1);
    }

    [Fact]
    public async Task A_server_error_is_tried_again()
    {
        _server.Misbehave = (_, n) => n < 3 ? new Fault { Status = 503 } : null;

        await FetchAsync([_package]);

        Assert.Equal([503, 503, 200], _server.Requests.Select(static one => one.Status));
    }

    [Fact]
    public Task A_hanging_mirror_ends_in_an_error()
    {
        _server.Misbehave = (_, _) => new Fault { EndAfter = 0, Stall = true };
        return Refused("gave no byte for 0.7 s", settings: Quick with { Stall = TimeSpan.FromMilliseconds(700) });
    }

    [Fact]
    public async Task A_mirror_that_lacks_a_version_leads_to_locking_anew()
    {
        _server.Files.Clear();

        var refusal = await Refused("404");

        Assert.Contains("mayfly lock", refusal.Hint, StringComparison.Ordinal);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task A_mirror_that_is_down_is_named_with_what_to_do()
    {
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => FetchAsync([_package], mirrors: [new Uri("http://127.0.0.1:1/debian/")]));

        Assert.Contains("hello:amd64 1.0 cannot be fetched", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("refused the connection", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("name another mirror", refusal.Hint, StringComparison.Ordinal);
        Assert.Empty(_temporary.Entries(StoreArea.Artifacts));
    }

    [Fact]
    public async Task The_next_mirror_helps_out()
    {
        using var stale = new FaultyServer();

        await FetchAsync([_package], mirrors: [new Uri("http://127.0.0.1:1/debian/"), stale.Address, _server.Address]);

        Assert.Single(stale.Requests);
        Assert.Single(_temporary.Entries(StoreArea.Artifacts));
    }

    public static TheoryData<string> Ills => ["dead", "silent", "slow", "lying", "short", "broken", "failing", "empty"];

    /// <summary>Each ill server alone before a good one: every file comes, whole, and the ill one is left alone once it is known.</summary>
    [Theory]
    [MemberData(nameof(Ills))]
    public async Task An_ill_server_gives_way_to_the_next_one(string ill)
    {
        using var first = new FaultyServer();
        var all = Enumerable.Range(0, 30).Select(n => (Bytes: RandomNumberGenerator.GetBytes(60_000 + n), n)).Select(one => (one.Bytes, Package: TemporaryStore.PackageOf($"p{one.n}", one.Bytes))).ToArray();
        foreach (var (bytes, package) in all)
            _server.Files[package.Path] = first.Files[package.Path] = bytes;
        first.Misbehave = (path, _) => ill switch
        {
            "silent" => new Fault { EndAfter = 10_000, Stall = true },
            "slow" => new Fault { Step = 100 },
            "lying" => new Fault { Body = [.. first.Files[path].Reverse()] },
            "short" => new Fault { Body = first.Files[path][..^1] },
            "broken" => new Fault { EndAfter = 10_000, NoRanges = true },
            "failing" => new Fault { Status = 503 },
            "empty" => new Fault { Status = 404 },
            _ => null,
        };
        var address = ill == "dead" ? new Uri("http://127.0.0.1:1/debian/") : first.Address;
        var settings = new TransferSettings { Stall = TimeSpan.FromSeconds(1.5), Pause = TimeSpan.FromMilliseconds(5), Attempts = 3, Parallel = 4 };

        await FetchAsync([.. all.Select(static one => one.Package)], mirrors: [address, _server.Address], settings: settings);

        Assert.All(all, one => Assert.Equal(one.Bytes, File.ReadAllBytes(_temporary.Store.PathOf(StoreArea.Artifacts, one.Package.Sha256))));
        // Once for each of the transfers that were under way before it was known; a server that just lacks a file is no worse for that.
        if (ill != "empty")
            Assert.InRange(first.Requests.Count, 0, settings.Parallel);
        if (ill is "silent" or "slow" or "broken")
            Assert.Contains(_server.Requests, static request => request.Status == 206);
    }

    [Fact]
    public async Task When_no_place_has_it_each_is_named_with_its_reason()
    {
        using var lying = new FaultyServer();
        using var failing = new FaultyServer { Misbehave = static (_, _) => new Fault { Status = 503 } };
        using var silent = new FaultyServer { Misbehave = static (_, _) => new Fault { EndAfter = 0, Stall = true } };
        _server.Files.Clear();
        lying.Files[_package.Path] = [.. _bytes.Reverse()];
        silent.Files[_package.Path] = _bytes;

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => FetchAsync(
            [_package], mirrors: [new Uri("http://127.0.0.1:1/debian/"), lying.Address, failing.Address, silent.Address, _server.Address, new Uri("file:///nowhere/")], settings: Quick with { Stall = TimeSpan.FromSeconds(1), Attempts = 2 }));

        // Those that may be asked again come last.
        Assert.Equal(
            [
                "hello:amd64 1.0 cannot be fetched: none of 6 places has it",
                $"  file:///nowhere/{_package.Path}: there is no such file",
                $"  http://127.0.0.1:1/debian/{_package.Path}: it refused the connection",
                $"  {failing.Address}{_package.Path}: it answered 503 X",
                $"  {lying.Address}{_package.Path}: its bytes have the SHA-256 {Convert.ToHexStringLower(SHA256.HashData(lying.Files[_package.Path]))} instead of {_package.Sha256}",
                $"  {silent.Address}{_package.Path}: it gave no byte for 1 s",
                $"  {_server.Address}{_package.Path}: it answered 404 X",
            ],
            refusal.Message.Split('\n').Take(1).Concat(refusal.Message.Split('\n').Skip(1).OrderBy(line => line.Contains("nowhere") ? 0 : line.Contains(":1/") ? 1 : line.Contains(failing.Address.Authority) ? 2 : line.Contains(lying.Address.Authority) ? 3 : line.Contains(silent.Address.Authority) ? 4 : 5)));
        Assert.Equal("the mirror or a proxy on the way serves something else under this name: try again, or name another mirror", refusal.Hint);
    }

    [Fact]
    public async Task A_folder_is_a_mirror_too()
    {
        var folder = Path.Combine(_temporary.Folder, "mirror with blanks");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, _package.Path))!);
        File.WriteAllBytes(Path.Combine(folder, _package.Path), _bytes);

        await FetchAsync([_package], mirrors: [new Uri(folder + "/")]);

        Assert.Single(_temporary.Entries(StoreArea.Artifacts));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task A_lock_cannot_name_files_outside_the_mirror()
    {
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => FetchAsync([_package with { Path = "../../etc/shadow" }]));

        Assert.Contains("leaves the mirror", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_commands_at_once_transfer_a_file_once()
    {
        _server.Misbehave = (_, n) => n == 1 ? new Fault { EndAfter = 150_000 } : null;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => FetchAsync([_package]))));

        Assert.Equal([200, 206], _server.Requests.Select(static one => one.Status));
    }

    [Fact]
    public async Task What_another_command_brought_meanwhile_leaves_nothing_to_go_on_from()
    {
        byte[] bytes = [.. _bytes.Take(1000)];
        var small = TemporaryStore.PackageOf("small", bytes);
        _server.Files[small.Path] = bytes;
        // The larger one is asked for first, and then both were found missing.
        _server.Misbehave = (path, n) =>
        {
            if (path == _package.Path && n == 1)
                FetchAsync([small]).GetAwaiter().GetResult();
            return null;
        };

        await FetchAsync([_package, small], settings: Quick with { Parallel = 1 });

        Assert.Equal([_package.Path, small.Path], _server.Requests.Select(static one => one.Path).Order(StringComparer.Ordinal));
        Assert.Empty(_temporary.Entries(StoreArea.Tmp));
    }

    private async Task<MayflyException> Refused(string because, bool partial = false, TransferSettings? settings = null)
    {
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => FetchAsync([_package], settings: settings));
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
        Assert.Empty(_temporary.Entries(StoreArea.Artifacts));
        var left = Assert.Single(_temporary.Entries(StoreArea.Tmp), static path => !path.EndsWith(".from", StringComparison.Ordinal));
        Assert.Equal(partial, new FileInfo(left).Length > 0);
        return refusal;
    }

    private Task FetchAsync(IReadOnlyList<LockedPackage> packages, IProgress<Activity>? progress = null, Uri[]? mirrors = null, TransferSettings? settings = null) =>
        Fetch.AllAsync(_temporary.Store, SourcesOf(mirrors ?? [_server.Address]), packages, progress, settings ?? Quick);

    private static DebianSources SourcesOf(Uri[] mirrors) =>
        new() { Codename = "bookworm", Architecture = "amd64", Sources = [new DebianSource("test", mirrors, ["main"])] };

    private sealed class Reports(List<Activity> reports) : IProgress<Activity>
    {
        public void Report(Activity value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
