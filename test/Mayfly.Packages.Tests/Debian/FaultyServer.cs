using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A mirror on loopback that serves files from memory and misbehaves as it is told.</summary>
internal sealed class FaultyServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public FaultyServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/debian/");

    /// <summary>By path below <c>/debian/</c>.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    /// <summary>What to do with the n-th request (from 1) for a path; null to behave.</summary>
    public Func<string, int, Fault?> Misbehave { get; set; } = (_, _) => null;

    /// <summary>Entity tags are sent when this is set.</summary>
    public string? Tag { get; set; }

    /// <summary>The time of change is sent when this is set, as an HTTP date.</summary>
    public string? Modified { get; set; }

    /// <summary>What <c>Authorization</c> must be; null for anything.</summary>
    public string? Authorization { get; set; }

    /// <summary>What it answers to others.</summary>
    public int Denial { get; set; } = 401;

    /// <summary>What files are said to be; null to say nothing.</summary>
    public string? ContentType { get; set; }

    /// <summary>Every request: path and headers.</summary>
    public ConcurrentQueue<(string Path, IReadOnlyDictionary<string, string> Headers, int Status)> Requests { get; } = new();

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                {
                    var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                    while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
                        headers[header.Split(':')[0]] = header[(header.IndexOf(':') + 1)..].Trim();
                    if (!await AnswerAsync(stream, Uri.UnescapeDataString(line.Split(' ')[1]["/debian/".Length..]), headers))
                        return;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task<bool> AnswerAsync(Stream stream, string path, Dictionary<string, string> headers)
    {
        var fault = Misbehave(path, Requests.Count(one => one.Path == path) + 1) ?? new Fault();
        var body = fault.Body ?? Files.GetValueOrDefault(path);
        var (status, start, part) = (fault.Status ?? (body is null ? 404 : 200), 0, "");
        if (Authorization is not null && headers.GetValueOrDefault("Authorization") != Authorization)
            (status, body) = (Denial, []);
        if (status == 200 && Tag is not null && headers.GetValueOrDefault("If-None-Match") == Tag)
            (status, body) = (304, []);
        // With a tag the time says nothing (RFC 9110, section 13.1.3).
        if (status == 200 && Modified is not null && !headers.ContainsKey("If-None-Match") && headers.GetValueOrDefault("If-Modified-Since") == Modified)
            (status, body) = (304, []);
        if (status == 200 && !fault.NoRanges && headers.GetValueOrDefault("Range") is { } range && (headers.GetValueOrDefault("If-Range") ?? Tag) == Tag)
        {
            var whole = body!.Length;
            var (first, last) = range["bytes=".Length..].Split('-') is ["", var count] ? (Math.Max(0, whole - int.Parse(count, CultureInfo.InvariantCulture)), whole - 1)
                : range["bytes=".Length..].Split('-') is [var from, { Length: > 0 } to] ? (int.Parse(from, CultureInfo.InvariantCulture), Math.Min(whole - 1, int.Parse(to, CultureInfo.InvariantCulture)))
                : (int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture), whole - 1);
            first += fault.Aside;
            (status, start, body, part) = (206, first, body[..(last + 1)], $"Content-Range: bytes {first}-{last}/{whole}\r\n");
        }

        Requests.Enqueue((path, headers, status));
        if (fault.Silent)
            await Task.Delay(Timeout.Infinite, _stop.Token);
        body = status is 200 or 206 ? body! : [];
        var text = $"HTTP/1.1 {status} X\r\nDate: {DateTimeOffset.UtcNow:R}\r\nContent-Length: {body.Length - start + fault.Lie}\r\n";
        if (status == 206)
            text += part;
        if (fault.Location is not null)
            text += $"Location: {fault.Location}\r\n";
        if (ContentType is not null)
            text += $"Content-Type: {ContentType}\r\n";
        if (Tag is not null)
            text += $"ETag: {Tag}\r\n";
        if (Modified is not null)
            text += $"Last-Modified: {Modified}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"));
        var end = start + Math.Min(fault.EndAfter, body.Length - start);
        for (int at = start, step; at < end; at += step)
        {
            step = Math.Min(fault.Step, end - at);
            await stream.WriteAsync(body.AsMemory(at, step), _stop.Token);
            if (fault.Step != int.MaxValue)
                await Task.Delay(50, _stop.Token);
        }

        await stream.FlushAsync();
        if (fault.Stall)
            await Task.Delay(Timeout.Infinite, _stop.Token);
        return fault.Lie == 0 && fault.EndAfter >= body.Length - start;
    }
}

/// <summary>One wrong answer.</summary>
internal sealed record Fault
{
    public int? Status { get; init; }

    /// <summary>Where it leads.</summary>
    public string? Location { get; init; }

    /// <summary>Other bytes than the file's.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The connection ends after so many bytes of the body.</summary>
    public int EndAfter { get; init; } = int.MaxValue;

    /// <summary>After <see cref="EndAfter"/> bytes nothing more comes, but the connection stays.</summary>
    public bool Stall { get; init; }

    /// <summary>So many bytes come twenty times a second.</summary>
    public int Step { get; init; } = int.MaxValue;

    /// <summary>So many bytes more than there are, or fewer where it is negative, are said to come.</summary>
    public int Lie { get; init; }

    /// <summary>The request is read, and nothing ever answered.</summary>
    public bool Silent { get; init; }

    /// <summary>A part begins so many bytes later than it should.</summary>
    public int Aside { get; init; }

    /// <summary>Range is ignored.</summary>
    public bool NoRanges { get; init; }
}
