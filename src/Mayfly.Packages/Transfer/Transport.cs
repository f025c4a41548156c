using System.Net;
using System.Net.Http.Headers;

namespace Mayfly.Packages.Transfer;

/// <summary>
/// Opens files of mirrors, by HTTP or from a folder. One client for a whole command: HTTP/1.1 with few kept-alive
/// connections a host, which mirrors like best and which is as fast as more.
/// </summary>
internal sealed class Transport : IDisposable
{
    /// <summary>With a request that was refused.</summary>
    private static readonly HttpRequestOptionsKey<string> LoginHint = new("hint");

    private readonly HttpClients _clients;
    private readonly NetworkAccess? _access;
    private readonly Lazy<Netrc> _netrc = new(Netrc.OfHost);

    /// <param name="settings">How patient and how greedy it is.</param>
    /// <param name="access">How Python's indexes are reached; null for hosts that are nothing of the kind, which are told only what stands in an address itself.</param>
    /// <param name="proxy">The proxy for everything; null for what the environment says.</param>
    /// <exception cref="MayflyException">Certificates or a proxy that are named cannot be used.</exception>
    public Transport(TransferSettings settings, NetworkAccess? access = null, IWebProxy? proxy = null)
    {
        Settings = settings;
        _access = access;
        _clients = new HttpClients(settings, access, proxy);
    }

    public TransferSettings Settings { get; }

    /// <summary>Of all that this transport asks.</summary>
    public Health Health { get; } = new();

    public void Dispose() => _clients.Dispose();

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
        var patience = new Patience(Settings.Stall, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(place, headers =>
            {
                headers.Range = new RangeHeaderValue(first, last);
                if (validators?.ForRange is { } only)
                    headers.TryAddWithoutValidation("If-Range", only);
            }, patience).ConfigureAwait(false);
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
        var response = await SendAsync(place, Fill, patience).ConfigureAwait(false);
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

        void Fill(HttpRequestHeaders headers)
        {
            if (accept is not null)
                headers.TryAddWithoutValidation("Accept", accept);
            if (offset > 0)
            {
                headers.Range = new RangeHeaderValue(offset, null);
                // Without a validator the SHA-256 at the end tells; with one a changed file costs no second transfer.
                if (validators?.ForRange is { } only)
                    headers.TryAddWithoutValidation("If-Range", only);
            }
            else if (validators?.Conditional == true)
            {
                if (validators.Tag is { } tag)
                    headers.TryAddWithoutValidation("If-None-Match", tag);
                if (validators.Modified is { } modified)
                    headers.TryAddWithoutValidation("If-Modified-Since", modified);
            }
        }
    }

