using System.Net;
using System.Net.Http.Headers;

namespace Mayfly.Packages.Transfer;

/// <summary>
/// Opens files of mirrors, by HTTP or from a folder. One client for a whole command: HTTP/1.1 with few kept-alive
/// connections a host, which mirrors like best and which is as fast as more.
/// </summary>
internal sealed class Transport : IDisposable
{
    private readonly HttpClient _client;

    public Transport(TransferSettings settings, IWebProxy? proxy = null)
    {
        Settings = settings;
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = settings.Parallel,
            ConnectTimeout = settings.Stall,
            AutomaticDecompression = DecompressionMethods.None,
        };
        // Without one of apt's the environment's http_proxy and no_proxy stand.
        if (proxy is not null)
            handler.Proxy = proxy;
        handler.UseProxy = !settings.Offline;
        _client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("mayfly", "1"));
    }

    public TransferSettings Settings { get; }

    /// <summary>Of all that this transport asks.</summary>
    public Health Health { get; } = new();

    public void Dispose() => _client.Dispose();

    /// <summary>Opens a file, from an offset when the place can do that and its file is still the one that the validator names.</summary>
    /// <param name="place">Its address.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="validators">What is known of it; null for nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="accept">The forms that it may have, where a place offers several (RFC 9110, section 12.5.1).</param>
    public async Task<Transfer> OpenAsync(Uri place, long offset, Validators? validators, CancellationToken cancellationToken, string? accept = null)
    {
        RequireKnown(place);
        if (Settings.Offline && !NoNetwork.Allows(place))
            throw new TransferException(NoNetwork.Refusal, transient: false) { Offline = true };
        var patience = new Patience(Settings.Stall, cancellationToken);
        try
        {
            return place.IsFile ? OpenFile(place, offset, validators, patience) : await RequestAsync(place, offset, validators, accept, patience).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            patience.Dispose();
            if (e is TransferException or MayflyException || cancellationToken.IsCancellationRequested)
                throw;
            throw Transfer.Failure(e, patience) ?? e;
        }
    }

    /// <summary>Opens a part of a file; null where the place gives it not, or gives another one, or the file is no more the one that the validator names (RFC 9110, section 14).</summary>
    /// <param name="place">Its address.</param>
    /// <param name="first">The offset of the first byte; null for the last bytes of the file.</param>
    /// <param name="last">The offset of the last byte; how many where <paramref name="first"/> is null.</param>
    /// <param name="validators">What is known of it; null for nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Transfer?> OpenPartAsync(Uri place, long? first, long last, Validators? validators, CancellationToken cancellationToken)
    {
        if (place.IsFile || (Settings.Offline && !NoNetwork.Allows(place)))
            return null;
        RequireKnown(place);
        using var request = new HttpRequestMessage(HttpMethod.Get, place);
        request.Headers.Range = new RangeHeaderValue(first, last);
        if (validators?.ForRange is { } only)
            request.Headers.TryAddWithoutValidation("If-Range", only);
        var patience = new Patience(Settings.Stall, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange is { Unit: "bytes", From: { } from, To: { } to, Length: { } length }
                && (first is { } meant ? from == meant && to == last : to == length - 1 && from == Math.Max(0, length - last)))
            {
                var stream = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
                return new Transfer(stream, from, length, new Validators(response.Headers.ETag?.ToString(), response.Content.Headers.LastModified?.ToString("r")), patience) { Response = response };
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && Transfer.Failure(e, patience) is { } failure)
        {
            response?.Dispose();
            patience.Dispose();
            throw failure;
        }

        response.Dispose();
        patience.Dispose();
        return null;
    }

    private static void RequireKnown(Uri place)
    {
        if (!place.IsFile && place.Scheme is not ("http" or "https"))
            throw new TransferException($"nothing is fetched by '{place.Scheme}': an address begins with https://, http:// or file:///", transient: false);
    }

    private static Transfer OpenFile(Uri place, long offset, Validators? validators, Patience patience)
    {
        try
        {
            var path = place.LocalPath;
            var modified = new DateTimeOffset(File.GetLastWriteTimeUtc(path));
            var unchanged = validators?.Conditional == true && File.Exists(path) && validators.Modified == modified.ToString("O");
            if (unchanged)
                return new Transfer(Stream.Null, 0, 0, validators!, patience) { Unchanged = true };
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            file.Seek(Math.Min(offset, file.Length), SeekOrigin.Begin);
            return new Transfer(file, file.Position, file.Length, new Validators(null, modified.ToString("O")), patience);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TransferException("there is no such file", transient: false, e) { Missing = true };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TransferException(e.Message, transient: false, e);
        }
    }

    private async Task<Transfer> RequestAsync(Uri place, long offset, Validators? validators, string? accept, Patience patience)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, place);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
            // Without a validator the SHA-256 at the end tells; with one a changed file costs no second transfer.
            if (validators?.ForRange is { } only)
                request.Headers.TryAddWithoutValidation("If-Range", only);
        }
        else if (validators?.Conditional == true)
        {
            if (validators.Tag is { } tag)
                request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            if (validators.Modified is { } modified)
                request.Headers.TryAddWithoutValidation("If-Modified-Since", modified);
        }

        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
        try
        {
            var fresh = new Validators(response.Headers.ETag?.ToString(), response.Content.Headers.LastModified?.ToString("r"));
            if (response.StatusCode == HttpStatusCode.NotModified && validators?.Conditional == true)
                return new Transfer(Stream.Null, 0, 0, validators, patience) { Unchanged = true, Response = response };
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && offset > 0)
                throw new TransferException("it cannot continue where the last attempt ended", transient: true) { Wrong = true };
            if (!response.IsSuccessStatusCode || response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
                throw Refused(response);
            var start = 0L;
            var length = response.Content.Headers.ContentLength;
            if (response.StatusCode == HttpStatusCode.PartialContent)
            {
                if (response.Content.Headers.ContentRange is not { From: { } from } range || from != offset)
                    throw new TransferException("it answered with another part of the file than was asked for", transient: true) { Wrong = true };
                (start, length) = (from, range.Length);
            }

            var stream = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            return new Transfer(stream, start, length, fresh, patience) { Response = response };
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static TransferException Refused(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        var message = $"it answered {code} {response.ReasonPhrase}".TrimEnd();
        return code switch
        {
            404 or 410 => new TransferException(message, transient: false) { Missing = true },
            407 => new TransferException("the proxy wants to know who asks (407)", transient: false),
            408 or 425 or 429 or >= 500 => new TransferException(message, transient: true) { After = response.Headers.RetryAfter?.Delta },
            _ => new TransferException(message, transient: false),
        };
    }
}
