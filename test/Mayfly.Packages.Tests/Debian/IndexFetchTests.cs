using System.Text;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Transfer;
using Org.BouncyCastle.Bcpg;

namespace Mayfly.Packages.Tests.Debian;

public sealed class IndexFetchTests : IDisposable
{
    private static readonly SigningKey Key = new();
    private static readonly TransferSettings Quick = new() { Stall = TimeSpan.FromSeconds(1), Pause = TimeSpan.FromMilliseconds(5), Attempts = 2 };
    private readonly TemporaryStore _temporary = new();
    private readonly FaultyServer _server = new();
    private readonly List<Activity> _reports = [];

    public void Dispose()
    {
        _server.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task A_verified_index_is_read_and_its_package_fetched()
    {
        var archive = new TestArchive { Key = Key };
        archive.PutOn(_server);

        var index = await ReadAsync();
        var package = index.Candidate("hello")!.Lock();
        await Fetch.AllAsync(_temporary.Store, Sources(), [package], settings: Quick);

        Assert.Equal("bookworm", Assert.Single(index.Releases).Id);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(_server.Files["dists/bookworm/InRelease"])), index.Releases[0].Digest);
        Assert.True(_temporary.Store.Has(StoreArea.Artifacts, package.Sha256));
        Assert.Contains(_server.Requests, static one => one.Path.Contains("by-hash", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"one\"", null, 304)]
    [InlineData(null, "Sun, 22 Nov 2026 12:00:00 GMT", 304)]
    [InlineData("\"one\"", "Sun, 22 Nov 2026 12:00:00 GMT", 304)]
    [InlineData(null, null, 200)]
    public async Task Unchanged_suites_cost_one_conditional_request_each(string? tag, string? modified, int status)
    {
        (_server.Tag, _server.Modified) = (tag, modified);
        new TestArchive { Key = Key }.PutOn(_server);
        new TestArchive { Key = Key, Suite = "bookworm-updates", Codename = "bookworm-updates" }.PutOn(_server);
        await ReadAsync(suites: ["bookworm", "bookworm-updates"]);
        var before = _server.Requests.Count;

        var index = await ReadAsync(suites: ["bookworm", "bookworm-updates"]);

        var requests = _server.Requests.Skip(before).OrderBy(static request => request.Path).ToArray();
        Assert.Equal([("dists/bookworm-updates/InRelease", status), ("dists/bookworm/InRelease", status)], requests.Select(static request => (request.Path, request.Status)));
        Assert.All(requests, request => Assert.Equal((tag, modified), (request.Headers.GetValueOrDefault("If-None-Match"), request.Headers.GetValueOrDefault("If-Modified-Since"))));
        Assert.Equal(2, index.Releases.Count);
    }

    [Fact]
    public async Task Without_InRelease_a_detached_signature_does()
    {
        var archive = new TestArchive { Key = Key };
        archive.PutOn(_server);
        _server.Files.TryRemove("dists/bookworm/InRelease", out _);
        _server.Files["dists/bookworm/Release"] = Encoding.UTF8.GetBytes(archive.Release);
        _server.Files["dists/bookworm/Release.gpg"] = Key.SignDetached(Encoding.UTF8.GetBytes(archive.Release));

        Assert.Equal(1, (await ReadAsync()).Count);

        _server.Files["dists/bookworm/Release"] = Encoding.UTF8.GetBytes(archive.Release.Replace("oldstable", "stable", StringComparison.Ordinal));
        await Refused("was changed after signing");
    }

    [Fact]
    public async Task Without_by_hash_on_the_mirror_the_plain_name_does()
    {
        new TestArchive { Key = Key }.PutOn(_server);
        foreach (var path in _server.Files.Keys.Where(static path => path.Contains("by-hash", StringComparison.Ordinal)))
            _server.Files.TryRemove(path, out _);

        Assert.Equal(1, (await ReadAsync()).Count);
    }

