using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A release besides the host's: its lists as an apt of one's own fetches them, and that apt as an oracle over the very same lists.</summary>
internal sealed class FetchedArchive : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IReadOnlyList<Target> _targets;
    private readonly Lazy<IReadOnlyDictionary<(string Name, string Version), byte[]>> _stanzas;
    private readonly string[] _options;

    /// <param name="sources">Where from.</param>
    /// <param name="key">The archive's public keys: the text of a file, or the path of one.</param>
    public FetchedArchive(DebianSources sources, string key)
    {
        var folder = _folder.Path;
        foreach (var name in (ReadOnlySpan<string>)["lists/partial", "archives/partial"])
            Directory.CreateDirectory($"{folder}/{name}");
        if (!key.StartsWith('/'))
        {
            File.WriteAllText($"{folder}/key.asc", key);
            key = $"{folder}/key.asc";
        }

        File.WriteAllText($"{folder}/status", "");
        File.WriteAllLines($"{folder}/sources.list", sources.Sources.Select(source => $"deb [signed-by={key}] {source.Mirrors[0]} {source.Suite} {string.Join(' ', source.Components)}"));
        _options =
        [
            .. ((string[])[
                $"Dir::State::lists={folder}/lists", $"Dir::Cache={folder}", $"Dir::Etc::SourceList={folder}/sources.list", "Dir::Etc::SourceParts=/dev/null", "Dir::Etc::Preferences=/dev/null",
                "Dir::Etc::PreferencesParts=/dev/null", "Dir::Log::Planner=/dev/null", "APT::Architecture=amd64", "Acquire::Languages=none", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
                "APT::Sandbox::User=root", "APT::AutoRemove::SuggestsImportant=true", "APT::Get::HideAutoRemove=1", "Debug::NoLocking=1"]).SelectMany(static option => (string[])["-o", option]),
        ];
        Run($"Dir::State::status={folder}/status", "update", "-q", "--error-on=any");
        _targets = [.. Run($"Dir::State::status={folder}/status", "indextargets", "--format", "$(RELEASE)|$(COMPONENT)|$(FILENAME)|$(LABEL)|$(SUITE)|$(CODENAME)", "Created-By: Packages")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split('|')).Select(static parts => new Target(parts[0], parts[1], HostArchive.Contents(parts[2]), parts[3], parts[4], parts[5]))];
        _stanzas = new(() => HostArchive.Stanzas(_targets.Select(static target => target.Contents)));
        Index = DebianIndex.Parse("amd64", Files(ReleaseLayout.Of(sources.Codename).Distribution.Origin));
        Base = DebianBase.Resolve(Index);
    }

    public DebianIndex Index { get; }

    public DebianBase Base { get; }

    /// <summary>What apt would unpack and configure, in order, up to the last that it unpacks: <c>Inst name version</c>, <c>Conf name version</c>; null when it fails.</summary>
    public IReadOnlyList<string>? Simulate(IReadOnlyList<BinaryPackage> installed, IEnumerable<string> requests, bool recommends = false)
    {
        var status = $"{_folder.Path}/status-{installed.Count}";
        if (!File.Exists(status))
            HostArchive.WriteStatus(status, _stanzas.Value, installed);
        var (code, output, _) = HostArchive.Run("apt-get", ["--simulate", recommends ? "--install-recommends" : "--no-install-recommends", .. _options, "-o", $"Dir::State::status={status}", "install", .. requests]);
        if (code != 0)
            return null;
        var steps = output.Split('\n').Where(static line => line.StartsWith("Inst ", StringComparison.Ordinal) || line.StartsWith("Conf ", StringComparison.Ordinal) || line.StartsWith("Remv ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')).Select(static words => $"{words[0]} {words[1]} {words[2].Trim('(', '[', ']')}").ToList();
        return steps[..(steps.FindLastIndex(static step => step.StartsWith("Inst", StringComparison.Ordinal)) + 1)];
    }

    public void Dispose() => _folder.Dispose();

    private string Run(string status, params string[] arguments)
    {
        var (code, output, error) = HostArchive.Run("apt-get", [.. _options, "-o", status, .. arguments]);
        Assert.True(code == 0, output + error);
        return output;
    }

    private IEnumerable<PackagesFile> Files(string origin)
    {
        var releases = _targets.GroupBy(static target => target.Release).ToDictionary(static group => group.Key, group => new LockedRelease
        {
            Id = group.Key,
            Origin = origin,
            Label = group.First().Label,
            Suite = group.First().Suite,
            Codename = group.First().Codename,
            Date = DateTimeOffset.UnixEpoch,
            Digest = new string('0', 64),
            Components = [.. group.Select(static target => target.Component)],
        });
        return _targets.Select(target => new PackagesFile(releases[target.Release], target.Component, () => new MemoryStream(target.Contents)));
    }

    private sealed record Target(string Release, string Component, byte[] Contents, string Label, string Suite, string Codename);
}
