using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Backports, a foreign architecture and pins over the real archive: an apt of one's own fetches the lists, and both choose from them.</summary>
[Trait("needs", "oracle")]
public sealed class RealSuitesTests(ITestOutputHelper output)
{
    /// <summary>What is asked for, whether with Recommends, and pins as <c>packages|pin|priority</c>.</summary>
    private static readonly (string Requests, bool Recommends, string[] Pins)[] Cases =
    [
        ("curl", false, []),
        ("curl/bookworm-backports", false, []),
        ("golang/bookworm-backports", false, []),
        ("cmake/bookworm-backports ninja-build", true, []),
        ("systemd/bookworm-backports", false, []),
        ("libreoffice-calc", false, ["libreoffice*|release a=*-backports|990"]),
        ("git", true, ["*|release n=bookworm-backports|600"]),
        ("curl", false, ["curl|version 7.*|1001"]),
        ("debhelper", false, ["debhelper|version *bpo12*|1001"]),
        ("git vim", false, ["*|release n=bookworm-updates|-1"]),
        ("wine32:i386", false, []),
        ("wine wine32:i386", true, []),
        ("libc6-dev:i386 gcc", false, []),
        ("zlib1g:i386 zlib1g", false, []),
        ("libgl1-mesa-dri:i386", true, []),
        ("steam-installer:i386", false, []),
        ("python3:i386", false, []),
        ("gcc-multilib curl:i386", false, []),
        ("nginx exim4- postfix", false, []),
        ("git=1:2.39*", false, []),
    ];

    [Fact]
    public void Backports_foreign_packages_and_pins_are_chosen_as_apt_does()
    {
        using var folder = new TemporaryFolder();
        var (targets, configuration) = Fetch(folder.Path);
        var index = DebianIndex.Parse("amd64", targets.Select(target => new PackagesFile(target.Release, "main", () => new MemoryStream(HostArchive.Contents(target.File))) { Priority = target.Release.Id.EndsWith("-backports", StringComparison.Ordinal) ? 100 : 500 }), ["i386"]);
        var differences = new List<string>();
        var compared = 0;
        foreach (var (requests, recommends, pins) in Cases)
        {
            File.WriteAllText($"{folder.Path}/preferences", string.Concat(pins.Select(static pin => pin.Split('|')).Select(static pin => $"Package: {pin[0]}\nPin: {pin[1]}\nPin-Priority: {pin[2]}\n\n")));
            var (code, said, _) = HostArchive.Run("apt-get", ["--simulate", recommends ? "--install-recommends" : "--no-install-recommends", .. configuration, "install", .. requests.Split(' ')]);
            var theirs = said.Split('\n').Where(static line => line.StartsWith("Inst ", StringComparison.Ordinal)).Select(static line => line.Split(' ')).Select(static parts => $"{parts[1]} {parts[2].TrimStart('(')}").Order(StringComparer.Ordinal).ToList();
            string ours;
            try
            {
                var own = DebianResolution.Resolve(index.With([.. pins.Select(static pin => pin.Split('|')).Select(static pin => new Pin(pin[0], pin[1], int.Parse(pin[2])))]), requests.Split(' ').Select(PackageRequest.Parse), [], recommends);
                ours = code != 0 && own.Departures.Count > 0 ? "none" : string.Join('\n', own.Packages.Select(static package => package.ToString()).Order(StringComparer.Ordinal));
            }
            catch (UnresolvableException e)
            {
                ours = "none";
                output.WriteLine($"{requests}: {e.Message}");
            }

            output.WriteLine($"{requests} {string.Join(' ', pins)}: {(code == 0 ? $"{theirs.Count} packages" : "none")}");
            compared += code == 0 ? 1 : 0;
            if (ours != (code == 0 ? string.Join('\n', theirs) : "none"))
                differences.Add($"{requests}: apt alone {string.Join(' ', theirs.Except(ours.Split('\n')))}; we alone {string.Join(' ', ours.Split('\n').Except(theirs))}");
        }

        Assert.Empty(differences);
        Assert.True(compared >= Cases.Length * 3 / 4, $"apt finds {compared} of {Cases.Length} alone");
    }

    /// <summary>Fetches the lists of the release, its updates and its backports, for two architectures, from the mirror that the host's apt has.</summary>
    private static (IReadOnlyList<(LockedRelease Release, string File)> Targets, string[] Options) Fetch(string folder)
    {
        foreach (var name in (ReadOnlySpan<string>)["lists/partial", "cache/archives/partial"])
            Directory.CreateDirectory(Path.Combine(folder, name));
        File.WriteAllText($"{folder}/status", "");
        File.WriteAllText($"{folder}/preferences", "");
        File.WriteAllLines($"{folder}/sources.list", ((string[])["", "-updates", "-backports"]).Select(static suite => $"deb {HostArchive.Mirror} bookworm{suite} main"));
        string[] options =
        [
            .. ((string[])[
                $"Dir::State::lists={folder}/lists", $"Dir::State::status={folder}/status", $"Dir::Cache={folder}/cache", $"Dir::Etc::SourceList={folder}/sources.list", "Dir::Etc::SourceParts=/dev/null",
                $"Dir::Etc::Preferences={folder}/preferences", "Dir::Etc::PreferencesParts=/dev/null", "APT::Architecture=amd64", "APT::Architectures::=amd64", "APT::Architectures::=i386",
                "Acquire::Languages=none", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false", "APT::Sandbox::User=root", "APT::Get::HideAutoRemove=1", "Debug::NoLocking=1"]).SelectMany(static option => (string[])["-o", option]),
        ];
        var (code, said, error) = HostArchive.Run("apt-get", [.. options, "update", "-q", "--error-on=any"]);
        Assert.True(code == 0, said + error);
        (_, said, _) = HostArchive.Run("apt-get", [.. options, "indextargets", "--format", "$(RELEASE)|$(ARCHITECTURE)|$(FILENAME)|$(LABEL)|$(SUITE)|$(CODENAME)", "Created-By: Packages"]);
        var releases = new Dictionary<string, LockedRelease>(StringComparer.Ordinal);
        return ([.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split('|')).Where(static parts => parts[1] is "amd64" or "i386").Select(parts =>
        {
            if (!releases.TryGetValue(parts[0], out var release))
            {
                releases.Add(parts[0], release = new LockedRelease
                {
                    Id = parts[0],
                    Origin = "Debian",
                    Label = parts[3],
                    Suite = parts[4],
                    Codename = parts[5],
                    Date = DateTimeOffset.UnixEpoch,
                    Digest = new string('0', 64),
                    Components = ["main"],
                });
            }

            return (release, parts[2]);
        })], options);
    }
}
