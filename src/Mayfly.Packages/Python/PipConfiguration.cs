using System.Text;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python;

/// <summary>What pip would take from its configuration: files (<c>pip.conf</c>) and variables (<c>PIP_…</c>); pip's documentation, "Configuration".</summary>
/// <remarks>Who has told pip where packages come from has told everybody. Of what is in it, that is read which says what is taken and where from.</remarks>
public sealed record PipConfiguration
{
    /// <summary>What pip asks where nobody says otherwise: the Python community's index.</summary>
    public const string PublicIndex = "https://pypi.org/simple";

    /// <summary>Values by their names, as in <c>index-url</c>; the last one that was said counts.</summary>
    private readonly IReadOnlyDictionary<string, (string Value, string Origin)> _values;

    /// <summary>What the library that pip asks servers with takes where <c>cert</c> says nothing; null where it says nothing either.</summary>
    private readonly string? _certificates;

    private PipConfiguration(IReadOnlyDictionary<string, (string, string)> values, string? certificates) => (_values, _certificates) = (values, certificates);

    /// <summary>As a requirements file of options alone would say it.</summary>
    public RequirementsFile Options => new()
    {
        Index = Text("index-url") ?? (Flag("no-index") ? null : PublicIndex),
        FurtherIndexes = Words("extra-index-url"),
        NoIndex = Flag("no-index"),
        FindLinks = [.. Words("find-links").Select(place => (_values["find-links"].Origin, place))],
        Formats = [.. Words("no-binary").Select(static projects => (false, projects)), .. Words("only-binary").Select(static projects => (true, projects))],
        PrefersWheels = Flag("prefer-binary"),
        RequiresHashes = Flag("require-hashes"),
        PreReleases = Flag("pre"),
        Access = new NetworkAccess { Proxy = Text("proxy"), Certificates = Text("cert") ?? _certificates, ClientCertificate = Text("client-cert"), TrustedHosts = Words("trusted-host"), Keyring = Keyring, WithoutInput = Flag("no-input") },
    };

    /// <summary>Files of constraints that always count.</summary>
    public IReadOnlyList<string> Constraints => Words("constraint");

    /// <summary>Every option of pip's that is said, by its long name without hyphens before it.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The values of an option that may be given more than once.</summary>
    public IReadOnlyList<string> Values(string name) => Words(name);

    /// <summary>True for one that is said and not taken back by a "no".</summary>
    public bool Says(string name) => Text(name) is { } text && text.ToLowerInvariant() is not ("0" or "n" or "no" or "f" or "false" or "off");

    /// <summary>Reads this host's.</summary>
    /// <param name="environment">The root of an environment with a configuration of its own; null for none.</param>
    /// <param name="command">The command of pip's for which it is read.</param>
    public static PipConfiguration OfHost(string? environment = null, string command = "install") => Read(Environment.GetEnvironmentVariables().Keys.Cast<string>().ToDictionary(static name => name, static name => Environment.GetEnvironmentVariable(name)!), environment, command);

