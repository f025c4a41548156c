using System.Text.RegularExpressions;

namespace Mayfly.Cli.Tests;

/// <summary>pip as it is, told of no index but what a test names: what judges a depot.</summary>
internal static class PlainPip
{
    /// <summary>Debian's own, which any interpreter runs.</summary>
    public static string Program => $"{Directory.GetFiles("/usr/share/python-wheels", "pip-*.whl").Single()}/pip";

    /// <summary>For environments beside each other, of Mayfly and of pip, that take what the folder <c>links</c> has.</summary>
    public static Dictionary<string, string?> Beside(Folder folder) => new()
    {
        ["WORKON_HOME"] = $"{folder.Path}/environments",
        ["PIP_NO_INDEX"] = "1",
        ["PIP_FIND_LINKS"] = $"{folder.Path}/links",
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["PIP_NO_CACHE_DIR"] = "1",
        ["PIP_INDEX_URL"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["VIRTUAL_ENV"] = null,
        ["PATH"] = $"/usr/bin:/bin:{Environment.GetEnvironmentVariable("PATH")}",
        ["HOME"] = folder.Path,
    };

    /// <summary>Debian's, and a newer one where it is.</summary>
    public static (string Name, string Command)[] All =>
    [
        ("debian", $"/usr/bin/python3 {Program}"),
        .. ((string[])["3.13.0"]).Select(static version => $"{Environment.GetEnvironmentVariable("HOME")}/.pyenv/versions/{version}/bin/python").Where(File.Exists).Select(static python => (python.Split('/')[^3], $"{python} -m pip")),
    ];

    public static (int ExitCode, string Output, string Error) Run(Folder folder, string pip, string words) =>
        Shell.Run(folder.Path, new Dictionary<string, string?>(HardDepot.Usual) { ["HOME"] = folder.Path, ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1", ["PIP_RETRIES"] = "0", ["PIP_NO_CACHE_DIR"] = "1" }, $"{pip} {words}");

    /// <summary>What is in a folder that was a target, in normal form.</summary>
    public static IEnumerable<string> Installed(string target) => Directory.GetDirectories(target, "*.dist-info").Select(static path => Path.GetFileName(path)[..^".dist-info".Length])
        .Select(static name => $"{Regex.Replace(name[..name.LastIndexOf('-')].ToLowerInvariant(), "[-_.]+", "-")}=={name[(name.LastIndexOf('-') + 1)..]}").Order(StringComparer.Ordinal);
}
