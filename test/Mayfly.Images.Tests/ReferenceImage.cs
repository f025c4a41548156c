using System.Diagnostics;
using System.Security.Cryptography;
using Mayfly.Packages;

[assembly: AssemblyFixture(typeof(Mayfly.Images.Tests.ReferenceImage))]

namespace Mayfly.Images.Tests;

/// <summary>
/// The shop's packages installed by mmdebstrap, once for all tests that ask: its tree is what ours is compared with, and its log
/// of dpkg gives the packages and an order that apt itself chose. The archive is the one that this host's apt is configured with.
/// </summary>
public sealed class ReferenceImage : IDisposable
{
    public static readonly string[] Requests = ["apache2", "libapache2-mod-wsgi-py3", "memcached", "nginx", "postgresql", "python3-django"];

    private readonly Lazy<string> _folder;
    private readonly Lazy<Store> _store;

    public ReferenceImage()
    {
        _folder = new(Make);
        _store = new(MakeStore);
    }

    public string Tar => Path.Combine(_folder.Value, "shop.tar");

    /// <summary>A store with all artifacts and, after the first build, everything unpacked; shared, so that each is unpacked once.</summary>
    public Store Store => _store.Value;

    /// <summary>The essential packages as <c>base</c>, everything else as <c>shop</c>.</summary>
    public StackLock Lock => field ??= ReadLock();

    /// <summary>A folder for one test; removed with the fixture.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(_folder.Value, Guid.NewGuid().ToString("n"))).FullName;

    public void Dispose()
    {
        if (_folder.IsValueCreated)
            Run("rm", "-rf", "--one-file-system", _folder.Value);
    }

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}{errors.Result}");
        return output;
    }

    private static string Make()
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-reference-").FullName;
        IEnumerable<string> sources = Directory.Exists("/etc/apt/sources.list.d") ? Directory.GetFiles("/etc/apt/sources.list.d").Where(path => path.EndsWith(".list", StringComparison.Ordinal) || path.EndsWith(".sources", StringComparison.Ordinal)) : [];
        if (File.Exists("/etc/apt/sources.list"))
            sources = sources.Append("/etc/apt/sources.list");
        Run("mmdebstrap",
        [
            "--quiet", "--variant=minbase", $"--include={string.Join(',', Requests)}", "--skip=essential/unlink",
            $"--customize-hook=cp \"$1/var/log/dpkg.log\" {folder}/dpkg.log", $"--customize-hook=cp -r \"$1/var/cache/apt/archives\" {folder}/debs",
            "", $"{folder}/shop.tar", .. sources,
        ]);
        return folder;
    }

    private Store MakeStore()
    {
        var store = Store.Open(Path.Combine(_folder.Value, "store"));
        foreach (var deb in Directory.GetFiles(Path.Combine(_folder.Value, "debs"), "*.deb"))
            File.Copy(deb, store.PathOf(StoreArea.Artifacts, Hash(deb)), overwrite: true);
        return store;
    }

    private StackLock ReadLock()
    {
        var packages = Directory.GetFiles(Path.Combine(_folder.Value, "debs"), "*.deb").Order(StringComparer.Ordinal).Select(deb =>
        {
            var parts = Path.GetFileNameWithoutExtension(deb).Split('_');
            return new LockedPackage { Name = parts[0], Version = Uri.UnescapeDataString(parts[1]), Architecture = parts[2], Sha256 = Hash(deb), Size = new FileInfo(deb).Length, Path = $"pool/{Path.GetFileName(deb)}", Release = "bookworm" };
        }).ToArray();
        var stages = new List<List<string>> { new() };
        foreach (var words in File.ReadLines(Path.Combine(_folder.Value, "dpkg.log")).Select(line => line.Split(' ')))
        {
            if (words[2] == "startup" && stages[^1].Count > 0)
                stages.Add([]);
            if (words[2] == "configure")
                stages[^1].Add(words[3]);
        }

        return new StackLock
        {
            Architecture = packages.First(package => package.Architecture != "all").Architecture,
            Releases = [new LockedRelease { Id = "bookworm", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = DateTimeOffset.FromUnixTimeSeconds(1_780_000_000), Digest = new string('0', 64), Components = ["main"] }],
            Packages = packages,
            Sets =
            [
                new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage(stages[0])] },
                new LockedSet { Name = "shop", Requests = Requests, Stages = [.. stages.Skip(1).Where(stage => stage.Count > 0).Select(stage => new LockedStage(stage))] },
            ],
        };
    }

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
