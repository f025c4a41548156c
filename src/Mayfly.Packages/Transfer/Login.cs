using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Transfer;

/// <summary>A name and a password for what is below an address (RFC 7617).</summary>
/// <param name="Place">The address, without them.</param>
/// <param name="Name">The name; a token stands here alone.</param>
/// <param name="Password">The password, perhaps empty.</param>
public sealed partial record Login(Uri Place, string Name, string Password)
{
    /// <summary>What an address has before its host, percent-decoded; null when it has nothing there.</summary>
    public static Login? Of(Uri address) =>
        address.UserInfo.Length == 0 ? null : new Login(Without(address), Decoded(address.UserInfo.Split(':', 2)[0]), address.UserInfo.Split(':', 2) is [_, var password] ? Decoded(password) : "");

    /// <summary>The address alone.</summary>
    public static Uri Without(Uri address) => address.UserInfo.Length == 0 ? address : new UriBuilder(address) { UserName = "", Password = "" }.Uri;

    /// <summary>A text in which every address may be shown to anybody: passwords are <c>****</c>, and so are names without one, which may be tokens; as pip has it. Everybody is "git" to a server of repositories.</summary>
    public static string Shown(string text) => text.Contains('@', StringComparison.Ordinal) ? InAddress().Replace(text, static found => found.Groups["password"].Success ? $"{found.Groups["name"]}:****@" : found.Value == "git@" ? found.Value : "****@") : text;

    /// <summary>How it is shown of itself.</summary>
    public override string ToString() => $"{Name}:****@{Place.Authority}";

    internal AuthenticationHeaderValue Header => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Name}:{Password}")));

    /// <summary>True for addresses of the same origin, and of the same host's TLS in place of none.</summary>
    internal bool IsFor(Uri place) => place.Host == Place.Host && ((place.Scheme == Place.Scheme && place.Port == Place.Port) || (place is { Scheme: "https", Port: 443 } && Place is { Scheme: "http", Port: 80 }));

    /// <summary>How much of the address is that of the place: of several for one host, the one with the longest counts.</summary>
    internal int Likeness(Uri place) => place.AbsolutePath.StartsWith(Place.AbsolutePath, StringComparison.Ordinal) ? Place.AbsolutePath.Length : 0;

    private static string Decoded(string text) => Uri.UnescapeDataString(text);

    [GeneratedRegex(@"(?<=[A-Za-z0-9]://)(?<name>[^\s/?#:@]*)(?<password>:[^\s/?#]*)?@")]
    private static partial Regex InAddress();
}
