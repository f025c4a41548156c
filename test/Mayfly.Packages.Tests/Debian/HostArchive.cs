using System.Diagnostics;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Debian's archive as this host's apt has it in its lists, and this host's apt as an oracle over the very same lists.</summary>
internal static class HostArchive
{
    private static readonly Lazy<IReadOnlyList<Target>> LazyTargets = new(FindTargets);
    private static readonly Lazy<DebianIndex> LazyIndex = new(() => DebianIndex.Parse("amd64", Files()));
    private static readonly Lazy<string> LazyBaseState = new(() => State(Path.Combine(Cache, "base"), Base.Packages));
    private static readonly Lazy<DebianBase> LazyBase = new(() => DebianBase.Resolve(Index));

    public static DebianIndex Index => LazyIndex.Value;

    public static DebianBase Base => LazyBase.Value;

    /// <summary>Where the host's apt has the release itself from.</summary>
    public static string Mirror => LazyTargets.Value.First(static target => target.Release == "bookworm").Uri;

    /// <summary>The lists of all its suites, or of those that have these names.</summary>
    public static IEnumerable<PackagesFile> Files(params string[] suites) => LazyTargets.Value.Where(target => suites.Length == 0 || suites.Contains(target.Release)).Select(target => new PackagesFile(
        new LockedRelease
        {
            Id = target.Release,
            Origin = "Debian",
            Label = target.Label,
            Suite = target.Suite,
            Codename = target.Codename,
            Date = DateTimeOffset.UnixEpoch,
            Digest = new string('0', 64),
            Components = [target.Component],
        }, target.Component, () => new MemoryStream(target.Contents.Value)));

    /// <summary>
    /// What apt would unpack and configure, in order: <c>Inst name</c>, <c>Conf name</c>; null when it fails. Over the base apt finds its binary cache
    /// made, which holds the lists and the status: reading them anew would take most of each simulation's time.
    /// </summary>
    public static IReadOnlyList<(string Verb, string Name, string Version)>? Simulate(IEnumerable<BinaryPackage> installed, IEnumerable<string> requests, bool recommends = false)
    {
        var overBase = ReferenceEquals(installed, Base.Packages);
        using var folder = overBase ? null : new TemporaryFolder();
        var state = folder is null ? LazyBaseState.Value : State(folder.Path, installed);
        var (code, output, _) = Run("apt-get", ["--simulate", recommends ? "--install-recommends" : "--no-install-recommends", .. Options(state).SelectMany(static option => (string[])["-o", option]), "install", .. requests]);
        if (code != 0)
            return null;
        return [.. output.Split('\n').Where(line => line.StartsWith("Inst ") || line.StartsWith("Conf ") || line.StartsWith("Remv ")).Select(line =>
        {
            var parts = line.Split(' ');
            return (parts[0], parts[1], parts.Length > 2 ? parts[2].TrimStart('(') : "");
        })];
    }

    /// <summary>What a machine has by name after apt-get did its work on it, with one package held; null when it fails, with what it said.</summary>
    public static (IReadOnlyDictionary<string, string>? Versions, string Said) After(IReadOnlyList<BinaryPackage> installed, BinaryPackage held, IEnumerable<string> words)
    {
        using var folder = new TemporaryFolder();
        var state = State(folder.Path, installed, held);
        var (code, said, error) = Run("apt-get", ["--simulate", "--no-install-recommends", .. Options(state).SelectMany(static option => (string[])["-o", option]), .. words]);
        if (code != 0)
            return (null, error);
        var versions = installed.ToDictionary(static package => package.Name, static package => package.Version.Text, StringComparer.Ordinal);
        foreach (var line in said.Split('\n'))
        {
            if (line.StartsWith("Inst ", StringComparison.Ordinal))
                versions[line.Split(' ')[1]] = line.Split('(')[1].Split(' ')[0];
            else if (line.StartsWith("Remv ", StringComparison.Ordinal))
                versions.Remove(line.Split(' ')[1]);
        }

        return (versions, said);
    }

    /// <summary>A process that answers over the base, from the same lists and status.</summary>
    public static AptProcess Answers(bool recommends) => new(Options(LazyBaseState.Value), recommends);

    private static string[] Options(string state) =>
    [
        $"Dir::State::status={state}/status", $"Dir::State::extended_states={state}/extended", $"Dir::State::lists={Cache}/lists", $"Dir::Etc::SourceList={Cache}/sources.list",
        "Dir::Etc::SourceParts=/dev/null", "Dir::Etc::Preferences=/dev/null", "Dir::Etc::PreferencesParts=/dev/null",
        $"Dir::Cache::pkgcache={state}/pkg.bin", $"Dir::Cache::srcpkgcache={Cache}/src.bin", $"Dir::Cache::archives={Cache}/archives", "Dir::Log::Planner=/dev/null", "APT::Architecture=amd64",
        // Images of containers have it otherwise: what something suggests is as good as needed, unless apt is told.
        "APT::AutoRemove::SuggestsImportant=true", "APT::Get::HideAutoRemove=1", "Debug::NoLocking=1",
    ];

