using Mayfly.Packages.Python;
using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Pip;

/// <summary>A command line of pip, as far as Mayfly answers it.</summary>
internal sealed record PipArguments
{
    private static readonly string[] Commands = ["install", "uninstall", "list", "freeze", "show", "download"];

    /// <summary>What changes nothing of what is done here: how pip looks, what it keeps.</summary>
    private static readonly string[] Ignored =
    [
        "--disable-pip-version-check", "--no-input", "--no-color", "--no-cache-dir", "--no-python-version-warning", "--require-virtualenv", "--no-warn-script-location", "--no-warn-conflicts",
        "--prefer-binary", "--no-build-isolation", "--use-pep517", "--local", "-l",
    ];

    private static readonly string[] IgnoredWithValue = ["--progress-bar", "--root-user-action", "--cache-dir", "--timeout", "--retries", "--exists-action", "--proxy", "--cert", "--client-cert", "--trusted-host", "--keyring-provider"];

    /// <summary>What pip's configuration may say that no answer of ours can follow, by the commands that know it; so pip itself is asked.</summary>
    private static readonly Dictionary<string, string[]> Foreign = new()
    {
        ["install"] = [.. Building, "target", "user", "root", "prefix", "upgrade-strategy", "ignore-installed", "report", "platform", "python-version", "implementation", "abi", "ignore-requires-python"],
        ["download"] = [.. Building, "platform", "python-version", "implementation", "abi", "ignore-requires-python", "editable"],
        ["uninstall"] = [.. Anything],
        ["list"] = [.. Anything, "outdated", "uptodate", "editable", "user", "path", "not-required", "exclude-editable", "include-editable"],
        ["freeze"] = [.. Anything, "requirement", "user", "path", "exclude-editable"],
        ["show"] = [.. Anything],
    };

    private static string[] Anything => ["log", "python"];

    private static string[] Building => [.. Anything, "src", "config-settings", "global-option", "build-option", "install-option", "check-build-dependencies", "build-constraint", "no-clean", "group", "use-deprecated"];

    private static readonly Dictionary<string, string> Short = new()
    {
        ["-r"] = "--requirement",
        ["-c"] = "--constraint",
        ["-e"] = "--editable",
        ["-i"] = "--index-url",
        ["-f"] = "--find-links",
        ["-U"] = "--upgrade",
        ["-y"] = "--yes",
        ["-d"] = "--dest",
        ["-q"] = "--quiet",
        ["--pypi-url"] = "--index-url",
        ["--no-dependencies"] = "--no-deps",
    };

    private static readonly Dictionary<string, string[]> Flags = new()
    {
        ["install"] = ["--no-index", "--pre", "--no-deps", "--upgrade", "--force-reinstall", "--require-hashes", "--dry-run", "--compile", "--no-compile", "--quiet"],
        ["download"] = ["--no-index", "--pre", "--no-deps", "--require-hashes", "--quiet"],
        ["uninstall"] = ["--yes", "--quiet"],
        ["list"] = ["--quiet"],
        ["freeze"] = ["--all", "--quiet"],
        ["show"] = ["--files", "--quiet"],
    };

    private static readonly Dictionary<string, string[]> Values = new()
    {
        ["install"] = ["--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary"],
        ["download"] = ["--requirement", "--constraint", "--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary", "--dest"],
        ["uninstall"] = ["--requirement"],
        ["list"] = ["--format", "--exclude"],
        ["freeze"] = ["--exclude"],
        ["show"] = [],
    };

    /// <summary>What is read of the configuration where packages are chosen.</summary>
    private static readonly string[] Told = ["--index-url", "--extra-index-url", "--no-index", "--find-links", "--no-binary", "--only-binary", "--pre", "--require-hashes", "--constraint"];

    private readonly List<(string Name, string Value)> _options = [];

    /// <summary>What is to be done: <c>install</c>, <c>uninstall</c>, <c>list</c>, <c>freeze</c>, <c>show</c> or <c>download</c>.</summary>
    public required string Command { get; init; }

    /// <summary>What is no option.</summary>
    public List<string> Words { get; } = [];

    /// <summary>Options in their order, those of formats above all.</summary>
    public IReadOnlyList<(string Name, string Value)> Options => _options;

    public bool Has(string option) => _options.Exists(one => one.Name == option);

    /// <summary>The last one counts; null when it is not there.</summary>
    public string? Last(string option) => _options.FindLast(one => one.Name == option).Value;

    public string[] All(string option) => [.. _options.Where(one => one.Name == option).Select(static one => one.Value)];

    /// <summary>How hosts are reached, as it was typed.</summary>
    public NetworkAccess Access => new() { Proxy = Last("--proxy"), Certificates = Last("--cert"), ClientCertificate = Last("--client-cert"), TrustedHosts = All("--trusted-host"), Keyring = KeyringProviders.Read(Last("--keyring-provider")), WithoutInput = Has("--no-input") };

    /// <summary>Null when there is something in it that only pip itself can answer.</summary>
    public static PipArguments? TryRead(IReadOnlyList<string> typed)
    {
        var command = typed.FirstOrDefault(static word => word.Length > 0 && word[0] != '-');
        if (command is null || !Commands.Contains(command))
            return null;
        var arguments = new PipArguments { Command = command };
        var (seen, ended) = (false, false);
        for (var at = 0; at < typed.Count; at++)
        {
            var word = typed[at];
            if (!seen && word == command)
                seen = true;
            else if (!ended && word == "--")
                ended = true;
            else if (ended || word.Length == 0 || word[0] != '-')
                arguments.Words.Add(word);
            else if (!arguments.TryAdd(word, typed, ref at))
                return null;
        }

        return arguments;
    }

    /// <summary>Takes over what pip's configuration says besides where packages come from, as if it were typed first; false when only pip itself can do that.</summary>
    public bool TryAdd(PipConfiguration configuration)
    {
        // That one counts whatever is said of it, as in PIP_NO_CACHE_DIR=0: so pip has had it for long.
        foreach (var name in configuration.Names.Where(name => configuration.Says(name) || name == "no-cache-dir"))
        {
            var option = Short.GetValueOrDefault($"--{name}", $"--{name}");
            if (Foreign[Command].Contains(name))
                return false;
            if (Told.Contains(option))
                continue;
            if (Flags[Command].Contains(option) || Ignored.Contains(option))
                _options.Insert(0, (option, ""));
            else if (Values[Command].Contains(option))
                _options.InsertRange(0, configuration.Values(name).Select(value => (option, value)));
        }

        return true;
    }

    private bool TryAdd(string word, IReadOnlyList<string> typed, ref int at)
    {
        string? value = null;
        if (word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=') is > 0 and var equals)
            (word, value) = (word[..equals], word[(equals + 1)..]);
        else if (word.Length > 2 && word[1] != '-' && Short.TryGetValue(word[..2], out var joined) && Values[Command].Contains(joined))
            (word, value) = (joined, word[2..]);
        if (word == "-f" && Command == "show")
            word = "--files";
        word = Short.GetValueOrDefault(word, word);
        if ((Flags[Command].Contains(word) || Ignored.Contains(word)) && value is null)
        {
            _options.Add((word, ""));
            return true;
        }

        if (!Values[Command].Contains(word) && !IgnoredWithValue.Contains(word))
            return false;
        if (value is null)
        {
            if (++at == typed.Count)
                return false;
            value = typed[at];
        }

        if (word == "--keyring-provider" && !KeyringProviders.Names.Contains(value))
            return false;

        _options.Add((word, value));
        return true;
    }
}
