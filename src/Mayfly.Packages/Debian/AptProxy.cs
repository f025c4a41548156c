using System.Net;

namespace Mayfly.Packages.Debian;

/// <summary>apt's proxies: <c>Acquire::http::Proxy</c>, for one host <c>Acquire::http::Proxy::host</c>, where <c>DIRECT</c> means none.</summary>
internal sealed class AptProxy : IWebProxy
{
    private readonly IReadOnlyDictionary<string, string> _options;

    private AptProxy(IReadOnlyDictionary<string, string> options) => _options = options;

    public ICredentials? Credentials { get; set; }

    /// <summary>Null when apt names none, so that the environment's stands.</summary>
    public static IWebProxy? From(IReadOnlyDictionary<string, string> options) =>
        options.Keys.Any(static key => key.StartsWith("acquire::http", StringComparison.Ordinal) && key.Contains("::proxy", StringComparison.Ordinal)
            && !key.Contains("proxy-auto", StringComparison.Ordinal)) ? new AptProxy(options) : null;

    public Uri? GetProxy(Uri destination) => Named(destination) switch
    {
        null => HttpClient.DefaultProxy.GetProxy(destination),
        "DIRECT" or "false" => null,
        var proxy => Uri.TryCreate(proxy, UriKind.Absolute, out var uri) ? uri
            : throw new MayflyException($"apt's proxy {proxy} is no address", "mend Acquire::http::Proxy in /etc/apt/apt.conf.d, such as \"http://proxy:3128\";"),
    };

    public bool IsBypassed(Uri host) => GetProxy(host) is null;

    private string? Named(Uri destination)
    {
        // apt uses the http proxy for https too when https has none of its own.
        foreach (var scheme in destination.Scheme == "https" ? (ReadOnlySpan<string>)["https", "http"] : ["http"])
        {
            if (_options.TryGetValue($"acquire::{scheme}::proxy::{destination.Host}", out var own) && own.Length > 0)
                return own;
            if (_options.TryGetValue($"acquire::{scheme}::proxy", out var all) && all.Length > 0)
                return all;
        }

        return null;
    }
}
