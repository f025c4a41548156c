using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>One suite of a small archive: what its Release file says, and its packages by architecture (<c>all</c> ones stand in each list).</summary>
internal sealed record SmallSuite(string Name, string Host, string Extra, IReadOnlyDictionary<string, string> Packages)
{
    public string Component { get; init; } = "main";

    public int Priority => !Extra.Contains("NotAutomatic: yes", StringComparison.Ordinal) ? 500 : Extra.Contains("ButAutomaticUpgrades: yes", StringComparison.Ordinal) ? 100 : 1;

    public string Release(IEnumerable<string> architectures) =>
        $"Origin: Small\nLabel: Small-{Name}\nSuite: {Name}\nCodename: {Name}-code\nArchitectures: {string.Join(' ', architectures)}\nComponents: {Component}\n{Extra}";
}

/// <summary>An apt of one's own over small suites: its lists are written as if it had fetched them, so nothing of the host's is read and nothing fetched.</summary>
internal sealed class AptFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IReadOnlyList<SmallSuite> _suites;
    private readonly IReadOnlyList<string> _architectures;
    private readonly string _configuration;

    public AptFolder(IReadOnlyList<SmallSuite> suites, IReadOnlyList<string> architectures, string preferences = "", string status = "")
    {
        _suites = suites;
        _architectures = architectures;
        var root = _folder.Path;
        foreach (var folder in (ReadOnlySpan<string>)["etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "etc/trusted.gpg.d", "state/lists/partial", "cache/archives/partial", "log"])
            Directory.CreateDirectory(Path.Combine(root, folder));
        File.WriteAllText($"{root}/etc/preferences", preferences);
        File.WriteAllText($"{root}/state/status", status);
        File.WriteAllLines($"{root}/etc/sources.list", suites.Select(suite => $"deb [trusted=yes] http://{suite.Host}/debian {suite.Name} {suite.Component}"));
        foreach (var suite in suites)
        {
            var list = $"{root}/state/lists/{suite.Host}_debian_dists_{suite.Name}_";
            File.WriteAllText($"{list}Release", suite.Release(architectures));
            foreach (var architecture in architectures)
                File.WriteAllText($"{list}{suite.Component}_binary-{architecture}_Packages", suite.Packages[architecture]);
        }

        _configuration = $"{root}/apt.conf";
        File.WriteAllText(_configuration, $$"""
            Dir::Etc "{{root}}/etc"; Dir::State "{{root}}/state"; Dir::State::status "{{root}}/state/status"; Dir::Cache "{{root}}/cache"; Dir::Log "{{root}}/log";
            Dir::Etc::main "/dev/null"; Dir::Etc::parts "{{root}}/etc/apt.conf.d"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; Dir::Log::Planner "/dev/null";
            APT::Architecture "{{architectures[0]}}"; #clear APT::Architectures; APT::Architectures { {{string.Join(' ', architectures.Select(architecture => $"\"{architecture}\";"))}} };
            APT::Get::HideAutoRemove "1"; Debug::NoLocking "1";

            """);
    }

    public DebianIndex Index => DebianIndex.Parse(_architectures[0], _suites.SelectMany(suite => _architectures.Select(architecture => new PackagesFile(
            Releases[suite.Name], suite.Component, () => new MemoryStream(Encoding.UTF8.GetBytes(suite.Packages[architecture])))
    { Priority = suite.Priority })), [.. _architectures.Skip(1)])
        .From(_suites.ToDictionary(suite => suite.Name, suite => (IReadOnlyList<string>)[suite.Host]));

    private Dictionary<string, LockedRelease> Releases => field ??= _suites.ToDictionary(suite => suite.Name, suite => new LockedRelease
    {
        Id = suite.Name,
        Origin = "Small",
        Label = $"Small-{suite.Name}",
        Suite = suite.Name,
        Codename = $"{suite.Name}-code",
        Date = DateTimeOffset.UnixEpoch,
        Digest = new string('0', 64),
        Components = [suite.Component],
    });

    /// <summary>What apt would do, in order: <c>Inst a 1</c>, <c>Inst b:i386 2</c>, <c>Conf a 1</c>; null when it finds nothing, with what it says.</summary>
    public (IReadOnlyList<string>? Steps, string Said) Simulate(IEnumerable<string> requests, bool recommends = false, string verb = "install", IReadOnlyList<string>? options = null)
    {
        var start = new System.Diagnostics.ProcessStartInfo("apt-get", ["--simulate", recommends ? "--install-recommends" : "--no-install-recommends", .. options ?? [], verb, .. requests]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["APT_CONFIG"] = _configuration;
        using var process = System.Diagnostics.Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode != 0 ? null : [.. output.Split('\n').Where(static line => line.StartsWith("Inst ", StringComparison.Ordinal) || line.StartsWith("Conf ", StringComparison.Ordinal) || line.StartsWith("Remv ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ') is [var verb, var name, var version, ..] ? $"{verb} {name} {version.Trim('(', '[')}" : line)], output + error.Result);
    }

    public void Dispose() => _folder.Dispose();
}