    /// <summary>Asks a place, and whatever place that leads to (RFC 9110, section 15.4). Who asks is told to no host but the one that it is meant for.</summary>
    private async Task<HttpResponseMessage> SendAsync(Uri place, Action<HttpRequestHeaders> fill, Patience patience)
    {
        const int Most = 30;
        var own = Login.Of(place);
        var at = Login.Without(place);
        for (var hops = 0; ; hops++)
        {
            var login = LoginFor(at, own, redirected: at.Host != place.Host);
            var response = await AskAsync(at, login).ConfigureAwait(false);
            if ((response.StatusCode == HttpStatusCode.Unauthorized || (response.StatusCode == HttpStatusCode.Forbidden && login is null)) && LacksPassword(at, own))
            {
                var name = SaidFor(at, own)?.Name;
                var services = _access!.ServicesFor(at);
                var (told, failure) = await ToldAsync(services, name).ConfigureAwait(false);
                if (told is not null && !told.Header.Equals(login?.Header))
                {
                    response.Dispose();
                    response = await AskAsync(at, told).ConfigureAwait(false);
                }

                if ((failure ?? HintOf(told, services, name)) is { } hint)
                    response.RequestMessage!.Options.Set(LoginHint, hint);
            }

            if (response.StatusCode is not (HttpStatusCode.MultipleChoices or HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location || !Uri.TryCreate(at, location.OriginalString, out var next) || next.Scheme is not ("http" or "https") || (at.Scheme, next.Scheme) is ("https", "http"))
                return response;
            response.Dispose();
            if (hops == Most)
                throw new TransferException($"it leads from one place to the next, and after {Most} to none", transient: false);
            if (Settings.Offline && !NoNetwork.Allows(next))
                throw new TransferException(NoNetwork.Refusal, transient: false) { Offline = true };
            at = Login.Without(next);
        }

        // One that nobody has asked for and that does not work is no reason to end what another place may have.
        async Task<(Login? Told, string? Failure)> ToldAsync(IReadOnlyList<string> services, string? name)
        {
            try
            {
                return (await patience.RestAsync(token => Keyring.AskAsync(at, services, name, Settings.Stall * 3, token)).ConfigureAwait(false), null);
            }
            catch (MayflyException e) when (_access.Keyring is not (KeyringProvider.Import or KeyringProvider.Subprocess))
            {
                return (null, $"{e.Message}; {e.Hint}");
            }
        }

        Task<HttpResponseMessage> AskAsync(Uri at, Login? login)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, at);
            fill(request.Headers);
            request.Headers.Authorization = login?.Header;
            return _clients.For(at).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        }
    }

    /// <summary>True where a keyring may know what nobody has said.</summary>
    private bool LacksPassword(Uri at, Login? own) => _access is { AsksKeyring: true } && SaidFor(at, own) is not { Password.Length: > 0 };

    /// <summary>What to do when it is refused all the same; null where no keyring has to do with it.</summary>
    private string? HintOf(Login? told, IReadOnlyList<string> services, string? name) =>
        told is not null ? $"they are those that keyring told: `keyring set {services[0]} {told.Name}` changes them"
        : Keyring.Path is not null ? $"keyring, which was asked, has none for {string.Join(" or ", services)}: say them to it with `keyring set {services[0]} {name ?? "NAME"}`, or {TransferException.UsualLoginHint}"
        : _access!.Keyring is KeyringProvider.Import or KeyringProvider.Subprocess ? $"a keyring is to be asked (--keyring-provider), and no program keyring is on PATH: install it, or {TransferException.UsualLoginHint}"
        : null;

    /// <summary>What stands in the address, or is known of the index.</summary>
    private Login? SaidFor(Uri at, Login? own) => own?.IsFor(at) == true ? own : _access?.LoginFor(at);

    /// <summary>As pip has it: what stands in the address, what is known of the index, what the user's file says; the latter also where a name has no password. A keyring was asked because all that did not do.</summary>
    private Login? LoginFor(Uri at, Login? own, bool redirected)
    {
        var said = SaidFor(at, own);
        return said is { Password.Length: > 0 } || _access is null ? said : (_access.AsksKeyring ? Keyring.Known(at, said?.Name) : null) ?? _netrc.Value.For(at, redirected) ?? said;
    }

    private static TransferException Refused(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        var message = $"it answered {code} {response.ReasonPhrase}".TrimEnd();
        return code switch
        {
            401 => new TransferException($"{response.RequestMessage!.RequestUri!.Authority} {(response.RequestMessage.Headers.Authorization is null ? "wants a name and a password" : "does not accept the name and the password that it was told")}", transient: false) { LoginHint = Hint() ?? TransferException.UsualLoginHint },
            403 => new TransferException(message, transient: false) { LoginHint = Hint() },
            404 or 410 => new TransferException(message, transient: false) { Missing = true },
            407 => new TransferException("the proxy wants to know who asks (407)", transient: false),
            408 or 425 or 429 or >= 500 => new TransferException(message, transient: true) { After = response.Headers.RetryAfter?.Delta },
            _ => new TransferException(message, transient: false),
        };

        string? Hint() => response.RequestMessage!.Options.TryGetValue(LoginHint, out var hint) ? hint : null;
    }
}