    public static TheoryData<string, Func<string>> Untrusted => new()
    {
        { "is not trusted", static () => new SigningKey().Sign(new TestArchive().Release) },
        { "does not begin with a signed message", static () => new TestArchive().Release },
        { "does not begin with a signed message", static () => "<html>please log in</html>" },
        { "was changed after signing", static () => Key.Sign(new TestArchive().Release).Replace("oldstable", "stable", StringComparison.Ordinal) },
        { "something follows", static () => Key.Sign(new TestArchive().Release) + Key.Sign(new TestArchive().Release) },
        { "something follows", static () => Key.Sign(new TestArchive().Release) + "Origin: Debian\n" },
        { "does not begin", static () => "Origin: Debian\n" + Key.Sign(new TestArchive().Release) },
        { "not a Hash header", static () => Key.Sign(new TestArchive().Release).Replace("Hash: SHA256\n", "Hash: SHA256\nOrigin: Debian\n", StringComparison.Ordinal) },
        { "not escaped", static () => Key.Sign(new TestArchive().Release).Replace("Label:", "-----BEGIN PGP SIGNED MESSAGE-----\nLabel:", StringComparison.Ordinal) },
        { "more than one message", static () => Key.Sign(new TestArchive().Release).Replace("-----END PGP SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----", StringComparison.Ordinal) },
        { "cut short", static () => Key.Sign(new TestArchive().Release).Split("-----END")[0] },
        { "cut short", static () => Key.Sign(new TestArchive().Release).Split("-----BEGIN PGP SIGNATURE")[0] },
        { "too weak", static () => Key.Sign(new TestArchive().Release, HashAlgorithmTag.Sha1) },
        { "too weak", static () => Key.Sign(new TestArchive().Release, HashAlgorithmTag.MD5) },
        { "the signature by", static () => Key.Sign(new TestArchive().Release, validity: TimeSpan.FromDays(1), created: new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)) },
        { "is of Another", static () => Key.Sign(new TestArchive { Origin = "Another" }.Release) },
        { "it describes trixie", static () => Key.Sign(new TestArchive { Codename = "trixie" }.Release) },
        { "in the future", static () => Key.Sign(new TestArchive { Date = TestArchive.Now.AddSeconds(11) }.Release) },
        { "it expired on", static () => Key.Sign(new TestArchive { ValidUntil = TestArchive.Now.AddSeconds(-1) }.Release) },
        { "there twice", static () => Key.Sign(new TestArchive { Extra = "Origin: Debian\n" }.Release) },
        { "no Date", static () => Key.Sign(new TestArchive().Release.Replace("Date:", "Day:", StringComparison.Ordinal)) },
        { "no SHA256 sums", static () => Key.Sign(new TestArchive().Release.Replace("SHA256:", "SHA512:", StringComparison.Ordinal)) },
    };

    [Theory]
    [MemberData(nameof(Untrusted))]
    public async Task What_is_not_to_be_trusted_is_refused(string because, Func<string> inRelease)
    {
        new TestArchive { Key = Key }.PutOn(_server, inRelease());

        await Refused(because);

        Assert.DoesNotContain(_server.Requests, static one => one.Path.Contains("Packages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_expired_key_signs_nothing()
    {
        var expired = new SigningKey(TimeSpan.FromDays(365));
        new TestArchive { Key = expired }.PutOn(_server);

        await Refused("has expired", expired);
    }

    [Fact]
    public async Task A_signature_of_an_unknown_key_beside_a_good_one_is_passed_over()
    {
        var archive = new TestArchive { Key = Key };
        var (ours, theirs) = (Key.Sign(archive.Release), new SigningKey().Sign(archive.Release));
        var both = ours[..ours.IndexOf("-----BEGIN PGP SIGNATURE", StringComparison.Ordinal)] + Joined(theirs, ours);
        archive.PutOn(_server, both);

        Assert.Equal(1, (await ReadAsync()).Count);
    }

    [Fact]
    public async Task An_older_state_than_seen_is_not_taken_and_said_aloud()
    {
        new TestArchive { Key = Key }.PutOn(_server);
        var newer = await ReadAsync();
        new TestArchive { Key = Key, Date = TestArchive.Now.AddDays(-5) }.PutOn(_server);

        var index = await ReadAsync();

        Assert.Equal(newer.Releases[0].Digest, index.Releases[0].Digest);
        Assert.Contains(_reports, static report => report.Name == "warning: bookworm" && report.Detail!.Contains("older state", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_index_is_refused_and_nothing_stays()
    {
        new TestArchive { Key = Key }.PutOn(_server);
        foreach (var path in _server.Files.Keys.Where(static path => path.Contains("binary-", StringComparison.Ordinal)).ToArray())
            _server.Files[path] = [.. _server.Files[path][..^1], 99];

        await Refused("its bytes have the SHA-256");

        Assert.Empty(_temporary.Entries(StoreArea.Artifacts));
    }

    [Fact]
    public async Task An_index_that_unpacks_to_more_than_was_signed_is_refused()
    {
        var bomb = new TestArchive { Key = Key, PackagesGz = Archives.ArchiveBuilder.Gzip(Encoding.UTF8.GetBytes(new TestArchive().PackagesText + new string('\n', 50_000_000))) };
        bomb.PutOn(_server);

        await Refused("unpacks to more than");
    }

    [Fact]
    public async Task A_mirror_that_serves_another_archive_is_passed_over()
    {
        using var other = new FaultyServer();
        new TestArchive { Key = new SigningKey(), Origin = "Another" }.PutOn(other);
        new TestArchive { Key = Key }.PutOn(_server);

        var index = await ReadAsync([other.Address, _server.Address]);

        Assert.Equal(1, index.Count);
    }

    [Theory]
    [InlineData("contrib-free", "amd64", "no component contrib-free")]
    [InlineData("main", "s390x", "no architecture s390x")]
    [InlineData("contrib", "amd64", "lists no index of contrib")]
    public async Task What_the_archive_does_not_have_is_named(string component, string architecture, string because)
    {
        new TestArchive { Key = Key }.PutOn(_server);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(component: component, architecture: architecture));

        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
    }

    private static string Joined(string first, string second)
    {
        var output = new MemoryStream();
        using (var armour = new ArmoredOutputStream(output))
        {
            foreach (var text in (string[])[first, second])
            {
                using var input = Org.BouncyCastle.Bcpg.OpenPgp.PgpUtilities.GetDecoderStream(new MemoryStream(Encoding.ASCII.GetBytes(SignedText.Parse(Encoding.UTF8.GetBytes(text)).Signature)));
                input.CopyTo(armour);
            }
        }

        return Encoding.ASCII.GetString(output.ToArray()).Replace("PGP MESSAGE", "PGP SIGNATURE", StringComparison.Ordinal);
    }

    private async Task Refused(string because, SigningKey? key = null)
    {
        var refusal = await Assert.ThrowsAsync<MayflyException>(() => ReadAsync(key: key));
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
    }

    private Task<DebianIndex> ReadAsync(Uri[]? mirrors = null, SigningKey? key = null, string component = "main", string architecture = "amd64", params string[] suites) => IndexFetch.ReadAsync(
        _temporary.Store, Sources(mirrors, component, architecture, suites), KeyRing.Of([((key ?? Key).Public, "debian-archive-bookworm-automatic")]), new Reports(_reports), new FixedClock(), Quick, null, CancellationToken.None);

    private DebianSources Sources(Uri[]? mirrors = null, string component = "main", string architecture = "amd64", params string[] suites) => new()
    {
        Codename = "bookworm",
        Architecture = architecture,
        Sources = [.. suites.DefaultIfEmpty("bookworm").Select(suite => new DebianSource(suite, mirrors ?? [_server.Address], [component]))],
    };

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => TestArchive.Now;
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
