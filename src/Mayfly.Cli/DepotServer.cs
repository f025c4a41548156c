using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mayfly.Linux;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Cli;

/// <summary>
/// Serves the files of one folder by HTTP, and nothing else: no listings, no names that begin with a dot, no links. One line a request. The pages for pip are the
/// exception: they have addresses that end in a slash (PEP 503), and are given in the form that is asked for (PEP 691).
/// </summary>
internal sealed class DepotServer : IAsyncDisposable
{
    private readonly SafeFileHandle _root;
    private readonly WebApplication _server;
    private readonly TextWriter _log;

    private DepotServer(SafeFileHandle root, IPEndPoint listen, TextWriter log)
    {
        (_root, _log) = (root, TextWriter.Synchronized(log));
        // The empty one: neither files beside it nor the environment change what it does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Listen(listen);
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = 0;
        });
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    /// <summary>Where it can be reached.</summary>
    public string Address => _server.Urls.First().TrimEnd('/') + "/";

    /// <summary>Returns when requests are answered.</summary>
    public static async Task<DepotServer> StartAsync(string folder, IPEndPoint listen, TextWriter log, CancellationToken cancellationToken)
    {
        var server = new DepotServer(FileHandles.OpenFolder(folder), listen, log);
        try
        {
            await server._server.StartAsync(cancellationToken);
            return server;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await server.DisposeAsync();
            throw new MayflyException($"nothing can be served at {listen}: {(e.InnerException ?? e).Message}", "give another address or port with --listen, or end what listens there", e);
        }
    }

    /// <summary>Returns when the process is told to end (SIGTERM, SIGINT) and the requests of that moment are answered, or a second later.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _server.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
        _root.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await FileAsync(context);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Who asked has gone.
        }

        // Names come from strangers: what could move a terminal's cursor is not printed.
        var path = string.Concat((context.Request.Path.Value ?? "").Select(static c => char.IsControl(c) ? '?' : c));
        _log.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{DateTimeOffset.Now:yyyy-MM-dd HH:mm:ss} {context.Connection.RemoteIpAddress} {context.Request.Method} {path} {context.Response.StatusCode} {context.Response.ContentLength ?? 0}"));
    }

    private async Task FileAsync(HttpContext context)
    {
        var request = context.Request;
        string? type = null;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var path = (request.Path.Value ?? "").TrimStart('/');
        var parts = path.Split('/');
        if (DepotPages.Find(path, request.Headers.Accept.ToString(), request.Query["format"]) is { } page)
        {
            if (page.Redirect is { } whole)
            {
                context.Response.Headers.Location = $"{request.PathBase}/{whole}{request.QueryString}";
                context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
                return;
            }

            if (page.Type is not null)
                context.Response.Headers.Vary = HeaderNames.Accept;
            parts = page.File.Split('/');
            type = page.Type;
        }

        var opened = parts.All(static part => part.Length > 0 && part[0] != '.' && !part.Contains('\0')) ? FileHandles.OpenBelow(_root, parts) : null;
        if (opened is null || File.GetAttributes(opened).HasFlag(FileAttributes.Directory))
        {
            opened?.Dispose();
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await using var file = new FileStream(opened, FileAccess.Read, bufferSize: 0);
        if (!file.CanSeek)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // Files are replaced by a rename and never changed, so time and length name their state.
        var modified = new DateTimeOffset(File.GetLastWriteTimeUtc(opened));
        var tag = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{modified.Ticks:x}-{file.Length:x}{(parts[^1].EndsWith(".json", StringComparison.Ordinal) ? "-json" : "")}\""));
        await TypedResults.Stream(file, type ?? TypeOf(parts[^1]), fileDownloadName: null, modified, tag, enableRangeProcessing: true).ExecuteAsync(context);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".deb" => "application/vnd.debian.binary-package",
        ".gz" => "application/gzip",
        ".whl" => "application/octet-stream",
        ".html" => "text/html; charset=utf-8",
        ".json" => "application/json",
        ".asc" or ".gpg" => "application/pgp-keys",
        _ => "text/plain; charset=utf-8",
    };
}
