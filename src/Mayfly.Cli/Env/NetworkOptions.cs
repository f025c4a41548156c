using System.CommandLine;
using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Env;

/// <summary>How indexes are reached, in pip's words.</summary>
internal sealed class NetworkOptions
{
    private readonly Option<string?> _proxy = new("--proxy") { Description = "The proxy for everything", HelpName = "ADDRESS" };
    private readonly Option<string?> _certificates = new("--cert") { Description = "Certificates that count in the place of the system's", HelpName = "FILE" };
    private readonly Option<string?> _own = new("--client-cert") { Description = "Your own certificate with its key", HelpName = "FILE" };
    private readonly Option<string[]> _trusted = new("--trusted-host") { Description = "A host whose certificate nobody looks at", HelpName = "HOST" };

    private readonly Option<string?> _keyring = new("--keyring-provider") { Description = "Whether the program keyring is asked for passwords: auto, disabled, import or subprocess", HelpName = "WHICH" };

    private NetworkOptions()
    {
    }

    public static NetworkOptions AddTo(Command command)
    {
        var options = new NetworkOptions();
        options._keyring.AcceptOnlyFromAmong([.. KeyringProviders.Names]);
        foreach (var option in (Option[])[options._proxy, options._certificates, options._own, options._trusted, options._keyring])
            command.Add(option);
        return options;
    }

    public NetworkAccess Read(ParseResult result) => new()
    {
        Proxy = result.GetValue(_proxy),
        Certificates = result.GetValue(_certificates),
        ClientCertificate = result.GetValue(_own),
        TrustedHosts = result.GetValue(_trusted) ?? [],
        Keyring = KeyringProviders.Read(result.GetValue(_keyring)),
    };
}
