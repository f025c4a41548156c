namespace Mayfly.Packages.Transfer;

/// <summary>How the hosts of indexes are reached: who asks, by which way, and whose word is enough. What is not said is as the environment has it.</summary>
public sealed record NetworkAccess
{
    /// <summary>Names and passwords for what is below an address; <c>~/.netrc</c> counts where there is none.</summary>
    public IReadOnlyList<Login> Logins { get; init; } = [];

    /// <summary>The address of the proxy for everything (pip's <c>--proxy</c>); null for what <c>https_proxy</c> and its like say.</summary>
    public string? Proxy { get; init; }

    /// <summary>A file of certificates, or a folder of such files, that stand in the place of the system's (pip's <c>--cert</c>); null for the system's.</summary>
    public string? Certificates { get; init; }

    /// <summary>A file with our own certificate and its key (pip's <c>--client-cert</c>); null for none.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>Hosts, perhaps with a port, whose certificates nobody looks at (pip's <c>--trusted-host</c>).</summary>
    public IReadOnlyList<string> TrustedHosts { get; init; } = [];

    /// <summary>Whether a keyring is asked where no password is known (pip's <c>--keyring-provider</c>); null where nobody says, which is <see cref="KeyringProvider.Auto"/>.</summary>
    public KeyringProvider? Keyring { get; init; }

    /// <summary>True where nobody may be asked anything (pip's <c>--no-input</c>), as a keyring may do.</summary>
    public bool WithoutInput { get; init; }

    /// <summary>Addresses of indexes as they were written, without names and passwords: as keyrings call them.</summary>
    public IReadOnlyList<Uri> Indexes { get; init; } = [];

    /// <summary>This and what is said after it: a later proxy, later certificates and a later keyring count, everything else adds up.</summary>
    public NetworkAccess And(NetworkAccess later) => new()
    {
        Logins = [.. Logins, .. later.Logins],
        Proxy = later.Proxy ?? Proxy,
        Certificates = later.Certificates ?? Certificates,
        ClientCertificate = later.ClientCertificate ?? ClientCertificate,
        TrustedHosts = [.. TrustedHosts, .. later.TrustedHosts],
        Keyring = later.Keyring ?? Keyring,
        WithoutInput = WithoutInput || later.WithoutInput,
        Indexes = [.. Indexes.Union(later.Indexes)],
    };

    /// <summary>Whether a keyring is asked, all in all.</summary>
    internal bool AsksKeyring => Keyring is KeyringProvider.Import or KeyringProvider.Subprocess || (Keyring is null or KeyringProvider.Auto && !WithoutInput);

    /// <summary>What a place may be called in a keyring: by its index, then by its host.</summary>
    internal IReadOnlyList<string> ServicesFor(Uri place) =>
    [
        .. Indexes.Select(static index => index.AbsoluteUri).Where(index => place.AbsoluteUri.StartsWith($"{index.TrimEnd('/')}/", StringComparison.Ordinal)).OrderByDescending(static index => index.Length).Take(1),
        place.Authority,
    ];

    internal Login? LoginFor(Uri place) => Logins.Where(login => login.IsFor(place)).MaxBy(login => login.Likeness(place));

    internal bool Trusts(Uri place) => TrustedHosts.Any(host => string.Equals(host, place.Host, StringComparison.OrdinalIgnoreCase) || string.Equals(host, $"{place.Host}:{place.Port}", StringComparison.OrdinalIgnoreCase));
}
