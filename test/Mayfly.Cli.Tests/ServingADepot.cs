using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Mayfly.Cli.Tests;

/// <summary><c>mayfly depot serve</c>, asked as apt asks and as an attacker does.</summary>
public sealed class ServingADepot : IDisposable
{
    private readonly Folder _folder = new();
    private readonly Process _server;
    private readonly HttpClient _client;

    public ServingADepot()
    {
        _folder.With("depot/dists/Depot", "list").With("depot/pool/a.deb", "0123456789").With("depot/.mayfly/lock", "secret").With("outside", "secret");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "depot/link"), Path.Combine(_folder.Path, "outside"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "depot/folder"), _folder.Path);
        _server = Start(out var address);
        _client = new HttpClient { BaseAddress = new Uri(address) };
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Files_are_given_whole_in_part_and_only_when_they_changed()
    {
        using var whole = await _client.GetAsync("pool/a.deb");
        Assert.Equal("0123456789", await whole.Content.ReadAsStringAsync());
        Assert.Equal(10, whole.Content.Headers.ContentLength);

        using var part = await AskAsync(HttpMethod.Get, "pool/a.deb", static headers => headers.Range = new RangeHeaderValue(4, null));
        Assert.Equal((HttpStatusCode.PartialContent, "456789"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        using var beyond = await AskAsync(HttpMethod.Get, "pool/a.deb", static headers => headers.Range = new RangeHeaderValue(10, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);

        using var head = await AskAsync(HttpMethod.Head, "pool/a.deb", static _ => { });
        Assert.Equal((HttpStatusCode.OK, 10, ""), (head.StatusCode, head.Content.Headers.ContentLength, await head.Content.ReadAsStringAsync()));

        using var tagged = await AskAsync(HttpMethod.Get, "pool/a.deb", headers => headers.IfNoneMatch.Add(whole.Headers.ETag!));
        using var dated = await AskAsync(HttpMethod.Get, "pool/a.deb", headers => headers.IfModifiedSince = whole.Content.Headers.LastModified);
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.NotModified), (tagged.StatusCode, dated.StatusCode));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/pool")]
    [InlineData("/pool/")]
    [InlineData("/nothing")]
    [InlineData("/.mayfly/lock")]
    [InlineData("/link")]
    [InlineData("/folder/outside")]
    [InlineData("/../outside")]
    [InlineData("/pool/../../outside")]
    [InlineData("/%2e%2e/outside")]
    [InlineData("/..%2foutside")]
    [InlineData("//outside")]
    [InlineData("/pool/a.deb%00")]
    public async Task Nothing_else_is_given(string path)
    {
        var answer = await RawAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[04] ", answer);
        Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_wants_to_change_something_is_refused() =>
        Assert.StartsWith("HTTP/1.1 405 ", await RawAsync("PUT /pool/a.deb HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);

    [Fact]
    public async Task It_ends_cleanly_when_it_is_told_to_and_has_logged_plain_lines()
    {
        (await _client.GetAsync("pool/a.deb")).Dispose();

        using (var kill = Process.Start("sh", ["-c", $"kill -TERM {_server.Id}"]))
            await kill.WaitForExitAsync();
        await _server.WaitForExitAsync();

        Assert.Equal(0, _server.ExitCode);
        Assert.Matches(@"^\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d 127\.0\.0\.1 GET /pool/a\.deb 200 10\n$", await _server.StandardOutput.ReadToEndAsync());
    }

    [Fact]
    public void A_port_that_is_taken_is_named()
    {
        var run = Invocation.Run(_folder, "depot", "serve", "depot", "--listen", $"127.0.0.1:{_client.BaseAddress!.Port}");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error: nothing can be served at 127.0.0.1:{_client.BaseAddress.Port}: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("hint: give another address or port with --listen", run.Error, StringComparison.Ordinal);
    }

    private Process Start(out string address) => Serve(Path.Combine(_folder.Path, "depot"), out address);

    /// <summary>A server of that depot on a port that was free.</summary>
    internal static Process Serve(string depot, out string address)
    {
        var server = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll"), "depot", "serve", depot, "--listen", "127.0.0.1:0"]) { RedirectStandardOutput = true })!;
        var line = server.StandardOutput.ReadLine()!;
        Assert.StartsWith($"serving {depot} at http://127.0.0.1:", line, StringComparison.Ordinal);
        address = line[line.IndexOf("http://", StringComparison.Ordinal)..];
        return server;
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, Action<HttpRequestHeaders> set)
    {
        using var request = new HttpRequestMessage(method, path);
        set(request.Headers);
        return await _client.SendAsync(request);
    }

    private async Task<string> RawAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _client.BaseAddress!.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
