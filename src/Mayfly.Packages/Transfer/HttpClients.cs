using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mayfly.Packages.Transfer;

/// <summary>The client that looks at certificates, one that does not, for hosts that are trusted without, and one where there are none to look at.</summary>
/// <remarks>To read the certificates of all authorities takes longer than most of what is asked: who asks a host that has none pays nothing for them.</remarks>
internal sealed class HttpClients : IDisposable
{
    private readonly TransferSettings _settings;
    private readonly NetworkAccess? _access;
    private readonly IWebProxy? _proxy;
    private readonly Lazy<HttpClient> _strict, _trusting, _plain;

    /// <param name="settings">How patient they are.</param>
    /// <param name="access">Whose certificates count, and by which way; null for what the environment says.</param>
    /// <param name="proxy">One of apt's, which it says itself what it is for; null for none.</param>
    /// <exception cref="MayflyException">The proxy that is named is none.</exception>
    public HttpClients(TransferSettings settings, NetworkAccess? access, IWebProxy? proxy)
    {
        (_settings, _access) = (settings, access);
        _proxy = proxy ?? (access?.Proxy is { } address ? Named(address) : null);
        _strict = new(() => Make(Secured(trusting: false)));
        _trusting = new(() => Make(Secured(trusting: true)));
        _plain = new(() => Make(new SslClientAuthenticationOptions()));
    }

    /// <exception cref="MayflyException">A certificate that is named cannot be used.</exception>
    public HttpClient For(Uri place) => place.Scheme == "https" && _access?.Trusts(place) == true ? _trusting.Value
        // A proxy may have certificates where the place has none.
        : place.Scheme == "https" || (_proxy ?? HttpClient.DefaultProxy).GetProxy(place)?.Scheme == "https" ? _strict.Value : _plain.Value;

    public void Dispose()
    {
        foreach (var client in (Lazy<HttpClient>[])[_strict, _trusting, _plain])
        {
            if (client.IsValueCreated)
                client.Value.Dispose();
        }
    }

    private SslClientAuthenticationOptions Secured(bool trusting)
    {
        var options = new SslClientAuthenticationOptions();
        if (_access?.ClientCertificate is { } own)
            options.ClientCertificates = [Read(own, static path => X509Certificate2.CreateFromPemFile(path))];
        if (trusting)
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        else if (_access?.Certificates is { } path)
            options.CertificateChainPolicy = Policy(path);
        return options;
    }

    private HttpClient Make(SslClientAuthenticationOptions secured)
    {
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = _settings.Parallel,
            ConnectTimeout = _settings.Stall,
            AutomaticDecompression = DecompressionMethods.None,
            // Where it leads is followed by who knows which host is told who asks.
            AllowAutoRedirect = false,
            SslOptions = secured,
        };
        // Without one of apt's or pip's the environment's http_proxy and no_proxy stand.
        if (_proxy is not null)
            handler.Proxy = _proxy;
        handler.UseProxy = !_settings.Offline;
        var client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("mayfly", "1"));
        return client;
    }

    /// <summary>These certificates and no others; whether one was revoked is not asked, as everywhere with TLS but in browsers.</summary>
    private static X509ChainPolicy Policy(string path)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        foreach (var file in Directory.Exists(path) ? Directory.GetFiles(path) : [path])
            policy.CustomTrustStore.AddRange(Read(file, static file =>
            {
                var all = new X509Certificate2Collection();
                all.ImportFromPemFile(file);
                return all;
            }));
        return policy.CustomTrustStore.Count > 0 ? policy : throw new MayflyException($"{path} has no certificates", CertificateHint);
    }

    private const string CertificateHint = "name a file in the PEM format that is there, or nothing: --cert, --client-cert, PIP_CERT, PIP_CLIENT_CERT, cert and client-cert in pip.conf, REQUESTS_CA_BUNDLE";

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new MayflyException(e is FileNotFoundException or DirectoryNotFoundException ? $"there are no certificates at {path}" : $"{path} cannot be used as certificates: {e.Message}", CertificateHint, e);
        }
    }

    /// <summary>As pip takes it: with a scheme or without, perhaps with a name and a password.</summary>
    private static WebProxy Named(string address)
    {
        if (!Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}", UriKind.Absolute, out var proxy) || proxy.Host.Length == 0)
            throw new MayflyException($"the proxy '{address}' is no address", "write --proxy, PIP_PROXY, or proxy in pip.conf, as http://HOST:PORT");
        return new WebProxy(Login.Without(proxy)) { Credentials = Login.Of(proxy) is { } login ? new NetworkCredential(login.Name, login.Password) : null };
    }
}