    /// <summary>Reads all that these variables lead to.</summary>
    /// <param name="variables">Of the process: <c>HOME</c>, <c>XDG_…</c>, <c>PIP_…</c>.</param>
    /// <param name="environment">The root of an environment with a configuration of its own; null for none.</param>
    /// <param name="command">The command of pip's for which it is read: what stands under its name comes after what stands under <c>[global]</c>.</param>
    /// <exception cref="MayflyException">A file cannot be read.</exception>
    public static PipConfiguration Read(IReadOnlyDictionary<string, string> variables, string? environment = null, string command = "install")
    {
        var (values, own) = (new Dictionary<string, (string, string)>(), new Dictionary<string, (string, string)>());
        foreach (var path in Files(variables, environment).Where(File.Exists))
            Add(values, own, command, path);
        foreach (var (name, value) in own)
            values[name] = value;
        foreach (var (name, value) in variables.Where(static one => one.Key.StartsWith("PIP_", StringComparison.Ordinal) && one.Value.Length > 0))
            values[name["PIP_".Length..].ToLowerInvariant().Replace('_', '-')] = (value, name);
        return new PipConfiguration(values, Named("REQUESTS_CA_BUNDLE") ?? Named("CURL_CA_BUNDLE"));

        string? Named(string name) => variables.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>In pip's order: the host's, the user's, the environment's, the one that is named, which stands for the user's.</summary>
    private static IEnumerable<string> Files(IReadOnlyDictionary<string, string> variables, string? environment)
    {
        var named = variables.GetValueOrDefault("PIP_CONFIG_FILE") ?? "";
        if (named == "/dev/null")
            yield break;
        foreach (var folder in (variables.GetValueOrDefault("XDG_CONFIG_DIRS") is { Length: > 0 } folders ? folders : "/etc/xdg").Split(':', StringSplitOptions.RemoveEmptyEntries))
            yield return $"{folder}/pip/pip.conf";
        yield return "/etc/pip.conf";
        if (!File.Exists(named) && variables.GetValueOrDefault("HOME") is { Length: > 0 } home)
        {
            yield return $"{home}/.pip/pip.conf";
            yield return $"{(variables.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } own ? own : $"{home}/.config")}/pip/pip.conf";
        }

        if (environment is not null)
            yield return $"{environment}/pip.conf";
        if (named.Length > 0)
            yield return named;
    }

    /// <summary>As Python's RawConfigParser reads it; what stands under a command's name counts more than what any file has under [global].</summary>
    private static void Add(Dictionary<string, (string, string)> values, Dictionary<string, (string, string)> own, string command, string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"pip's configuration {path} cannot be read: {e.Message}", "make it readable, or name another one in PIP_CONFIG_FILE (/dev/null for none)", e);
        }

        var sections = new Dictionary<string, Dictionary<string, StringBuilder>>();
        Dictionary<string, StringBuilder>? section = null;
        StringBuilder? open = null;
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.Trim() is not { Length: > 0 } text || text[0] is '#' or ';')
                continue;
            if (char.IsWhiteSpace(line[0]) && open is not null)
            {
                open.Append('\n').Append(text);
            }
            else if (text is ['[', .. var name, ']'])
            {
                if (!sections.TryGetValue(name, out section))
                    sections.Add(name, section = []);
                open = null;
            }
            else if (section is not null && text.IndexOfAny(['=', ':']) is > 0 and var equals)
            {
                section[text[..equals].TrimEnd().ToLowerInvariant().Replace('_', '-')] = open = new StringBuilder(text[(equals + 1)..].Trim());
            }
            else
            {
                throw new MayflyException($"{path}:{number}: {text} is neither a section nor a setting", "pip config list shows what pip makes of it");
            }
        }

        foreach (var (heading, settings) in sections.Where(one => one.Key == "global" || one.Key == command))
        {
            foreach (var (name, value) in settings)
                (heading == command ? own : values)[name] = (value.ToString(), path);
        }
    }

    private KeyringProvider? Keyring => Text("keyring-provider") is not { } text ? null : Enum.TryParse<KeyringProvider>(text, ignoreCase: true, out var provider) && text.All(char.IsAsciiLetter) ? provider
        : throw new MayflyException($"{_values["keyring-provider"].Origin}: keyring-provider is '{text}', which is none", "write auto, disabled, import or subprocess");

    private string? Text(string name) => _values.TryGetValue(name, out var one) && one.Value.Length > 0 ? one.Value : null;

    private IReadOnlyList<string> Words(string name) => Text(name)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private bool Flag(string name) => Text(name) is { } text && (text.ToLowerInvariant() switch
    {
        "1" or "y" or "yes" or "t" or "true" or "on" => true,
        "0" or "n" or "no" or "f" or "false" or "off" => false,
        _ => throw new MayflyException($"{_values[name].Origin}: {name} is '{text}', which is neither yes nor no", "write true or false"),
    });
}
