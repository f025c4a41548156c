using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>What is refused, in which words, and what apt says of the very same archive.</summary>
public sealed partial class TrustTests : IDisposable
{
    private static readonly TransferSettings Quick = new() { Stall = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5), Attempts = 2 };
    private readonly FaultyServer _server = new();
    private readonly List<Activity> _reports = [];

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Every_refusal_says_why_and_what_to_do()
    {
        var text = new StringBuilder();
        foreach (var one in TrustCase.All)
        {
            using var temporary = new TemporaryStore();
            if (one.Before?.Invoke(TestArchive.Now) is { } before)
            {
                Clear();
                before.PutOn(_server);
                await ReadAsync(temporary, one, TestArchive.Now);
            }

            Clear();
            one.Put(_server, TestArchive.Now);
            var held = temporary.Entries(StoreArea.Artifacts);
            var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(temporary, one, TestArchive.Now));
            text.Append($"{one.Name}\n  error: {Normal(refusal.Message, temporary)}\n  hint: {Normal(refusal.Hint!, temporary)}\n\n");
            Assert.Equal(held, temporary.Entries(StoreArea.Artifacts));
        }

        Matches("refusals", text.ToString());
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Apt_refuses_and_accepts_the_same_but_where_we_are_stricter()
    {
        var differs = new List<string>();
        foreach (var one in TrustCase.All)
        {
            using var apt = new PrivateApt(_server.Address, one.Trusted);
            if (one.Before?.Invoke(DateTimeOffset.UtcNow) is { } before)
            {
                Clear();
                before.PutOn(_server);
                Assert.Equal((0, ""), await apt.UpdateAsync());
            }

            Clear();
            one.Put(_server, DateTimeOffset.UtcNow);
            var (code, said) = await apt.UpdateAsync();
            if (code != 0 != one.Apt)
                differs.Add($"{one.Name}: apt's exit code is {code}: {said}");
        }

        Assert.Empty(differs);
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Apt_accepts_what_we_accept()
    {
        using var temporary = new TemporaryStore();
        using var apt = new PrivateApt(_server.Address, TrustCase.Key);
        var now = DateTimeOffset.UtcNow;
        var one = TrustCase.All[0];
        // A new archive, one whose Suite changed as it aged, one of an older Date: apt takes the last for unchanged, and says nothing.
        foreach (var archive in (TestArchive[])[
            new() { Key = TrustCase.Key, SuiteField = "stable", Date = now.AddDays(-2) }, new() { Key = TrustCase.Key, Date = now.AddDays(-1) },
            new() { Key = TrustCase.Key, Date = now.AddDays(-5) }])
        {
            Clear();
            archive.PutOn(_server);
            var index = await ReadAsync(temporary, one, now);
            var (code, _) = await apt.UpdateAsync();
            Assert.Equal((0, 1), (code, index.Count));
        }

        Assert.Equal(
            [
                "note: bookworm: its Suite was stable when it was last seen and is oldstable now; bookworm stays bookworm",
                "warning: bookworm: MIRRORdists/bookworm/InRelease serves an older state (TIME) than was seen before (TIME); the newer one stays in use",
            ],
            _reports.Where(static report => report.Name.Contains("bookworm", StringComparison.Ordinal)).Select(report => Times().Replace(Normal($"{report.Name}: {report.Detail}", temporary), "TIME")));
    }

    [Fact]
    public async Task Of_the_signature_beside_a_Release_file_apt_and_we_think_alike()
    {
        using var temporary = new TemporaryStore();
        var archive = new TestArchive { Key = TrustCase.Key };
        archive.PutOn(_server);
        _server.Files.TryRemove("dists/bookworm/InRelease", out _);
        _server.Files["dists/bookworm/Release"] = Encoding.UTF8.GetBytes(archive.Release);
        _server.Files["dists/bookworm/Release.gpg"] = archive.Key.SignDetached(Encoding.UTF8.GetBytes(archive.Release));

        Assert.Equal(1, (await ReadAsync(temporary, TrustCase.All[0], TestArchive.Now)).Count);
    }

    [Fact]
    public async Task An_archive_that_is_another_one_than_in_the_lock_is_refused_and_an_aged_one_is_told()
    {
        using var temporary = new TemporaryStore();
        new TestArchive { Key = TrustCase.Key, Origin = "Ours" }.PutOn(_server);
        var one = TrustCase.All[0] with { Users = true };
        var release = (await ReadAsync(temporary, one, TestArchive.Now)).Releases[0];

        await ReadAsync(temporary, one, TestArchive.Now, release with { Suite = "stable" });
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(temporary, one, TestArchive.Now, release with { Origin = "Theirs", Label = "another" }));

        Assert.Contains(_reports, static report => report.Name == "note: bookworm" && report.Detail == "its Suite was stable when stack.lock was made and is oldstable now; bookworm stays bookworm");
        Assert.Contains("it was another archive when stack.lock was made: its Origin was Theirs and is Ours now, its Label was another and is Debian now", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("name the mirror of before; if the change is meant, remove stack.lock, and `mayfly lock` locks this one", refusal.Hint);
    }

    [Fact]
    public async Task A_key_counts_for_its_own_suites_only()
    {
        using var temporary = new TemporaryStore();
        new TestArchive { Key = TrustCase.Key }.PutOn(_server);
        var keys = KeyRing.Of([(TrustCase.Key.Public, "debian-archive-bookworm-security-automatic")]);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(temporary, keys, TestArchive.Now));

        Assert.Contains("(debian-archive-bookworm-security-automatic) is not trusted for bookworm", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_locked_is_built_from_an_archive_that_has_expired_since()
    {
        using var temporary = new TemporaryStore();
        var one = TrustCase.All[0];
        new TestArchive { Key = TrustCase.Key, ValidUntil = TestArchive.Now.AddDays(7) }.PutOn(_server);
        var package = (await ReadAsync(temporary, one, TestArchive.Now)).Candidate("hello")!.Lock();
        var before = _server.Requests.Count;

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(temporary, one, TestArchive.Now.AddDays(8)));
        var between = _server.Requests.Count;
        await Fetch.AllAsync(temporary.Store, Sources(), [package], settings: Quick);

        Assert.Contains("it expired on 2026-11-30 12:00:00Z, 24 h ago", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before + 1, between);
        Assert.Equal([package.Path], _server.Requests.Skip(between).Select(static request => request.Path));
    }

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}Z")]
    private static partial Regex Times();

    [GeneratedRegex("[0-9A-F]{40}")]
    private static partial Regex Fingerprints();

    [GeneratedRegex("[0-9A-F]{16}")]
    private static partial Regex KeyIds();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Hashes();

    private static void Matches(string name, string text, [System.Runtime.CompilerServices.CallerFilePath] string source = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(source)!, "Snapshots", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("MAYFLY_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    private string Normal(string text, TemporaryStore temporary) =>
        Hashes().Replace(KeyIds().Replace(Fingerprints().Replace(text.Replace(_server.Address.ToString(), "MIRROR", StringComparison.Ordinal).Replace(temporary.Folder, "STORE", StringComparison.Ordinal), "FINGERPRINT"), "KEYID"), "SHA256");

    private void Clear()
    {
        _server.Files.Clear();
        _server.Requests.Clear();
    }

    private Task<DebianIndex> ReadAsync(TemporaryStore temporary, TrustCase one, DateTimeOffset now, params LockedRelease[] locked) =>
        ReadAsync(temporary, KeyRing.Of([(one.Trusted.Public, one.Users ? null : "debian-archive-bookworm-automatic")]), now, locked);

    private Task<DebianIndex> ReadAsync(TemporaryStore temporary, KeyRing keys, DateTimeOffset now, params LockedRelease[] locked) => IndexFetch.ReadAsync(
        temporary.Store, Sources(), keys, new Reports(_reports), new FixedClock(now), Quick, locked, CancellationToken.None);

    private DebianSources Sources() => new() { Codename = "bookworm", Architecture = "amd64", Sources = [new DebianSource("bookworm", [_server.Address], ["main"])] };

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class Reports(List<Activity> reports) : IProgress<Activity>
    {
        public void Report(Activity value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
