using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Images.Tests.Crash;

/// <summary>
/// A Debian so small that an image of it is built in a second: a base of this host's own dpkg and what that needs, and packages with
/// scripts, a configuration file and a trigger, in stages; served by a mirror on loopback.
/// </summary>
internal sealed partial class TinyDistribution : IDisposable
{
    private const string Suite = "bookworm";

    private readonly FaultyServer _mirror = new();

    public TinyDistribution()
    {
        var dpkg = Add("dpkg", [], Programs(), architecture: HostArchitecture.Name);
        var first = Add("first", new()
        {
            ["preinst"] = "#!/bin/sh\nset -e\ntest \"$1\" = install\necho preinst > /var/first.log\n",
            ["postinst"] = "#!/bin/sh\nset -e\necho \"$@\" >> /var/first.log\ncat /etc/first.conf /usr/share/first/0 > /var/first.copy\n",
            ["conffiles"] = "/etc/first.conf\n",
            ["triggers"] = "interest-noawait /usr/share/watched\n",
        }, [("/etc/first.conf", "as packaged\n"u8.ToArray()), .. Files("first", 40)]);
        var second = Add("second", new() { ["postinst"] = "#!/bin/sh\nset -e\ntest -s /var/first.copy\nfor n in 1 2 3 4 5 6 7 8; do echo $n > /var/second.$n; done\nrm /var/second.8\n" },
            [("/usr/share/watched/x", "x"u8.ToArray()), .. Files("second", 40)], "Pre-Depends: first\n");
        var third = Add("third", new() { ["postinst"] = "#!/bin/sh\nset -e\necho changed >> /usr/share/third/0\n" }, Files("third", 10), "Depends: second\n");
        Lock = new StackLock
        {
            Architecture = HostArchitecture.Name,
            Releases = [new LockedRelease { Id = Suite, Origin = "Debian", Label = "Debian", Suite = "stable", Codename = Suite, Date = DateTimeOffset.FromUnixTimeSeconds(1_780_000_000), Digest = new string('0', 64), Components = ["main"] }],
            Packages = [dpkg, first, second, third],
            Sets =
            [
                new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage([dpkg.Id])] },
                new LockedSet { Name = "test", Requests = ["third"], Stages = [new LockedStage([first.Id]), new LockedStage([second.Id, third.Id])] },
            ],
        };
    }

    public StackLock Lock { get; }

    public Uri Mirror => _mirror.Address;

    /// <summary>A layer of each kind.</summary>
    public static ImageRecipe Recipe { get; } = new()
    {
        Name = "tiny",
        PackageSet = "test",
        Steps = [new FileStep([new ImageFile { Path = "/srv/page", Text = "a page\n" }]), new CommandStep(["/bin/sh", "-c", "cat /srv/page /var/first.copy > /srv/both; rm /usr/share/first/1"])],
    };

    /// <summary>
    /// All that a verb does about an image: fetches what is missing, and builds. Waits where it is called: in a child that is before this
    /// module has begun, when nothing of it may run on another thread.
    /// </summary>
    public static Image Build(Store store, StackLock stack, Uri mirror)
    {
        using var held = store.LockShared();
        var sources = new DebianSources { Codename = Suite, Architecture = stack.Architecture, Sources = [new DebianSource(Suite, [mirror], ["main"])] };
        Fetch.AllAsync(store, sources, stack.Packages).GetAwaiter().GetResult();
        return new ImageBuilder(store) { WorthKeeping = 1 }.BuildAsync(stack, Recipe).GetAwaiter().GetResult();
    }

    public void Dispose() => _mirror.Dispose();

    private LockedPackage Add(string name, Dictionary<string, string> control, IEnumerable<(string Path, byte[] Bytes)> files, string fields = "", string architecture = "all")
    {
        var (package, deb) = SmallPackage.Make(name, control, files, fields, architecture);
        _mirror.Files[package.Path] = deb;
        return package;
    }

    private static IEnumerable<(string, byte[])> Files(string package, int count) =>
        Enumerable.Range(0, count).Select(number => ($"/usr/share/{package}/{number}", Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, number * 20)))));

    /// <summary>What a build calls inside, with its libraries; and what dpkg looks for and never calls here.</summary>
    private static IEnumerable<(string, byte[])> Programs()
    {
        var files = new ConcurrentDictionary<string, byte[]>();
        foreach (var name in (string[])["dpkg", "sh", "unshare", "rm", "cat", "sleep"])
        {
            var path = ((string[])["/usr/bin", "/bin"]).Select(folder => $"{folder}/{name}").First(File.Exists);
            files[$"/{(name == "sh" ? "bin" : "usr/bin")}/{name}"] = File.ReadAllBytes(path);
            foreach (Match library in Library().Matches(ReferenceImage.Run("ldd", path)))
            {
                var place = library.Groups["loader"].Success ? library.Groups["loader"].Value : $"/usr/lib/{library.Groups["name"].Value}";
                files[place] = File.ReadAllBytes(library.Groups["loader"].Success ? place : library.Groups["path"].Value);
            }
        }

        foreach (var stub in (string[])["/usr/bin/tar", "/usr/bin/diff", "/usr/bin/dpkg-deb", "/usr/bin/dpkg-split", "/usr/sbin/ldconfig"])
            files[stub] = "#!/bin/sh\nexit 0\n"u8.ToArray();
        foreach (var (path, text) in (ReadOnlySpan<(string, string)>)[("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("/etc/group", "root:x:0:\n"), ("/etc/shells", "/bin/sh\n"), ("/proc/none", ""), ("/sys/none", ""), ("/dev/none", ""), ("/var/none", ""), ("/srv/none", "")])
            files[path] = Encoding.UTF8.GetBytes(text);
        return files.OrderBy(static file => file.Key, StringComparer.Ordinal).Select(static file => (file.Key, file.Value));
    }

    [GeneratedRegex(@"^\s+(?:(?<name>\S+) => (?<path>/\S+)|(?<loader>/\S+/ld-\S+)) \(", RegexOptions.Multiline)]
    private static partial Regex Library();
}
