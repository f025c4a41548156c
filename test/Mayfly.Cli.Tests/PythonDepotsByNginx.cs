using System.Net;
using System.Net.Http.Headers;

namespace Mayfly.Cli.Tests;

/// <summary>nginx alone between a depot's wheels and plain pip: with the guide's lines, which choose the form of a page, and with the least that serves a folder.</summary>
[Trait("needs", "oracle")]
public sealed class PythonDepotsByNginx(HardDepot hard) : IClassFixture<HardDepot>, IDisposable
{
    private const string Json = "application/vnd.pypi.simple.v1+json", Html = "text/html";

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(true, "simple", Json), InlineData(true, "dists/simple", Json), InlineData(false, "simple", Html), InlineData(false, "dists/simple", Html)]
    public void Every_pip_and_mayfly_install_from_it(bool guide, string place, string form)
    {
        using var nginx = Serve(hard.Depot, guide);
        foreach (var pip in PlainPip.All)
        {
            var target = $"{_folder.Path}/target-{pip.Name}";
            var ended = PlainPip.Run(_folder, pip.Command, $"install --target {target} --index-url {nginx.Address}{place}/ --require-hashes -r {hard.Folder.Path}/exact.txt");
            Assert.True(ended.ExitCode == 0, $"{pip.Name}: {ended.Output}{ended.Error}");
            Assert.Equal(HardDepot.Names, PlainPip.Installed(target));
            var withdrawn = PlainPip.Run(_folder, pip.Command, $"download --no-deps --dest {target}-chosen --index-url {nginx.Address}{place}/ yanked==2.0 'fast.extra[speed]'");
            Assert.True(withdrawn.ExitCode == 0, $"{pip.Name}: {withdrawn.Output}{withdrawn.Error}");
            Assert.Contains("Reason for being yanked: broken <there>", withdrawn.Output + withdrawn.Error, StringComparison.Ordinal);
        }

        var byPip = nginx.Log;
        var ours = HardDepot.Mayfly(_folder, new() { ["PIP_INDEX_URL"] = $"{nginx.Address}{place}/" }, "env", "create", "./ours", "fast-extra[speed]", "local", "epoch", "a.b.c");
        Assert.True(ours.ExitCode == 0, ours.Output + ours.Error);
        var log = nginx.Log;
        // Each page in the form that was to be had, and in no other.
        foreach (var pages in (string[])[byPip, log[byPip.Length..]])
            Assert.All(pages.Split('\n').Where(static line => line.Contains("/index.", StringComparison.Ordinal)), line => Assert.EndsWith($" 200 {form}", line, StringComparison.Ordinal));
        var page = $"GET /{place}/fast-extra/index.{(form == Json ? "json" : "html")} 200 {form}\n";
        Assert.Equal(PlainPip.All.Length * 2 + 1, log.Split(page).Length - 1);
        Assert.Contains($"GET /{place}/fast-extra/fast_extra-3-py3-none-any.whl.metadata 200 ", log[byPip.Length..], StringComparison.Ordinal);
        Assert.DoesNotMatch(" [45][0-9][0-9] ", log);
    }

    [Fact]
    public async Task Parts_of_files_are_given_and_pip_asks_for_no_more()
    {
        using var nginx = Serve(hard.Depot, guide: true);
        using var client = new HttpClient { BaseAddress = new Uri(nginx.Address) };
        const string Wheel = "simple/setuptools/setuptools-66.1.1-py3-none-any.whl";
        var whole = await File.ReadAllBytesAsync($"{hard.Depot}/{Wheel}");
        foreach (var (from, to, expected) in ((long?, long?, byte[])[])[(0, 99, whole[..100]), (1000, null, whole[1000..]), (null, 4096, whole[^4096..])])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Wheel) { Headers = { Range = new RangeHeaderValue(from, to) } };
            using var answer = await client.SendAsync(request);
            Assert.Equal((HttpStatusCode.PartialContent, whole.Length), (answer.StatusCode, answer.Content.Headers.ContentRange!.Length));
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync());
        }

        // Debian's pip knows the digest of metadata by its older name alone, so with this feature it reads them at the wheel's end.
        var ended = PlainPip.Run(_folder, PlainPip.All[0].Command, $"install --dry-run --target {_folder.Path}/target --use-feature=fast-deps --index-url {nginx.Address}simple/ 'setuptools>=1'");
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
        Assert.Contains("Would install setuptools-66.1.1", ended.Output, StringComparison.Ordinal);
        Assert.Contains($"GET /{Wheel} 206 application/octet-stream\n", nginx.Log, StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Bytes_that_were_altered_are_installed_by_nobody(bool guide)
    {
        hard.CopyTo(_folder);
        var wheel = $"{_folder.Path}/depot/dists/simple/local/local-1.0+deb.1-py3-none-any.whl";
        var bytes = File.ReadAllBytes(wheel);
        bytes[^1] ^= 1;
        File.WriteAllBytes(wheel, bytes);
        using var nginx = Serve($"{_folder.Path}/depot", guide);

        foreach (var pip in PlainPip.All)
        {
            var ended = PlainPip.Run(_folder, pip.Command, $"install --target {_folder.Path}/target --index-url {nginx.Address}simple/ local");
            Assert.True(ended.ExitCode == 1 && ended.Error.Contains("DO NOT MATCH THE HASHES", StringComparison.Ordinal), $"{pip.Name}: {ended.Output}{ended.Error}");
        }

        var ours = HardDepot.Mayfly(_folder, new() { ["PIP_INDEX_URL"] = $"{nginx.Address}simple/" }, "env", "create", "./ours", "local");
        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.Matches(@"(?m)^error: .*local-1\.0(\+|%2B)deb\.1-py3-none-any\.whl.* SHA-256 .*\nhint: ", ours.Error);
        Assert.False(Directory.Exists($"{_folder.Path}/target") || Directory.Exists($"{_folder.Path}/ours"), "installed all the same");
        var verified = HardDepot.Mayfly(_folder, [], "depot", "verify", nginx.Address, "--key", $"{_folder.Path}/depot/depot.asc");
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("dists/simple/local/local-1.0+deb.1-py3-none-any.whl: ", verified.Output + verified.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_the_depots_own_is_not_shown()
    {
        using var nginx = Serve(hard.Depot, guide: true);
        using var client = new HttpClient { BaseAddress = new Uri(nginx.Address) };
        Assert.True(File.Exists($"{hard.Depot}/.mayfly/lock"));
        using var hidden = await client.GetAsync(".mayfly/lock");
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        // A browser gets what it can show, and caches are told why.
        using var shown = await client.GetAsync("simple/");
        Assert.Equal((Html, "Accept"), (shown.Content.Headers.ContentType!.MediaType, shown.Headers.Vary.Single()));
    }

    private Nginx Serve(string depot, bool guide)
    {
        // The workers are nobody's: they go through these folders.
        foreach (var folder in (string[])[hard.Folder.Path, _folder.Path])
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return Nginx.Start($"{_folder.Path}/nginx", depot, guide ? Nginx.OfGuide : Nginx.Plain);
    }
}
