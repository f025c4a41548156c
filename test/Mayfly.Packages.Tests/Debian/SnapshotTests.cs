using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A service of snapshots beside the live archive: which of the two is asked for what.</summary>
public sealed class SnapshotTests : IDisposable
{
    private const string Stamp = "20260901T000000Z";
    private static readonly DateTimeOffset Day = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
    // Expired in October: what it signed before stays good as of that day.
    private static readonly SigningKey Key = new(new DateTime(2026, 10, 1) - new DateTime(2020, 1, 1));
    private static readonly SigningKey Security = new();
    private static readonly TransferSettings Quick = new() { Stall = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5), Attempts = 2 };
    private readonly TemporaryStore _temporary = new();
    private readonly FaultyServer _live = new();
    private readonly FaultyServer _service = new();

    public void Dispose()
    {
        _live.Dispose();
        _service.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Every_suite_comes_from_the_snapshot_and_no_live_index_is_asked_for()
    {
        Publish("bookworm", "bookworm-updates", "bookworm-security");

        var index = await ReadAsync();
        var stackLock = new StackLock { Architecture = "amd64", Releases = index.Releases, Packages = [], Sets = [] };

        Assert.Empty(_live.Requests);
        Assert.Equal(3, _service.Requests.Count(static request => request.Path.EndsWith("InRelease", StringComparison.Ordinal)));
        Assert.All(_service.Requests, request => Assert.StartsWith(request.Path.Contains("security", StringComparison.Ordinal) ? $"debian-security/{Stamp}/dists/" : $"debian/{Stamp}/dists/", request.Path));
        // Its Valid-Until passed long ago, and the key that signed it has expired since.
        Assert.All(index.Releases, static release => Assert.Equal(Day, release.Snapshot));
        Assert.Contains("snapshot = \"2026-09-01T00:00:00Z\"", LockFile.Format(stackLock), StringComparison.Ordinal);
        Assert.Equal(stackLock.Releases, LockFile.Parse(LockFile.Format(stackLock)).Releases, static (one, other) => one.Snapshot == other.Snapshot && one.Digest == other.Digest);
    }

    [Theory]
    [InlineData("bookworm", "bookworm-updates")]
    [InlineData("bookworm", "bookworm-security")]
    public async Task What_the_service_lacks_is_not_taken_from_elsewhere(params string[] there)
    {
        Publish(there);
        foreach (var suite in (string[])["bookworm", "bookworm-updates", "bookworm-security"])
            Archive(suite, TestArchive.Now.AddDays(-1)).PutOn(_live);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync());

        Assert.Contains(" as of 2026-09-01 cannot be used: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("404", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("today's state is never taken in its place", refusal.Hint, StringComparison.Ordinal);
        Assert.Empty(_live.Requests);
    }

    [Fact]
    public async Task A_state_later_than_the_day_is_refused()
    {
        Publish("bookworm", "bookworm-updates", "bookworm-security");
        Archive("bookworm-security", Day.AddHours(1)).PutOn(_service, root: $"debian-security/{Stamp}/");

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync());

        Assert.Contains("its date 2026-09-01 01:00:00Z is later than the snapshot 2026-09-01", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("`snapshots`", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_today_the_same_key_and_the_same_date_are_refused()
    {
        foreach (var suite in (string[])["bookworm", "bookworm-updates", "bookworm-security"])
            Archive(suite, Day.AddDays(-1)).PutOn(_live);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(snapshot: null));

        Assert.Matches("has expired|it expired on", refusal.Message);
        Assert.Empty(_service.Requests);
    }

    [Fact]
    public async Task Its_packages_come_from_wherever_they_still_are()
    {
        Publish("bookworm", "bookworm-updates", "bookworm-security");
        var package = (await ReadAsync()).Candidate("hello")!.Lock();
        var release = (await ReadAsync()).Releases;
        _service.Requests.Clear();

        await Fetch.AllAsync(_temporary.Store, Sources(), [package], settings: Quick, releases: release);

        Assert.Equal([(package.Path, 404)], _live.Requests.Select(static request => (request.Path, request.Status)));
        // All three suites offer the very file, so it is a security fix.
        Assert.Equal([$"debian-security/{Stamp}/{package.Path}"], _service.Requests.Select(static request => request.Path));
    }

    [Fact]
    public async Task What_the_mirror_dropped_is_had_from_the_snapshot_of_its_releases_day()
    {
        Archive("bookworm", TestArchive.Now.AddDays(-1)).PutOn(_live);
        var package = TemporaryStore.PackageOf("old", [1, 2, 3]) with { Release = "bookworm" };
        _service.Files[$"debian/20261123T120000Z/{package.Path}"] = [1, 2, 3];
        var release = new LockedRelease { Id = "bookworm", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = TestArchive.Now.AddDays(-1), Digest = "", Components = [] };

        await Fetch.AllAsync(_temporary.Store, Sources(snapshot: null), [package], settings: Quick, releases: [release]);

        Assert.Equal(404, Assert.Single(_live.Requests).Status);
        Assert.Equal(200, Assert.Single(_service.Requests).Status);
    }

    [Theory]
    [InlineData("2026-09-01", null, "the snapshot 2026-09-01 is asked for, but no service that keeps snapshots is known", "snapshots = \"http://…/archive/{archive}/{date}\"")]
    [InlineData("2026-09-01", "http://service.example/", "the service of snapshots http://service.example/ is no address with {archive} and {date} in it", "write it such as")]
    [InlineData("yesterday", "http://service.example/{archive}/{date}", "the snapshot yesterday is no date", "such as 2026-09-01")]
    [InlineData("2027-09-01", "http://service.example/{archive}/{date}", "the snapshot 2027-09-01 is in the future", "clock")]
    public void What_cannot_be_a_snapshot_is_said(string day, string? service, string message, string hint)
    {
        var refusal = Assert.Throws<MayflyException>(() => Sources(day, service));

        Assert.Equal(message, refusal.Message);
        Assert.Contains(hint, refusal.Hint, StringComparison.Ordinal);
    }

    private static TestArchive Archive(string suite, DateTimeOffset date) => new()
    {
        Key = suite.EndsWith("-security", StringComparison.Ordinal) ? Security : Key,
        Suite = suite,
        Codename = suite,
        Label = suite.EndsWith("-security", StringComparison.Ordinal) ? "Debian-Security" : "Debian",
        Date = date,
        ValidUntil = date.AddDays(7),
    };

    private void Publish(params string[] suites)
    {
        foreach (var suite in suites)
            Archive(suite, Day.AddHours(-3)).PutOn(_service, root: $"{(suite.EndsWith("-security", StringComparison.Ordinal) ? "debian-security" : "debian")}/{Stamp}/");
    }

    private DebianSources Sources(string? snapshot = "2026-09-01") => Sources(snapshot, _service.Address + "{archive}/{date}/");

    private DebianSources Sources(string? snapshot, string? service) => DebianSources.Discover(
        "bookworm", "amd64", new DebianConfiguration { Mirror = _live.Address.ToString(), Security = _live.Address.ToString(), Snapshots = service, Snapshot = snapshot },
        new AptConfiguration { Sources = [], Options = new Dictionary<string, string>() }, new FixedClock());

    private Task<DebianIndex> ReadAsync(string? snapshot = "2026-09-01") => IndexFetch.ReadAsync(
        _temporary.Store, Sources(snapshot), KeyRing.Of([(Key.Public, "debian-archive-bookworm-automatic"), (Security.Public, "debian-archive-bookworm-security-automatic")]),
        null, new FixedClock(), Quick, null, CancellationToken.None);

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => TestArchive.Now;
    }
}
