using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>The archive that the host's apt, or the user's configuration, names; with the keys that Mayfly brings.</summary>
public sealed class RealArchiveTests : IDisposable
{
    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("bookworm")]
    [InlineData("trixie")]
    public async Task Its_suites_are_verified_and_a_package_fetched_and_unpacked(string codename)
    {
        var sources = DebianSources.Discover(codename, "amd64");

        var index = await IndexFetch.ReadAsync(_temporary.Store, sources);
        var again = await IndexFetch.ReadAsync(_temporary.Store, sources);
        var package = index.Candidate("hello")!.Lock();
        await Fetch.AllAsync(_temporary.Store, sources, [package]);
        var unpacked = Assert.Single(await Unpack.AllAsync(_temporary.Store, [package]));

        Assert.InRange(index.Count, 50_000, 200_000);
        Assert.Equal(index.Releases, again.Releases, static (one, other) => one.Digest == other.Digest);
        Assert.Equal(codename, index.Releases[0].Codename);
        Assert.Contains(unpacked.ReadManifest().Entries, static entry => entry.Path == "usr/bin/hello");
    }
}