    public static (int Code, string Output, string Error) Run(string program, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>apt's binary caches, shared between simulations: they hold the lists, which are the same for all, and are kept while the sources are older.</summary>
    private static string Cache => LazyCache.Value;

    private static readonly Lazy<string> LazyCache = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-apt-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        // Lists as they are before they are compressed: apt seeks in them.
        Directory.CreateDirectory(Path.Combine(folder, "lists/partial"));
        Directory.CreateDirectory(Path.Combine(folder, "archives/partial"));
        foreach (var target in LazyTargets.Value)
        {
            var name = Path.GetFileName(target.File);
            File.WriteAllBytes(Path.Combine(folder, "lists", name[..(name.LastIndexOf("_Packages", StringComparison.Ordinal) + "_Packages".Length)]), target.Contents.Value);
            foreach (var release in Directory.GetFiles(Path.GetDirectoryName(target.File)!, "*Release*"))
                File.Copy(release, Path.Combine(folder, "lists", Path.GetFileName(release)), overwrite: true);
        }

        File.WriteAllLines(Path.Combine(folder, "sources.list"), LazyTargets.Value.Select(target => $"deb {target.Uri} {target.Release} {target.Component}"));
        return folder;
    });

    private static string State(string folder, IEnumerable<BinaryPackage> installed, BinaryPackage? held = null)
    {
        Directory.CreateDirectory(folder);
        WriteStatus(Path.Combine(folder, "status"), LazyStanzas.Value, installed, held);
        return folder;
    }

    /// <summary>dpkg's note of what is installed, in the words of the lists.</summary>
    /// <param name="path">Where to write it.</param>
    /// <param name="stanzas">What <see cref="Stanzas"/> gave.</param>
    /// <param name="installed">What is there; each must be in the lists.</param>
    /// <param name="held">One of those, if any.</param>
    public static void WriteStatus(string path, IReadOnlyDictionary<(string Name, string Version), byte[]> stanzas, IEnumerable<BinaryPackage> installed, BinaryPackage? held = null)
    {
        using var status = File.Create(path);
        foreach (var package in installed)
        {
            var stanza = stanzas[(package.Name, package.Version.Text)];
            status.Write(package == held ? "Status: hold ok installed\n"u8 : "Status: install ok installed\n"u8);
            status.Write(stanza);
            status.Write(stanza[^1] == '\n' ? "\n"u8 : "\n\n"u8);
        }
    }

    private static readonly Lazy<IReadOnlyDictionary<(string Name, string Version), byte[]>> LazyStanzas = new(static () => Stanzas(LazyTargets.Value.Select(static target => target.Contents.Value)));

    /// <summary>What lists say of each version, word for word.</summary>
    public static IReadOnlyDictionary<(string Name, string Version), byte[]> Stanzas(IEnumerable<byte[]> lists)
    {
        var stanzas = new Dictionary<(string, string), byte[]>();
        foreach (var list in lists)
        {
            var reader = new ControlReader(new MemoryStream(list));
            for (var stanza = reader.Read(); !stanza.IsEmpty; stanza = reader.Read())
            {
                string name = "", version = "";
                var fields = new ControlFields(stanza);
                while (fields.MoveNext())
                {
                    if (fields.Is("Package"u8))
                        name = Encoding.UTF8.GetString(fields.Value);
                    else if (fields.Is("Version"u8))
                        version = Encoding.UTF8.GetString(fields.Value);
                }

                stanzas.TryAdd((name, version), stanza.ToArray());
            }
        }

        return stanzas;
    }

    private static IReadOnlyList<Target> FindTargets()
    {
        var (code, output, error) = Run("apt-get", "indextargets", "--format",
            "$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)|$(FILENAME)|$(REPO_URI)|$(LABEL)|$(SUITE)|$(CODENAME)", "Created-By: Packages");
        Assert.True(code == 0, error);
        var targets = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|'))
            .Where(parts => parts[0] == "Debian" && parts[3] == "amd64" && parts[1].StartsWith("bookworm", StringComparison.Ordinal))
            .Select(parts => new Target(parts[1], parts[2], parts[5], parts[6], parts[7], parts[8], parts[4], new Lazy<byte[]>(() => Contents(parts[4])))).ToList();
        Assert.NotEmpty(targets);
        return targets;
    }

    /// <summary>A list of this host's or another apt's, uncompressed.</summary>
    public static byte[] Contents(string list)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/lib/apt/apt-helper", ["cat-file", list]) { RedirectStandardOutput = true })!;
        var contents = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(contents);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return contents.ToArray();
    }

    private sealed record Target(string Release, string Component, string Uri, string Label, string Suite, string Codename, string File, Lazy<byte[]> Contents);
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mayfly-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
