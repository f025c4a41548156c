using System.Net;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What is asked of indexes on loopback, how often, and what is said of those that fail.</summary>
public sealed class IndexClientTests : IDisposable
{
    private static readonly TransferSettings Impatient = new() { Stall = TimeSpan.FromSeconds(1), Attempts = 2, Pause = TimeSpan.FromMilliseconds(10) };

    private readonly TemporaryStore _store = new();
    private readonly FaultyServer _own = new() { ContentType = "application/vnd.pypi.simple.v1+json", Tag = "\"1\"" };
    private readonly FaultyServer _public = new() { ContentType = "text/html; charset=utf-8", Tag = "\"1\"" };

    public void Dispose()
    {
        _own.Dispose();
        _public.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task A_project_comes_from_the_first_index_that_has_it_whatever_others_offer()
    {
        Offer(_own, "inside", "1.0", "outside");
        Offer(_public, "inside", "99.0");
        Offer(_public, "outside", "2.0");
        var chosen = await ResolveAsync(new PythonSources { Indexes = [_own.Address, _public.Address] }, "inside");
        Assert.Equal([("inside", "1.0", _own.Address), ("outside", "2.0", _public.Address)], chosen.Select(static one => (one.Project.Text, one.Version.ToString(), one.Index!)));
        Assert.DoesNotContain(_public.Requests, static request => request.Path.StartsWith("inside/", StringComparison.Ordinal));
        // JSON is asked for first, and HTML is understood.
        Assert.All(_public.Requests.Where(static request => request.Path.EndsWith('/')), static request => Assert.StartsWith("application/vnd.pypi.simple.v1+json", request.Headers["Accept"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_project_that_is_bound_to_an_index_comes_from_nowhere_else()
    {
        Offer(_public, "inside", "99.0");
        var sources = new PythonSources { Indexes = [_public.Address], Bound = new Dictionary<ProjectName, Uri> { [ProjectName.Parse("inside")] = _own.Address } };
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(sources, "inside"));
        Assert.Equal($"no versions fit together for Python 3.11.2:\ninside is asked for, but {_own.Address}, which it comes from, has no project of that name", failure.Message);
        Assert.Empty(_public.Requests);
    }

    [Fact]
    public async Task Metadata_are_read_without_the_wheel_and_once_and_a_page_that_is_the_same_is_not_sent_again()
    {
        Offer(_own, "one", "1.0", "two");
        Offer(_own, "two", "1.0");
        for (var time = 0; time < 2; time++)
            Assert.Equal(2, (await ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one")).Count);
        Assert.Equal([("one/", 200), ("one/", 304), ("one/one-1.0-py3-none-any.whl.metadata", 200), ("two/", 200), ("two/", 304), ("two/two-1.0-py3-none-any.whl.metadata", 200)],
            _own.Requests.Select(static request => (request.Path, request.Status)).Order());
    }

    [Fact]
    public async Task What_is_not_as_the_index_says_is_refused()
    {
        Offer(_own, "one", "1.0");
        _own.Files["one/one-1.0-py3-none-any.whl.metadata"] = "Name: one\nVersion: 1.0\nRequires-Dist: evil\n"u8.ToArray();
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one"));
        Assert.Matches("^http://127.*/one/one-1.0-py3-none-any.whl.metadata has the SHA-256 [0-9a-f]{64}, and the index says [0-9a-f]{64}$", failure.Message);
        Assert.Equal("somebody on the way may have changed it, or the index is damaged: try again later, or name another index", failure.Hint);
    }

    [Fact]
    public async Task Metadata_of_another_project_or_of_another_indexs_file_are_not_believed()
    {
        Offer(_own, "one", "1.0");
        await ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one");
        // The same file's digest, and metadata of its own for it.
        using var other = new FaultyServer { ContentType = _own.ContentType };
        Offer(other, "one", "1.0", "evil");
        var digest = Encoding.UTF8.GetString(_own.Files["one/"]).Split("\"sha256\": \"")[1][..64];
        var page = Encoding.UTF8.GetString(other.Files["one/"]);
        other.Files["one/"] = Encoding.UTF8.GetBytes(page.Replace(page.Split("\"sha256\": \"")[1][..64], digest, StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new PythonSources { Indexes = [other.Address] }, "one"));
        Assert.Single(await ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one"));

        var metadata = "Name: two\nVersion: 1.0\n"u8.ToArray();
        other.Files["one/one-1.0-py3-none-any.whl.metadata"] = metadata;
        other.Files["one/"] = Encoding.UTF8.GetBytes(page.Replace(page.Split("\"sha256\": \"")[2][..64], Convert.ToHexStringLower(SHA256.HashData(metadata)), StringComparison.Ordinal));
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new PythonSources { Indexes = [other.Address] }, "one"));
        Assert.EndsWith("the metadata of one-1.0-py3-none-any.whl are those of two 1.0", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, false, "it answered 500 X")]
    [InlineData(403, false, "it answered 403 X")]
    [InlineData(null, true, "it gave no byte for 1 s")]
    public async Task An_index_that_fails_is_named(int? status, bool hangs, string why)
    {
        Offer(_own, "one", "1.0");
        _own.Misbehave = (_, _) => new Fault { Status = status, Stall = hangs, EndAfter = hangs ? 10 : int.MaxValue };
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one"));
        Assert.Equal(($"{_own.Address}one/ cannot be read: {why}", "look at the network (and at https_proxy), or name another index"), (failure.Message, failure.Hint));
    }

    [Fact]
    public async Task An_index_that_is_ill_for_a_moment_is_asked_again()
    {
        Offer(_own, "one", "1.0");
        _own.Misbehave = static (_, time) => time == 1 ? new Fault { Status = 503 } : null;
        Assert.Single(await ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "one"));
    }

    [Fact]
    public async Task A_version_whose_metadata_cannot_be_read_gives_way_to_another_one()
    {
        Offer(_own, "needs", "1.0", "one");
        Offer(_own, "one", "1.0", "two ~~ 3");
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "needs"));
        Assert.StartsWith("""
            no versions fit together for Python 3.11.2:
            needs is asked for, but
              needs 1.0 requires one, but
                one 1.0 requires metadata that can be read, but the metadata of one-1.0-py3-none-any.whl cannot be used: 
            """, failure.Message, StringComparison.Ordinal);
        // The same page, with an older version that can be read.
        var page = Encoding.UTF8.GetString(_own.Files["one/"]);
        Offer(_own, "one", "0.9");
        var (older, newer) = (Encoding.UTF8.GetString(_own.Files["one/"]), page);
        _own.Files["one/"] = Encoding.UTF8.GetBytes(older.Replace("\"files\": [", $"\"files\": [{newer[(newer.IndexOf('[') + 1)..newer.LastIndexOf(']')]}, ", StringComparison.Ordinal));
        _own.Tag = "\"2\"";
        Assert.Equal(["needs 1.0", "one 0.9"], (await ResolveAsync(new PythonSources { Indexes = [_own.Address] }, "needs")).Select(static one => $"{one.Project} {one.Version}"));
    }

    private Task<IReadOnlyList<ChosenDistribution>> ResolveAsync(PythonSources sources, string wanted) =>
        PythonResolution.ResolveAsync(_store.Store, [DependencySpecifier.Parse(wanted)], PythonResolutionTests.Target, sources, settings: Impatient, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Its page and metadata alone: whoever asks for the wheel finds none.</summary>
    private static void Offer(FaultyServer server, string project, string version, params string[] needs)
    {
        var name = $"{project}-{version}-py3-none-any.whl";
        var metadata = Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{string.Concat(needs.Select(static need => $"Requires-Dist: {need}\n"))}");
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{server.Address}{name}")));
        var own = Convert.ToHexStringLower(SHA256.HashData(metadata));
        server.Files[$"{project}/{name}.metadata"] = metadata;
        server.Files[$"{project}/"] = Encoding.UTF8.GetBytes(server.ContentType!.StartsWith("text/html", StringComparison.Ordinal)
            ? $"<a href=\"{WebUtility.HtmlEncode(name)}#sha256={digest}\" data-core-metadata=\"sha256={own}\">{name}</a>"
            : $$$"""{"meta": {"api-version": "1.1"}, "name": "{{{project}}}", "files": [{"filename": "{{{name}}}", "url": "{{{name}}}", "hashes": {"sha256": "{{{digest}}}"}, "core-metadata": {"sha256": "{{{own}}}"}}]}""");
    }
}
