using System.Text.RegularExpressions;

namespace Mayfly.Docs.Tests;

/// <summary>
/// Where packages come from is the machine's business, so no host that this machine gets them from stands in the repository.
/// The hosts are read from the machine at run time: a list of them here would break the rule.
/// </summary>
public sealed partial class NoRegistryIsNamed
{
    [Fact]
    public void In_any_file_of_the_repository()
    {
        string[] hosts = [.. Hosts()];
        Assert.True(hosts.Length > 0, "this machine's configuration names no package source, so nothing could be compared");
        var found = from path in RepositoryFiles.All
                    let text = RepositoryFiles.Read(path)
                    from host in hosts
                    where text.Contains(host, StringComparison.OrdinalIgnoreCase)
                    select $"{path} names {host}";
        Assert.Empty(found);
    }

    private static IEnumerable<string> Hosts()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] files =
        [
            "/etc/apt/sources.list", .. Listed("/etc/apt/sources.list.d", "*.list"), .. Listed("/etc/apt/sources.list.d", "*.sources"), .. Listed("/etc/apt/mirrors", "*"),
            "/etc/mayfly/config.toml", $"{home}/.config/mayfly/config.toml",
            $"{home}/.nuget/NuGet/NuGet.Config", $"{home}/.config/NuGet/NuGet.Config", .. Listed("/etc/opt/NuGet/Config", "*.config"),
            $"{home}/.npmrc", "/etc/npmrc",
        ];
        return files.Where(File.Exists)
            // NuGet's files name their XML namespaces by addresses too, and lists hold comments.
            .SelectMany(File.ReadLines).Where(line => !line.TrimStart().StartsWith('#') && !line.Contains("xmlns", StringComparison.Ordinal))
            .SelectMany(line => Address().Matches(line)).Select(match => match.Groups[1].Value)
            .Where(host => host.Contains('.') && host != "localhost").Distinct();
    }

    private static string[] Listed(string folder, string pattern) => Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];

    [GeneratedRegex(@"\bhttps?://(?:[^/@\s""]*@)?([A-Za-z0-9.-]+)")]
    private static partial Regex Address();
}
