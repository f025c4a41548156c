using System.Runtime.CompilerServices;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>What is said when requests cannot be met, whole: the chain of packages and versions in words, and one hint.</summary>
public sealed class ExplanationTests
{
    private static readonly (string Name, string Packages, string Backports, string Foreign, string[] Requests, string[] Installed, Pin[] Pins, string[] Held)[] Cases =
    [
        ("a missing package", "Package: nginx", "", "", ["nginz"], [], [], []),
        ("a missing package that nothing resembles", "Package: nginx", "", "", ["quartz"], [], [], []),
        ("a version that is not there", "Package: nginx\nVersion: 1.22", "Package: nginx\nVersion: 1.28", "", ["nginx=1.18"], [], [], []),
        ("a suite that does not have it", "Package: nginx\nVersion: 1.22", "Package: redis", "", ["nginx/backports"], [], [], []),
        ("a suite that is not there", "Package: nginx\nVersion: 1.22", "", "", ["nginx/experimental"], [], [], []),
        ("two requests that exclude each other", "Package: postfix\nVersion: 3.7\nProvides: mta\nConflicts: mta\n\nPackage: exim4\nVersion: 4.96\nProvides: mta\nConflicts: mta", "", "", ["exim4", "postfix"], [], [], []),
        ("two requests whose dependencies exclude each other", "Package: web\nDepends: ssl3\n\nPackage: old\nVersion: 7\nDepends: tls\n\nPackage: tls\nVersion: 4\nDepends: ssl1\n\nPackage: ssl3\nVersion: 3\nBreaks: ssl1 (<< 2)\n\nPackage: ssl1\nVersion: 1", "", "", ["old", "web"], [], [], []),
        ("a broken chain three deep", "Package: shop\nVersion: 2\nDepends: framework (>= 3)\n\nPackage: framework\nVersion: 3.1\nDepends: engine\n\nPackage: engine\nVersion: 5\nDepends: kernel (>= 9) | microkernel\n\nPackage: kernel\nVersion: 6.1", "", "", ["shop"], [], [], []),
        ("a request pinned below zero", "Package: nginx\nVersion: 1.22", "", "", ["nginx"], [], [new("nginx", "release *", -1)], []),
        ("a dependency pinned below zero", "Package: site\nDepends: nginx (>= 1)\n\nPackage: nginx\nVersion: 1.22", "", "", ["site"], [], [new("nginx", "release *", -1)], []),
        ("a held version in the way", "Package: site\nVersion: 2\nDepends: nginx (>= 1.22)\n\nPackage: nginx\nVersion: 1.22", "", "", ["site"], [], [], ["nginx 1.18"]),
        ("a request against a held version", "Package: nginx\nVersion: 1.22", "", "", ["nginx=1.22"], [], [], ["nginx 1.18"]),
        ("a negative request in the way", "Package: site\nDepends: mta\n\nPackage: postfix\nVersion: 3.7\nProvides: mta", "", "", ["postfix-", "site"], [], [], []),
        ("a negative request that contradicts another", "Package: nginx", "", "", ["nginx", "nginx-"], [], [], []),
        ("a negative request for a package of the base", "Package: tar\nVersion: 1.34\n\nPackage: nginx", "", "", ["nginx", "tar-"], ["tar"], [], []),
        ("another version than the base's", "Package: tar\nVersion: 1.35\n\nPackage: tar\nVersion: 1.34", "", "", ["tar=1.34"], ["tar"], [], []),
        ("a foreign architecture that is not there", "Package: wine\nVersion: 8\nDepends: wine32:i386", "", "", ["wine"], [], [], []),
        ("a request of a foreign architecture that is not there", "Package: wine", "", "", ["wine:i386"], [], [], []),
        ("a dependency that a foreign architecture does not have", "Package: wine\nVersion: 8\nDepends: wine32:i386", "", "Package: other", ["wine"], [], [], []),
        ("copies of two architectures at two versions", "Package: libc\nVersion: 2.36-2\nMulti-Arch: same", "", "Package: libc\nVersion: 2.36-1\nMulti-Arch: same", ["libc", "libc:i386"], [], [], []),
        ("a package that breaks one of the base", "Package: systemd\nVersion: 252\nBreaks: udev (<< 250)\n\nPackage: udev\nVersion: 247", "", "", ["systemd"], ["udev"], [], []),
        ("a virtual package that nothing provides", "Package: php-app\nVersion: 1\nDepends: php-session-handler", "", "", ["php-app"], [], [], []),
        ("a virtual package with several providers", "Package: exim4\nProvides: mta\n\nPackage: postfix\nProvides: mta", "", "", ["mta"], [], [], []),
        ("a pre-dependency", "Package: udev\nVersion: 252\nPre-Depends: init (>= 2)\n\nPackage: init\nVersion: 1", "", "", ["udev"], [], [], []),
        ("exact versions that contradict each other", "Package: app\nVersion: 2\nDepends: lib (= 2)\n\nPackage: lib\nVersion: 2\n\nPackage: lib\nVersion: 1", "", "", ["app", "lib=1"], [], [], []),
        ("providers that all fail", "Package: cron\nDepends: mta\n\nPackage: exim4\nVersion: 4\nProvides: mta\nDepends: gone\n\nPackage: postfix\nVersion: 3\nProvides: mta\nDepends: lost (>= 2)\n\nPackage: lost\nVersion: 1", "", "", ["cron"], [], [], []),
    ];

    [Fact]
    public void Each_failure_is_explained_in_words()
    {
        var told = new StringBuilder();
        foreach (var (name, packages, backports, foreign, requests, installed, pins, held) in Cases)
        {
            var suites = new List<SmallSuite> { Suite("stable", "", packages, foreign) };
            if (backports.Length > 0)
                suites.Add(Suite("backports", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n", backports, ""));
            using var apt = new AptFolder(suites, foreign.Length > 0 ? ["amd64", "i386"] : ["amd64"]);
            var index = apt.Index.With(pins);
            var kept = held.Select(static text => text.Split(' ')).ToDictionary(static parts => parts[0], static parts => Held(parts[0], parts[1]));
            var error = Assert.Throws<UnresolvableException>(() =>
                DebianResolution.Resolve(index, requests.Select(PackageRequest.Parse), installed.Select(key => index.Candidate(key)!), kept: kept, holds: [.. kept.Keys]));
            told.AppendLine($"# {name}: {string.Join(' ', requests)}").AppendLine(error.Message).AppendLine($"hint: {error.Hint}").AppendLine();
        }

        var path = Path.Combine(Here(), "Snapshots", "explanations.txt");
        if (Environment.GetEnvironmentVariable("MAYFLY_ACCEPT") == "1")
            File.WriteAllText(path, told.ToString());
        Assert.Equal(File.ReadAllText(path), told.ToString());
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static SmallSuite Suite(string name, string extra, string packages, string foreign) =>
        new(name, $"{name}.invalid", extra, new Dictionary<string, string> { ["amd64"] = Whole(packages, "amd64"), ["i386"] = Whole(foreign, "i386") });

    private static string Whole(string packages, string architecture) => packages.Length == 0 ? "" : string.Concat(packages.Split("\n\n").Select(stanza => stanza
        + (stanza.Contains("\nVersion:", StringComparison.Ordinal) ? "" : "\nVersion: 1")
        + $"\nArchitecture: {architecture}\nMaintainer: x\nFilename: pool/x.deb\nSize: 1\nSHA256: {new string('0', 64)}\nDescription: x\n\n"));

    private static BinaryPackage Held(string name, string version)
    {
        using var apt = new AptFolder([Suite("stable", "", $"Package: {name}\nVersion: {version}", "")], ["amd64"]);
        var found = apt.Index.Candidate(name)!;
        return new BinaryPackage
        {
            Name = found.Name,
            Version = found.Version,
            Architecture = found.Architecture,
            Home = found.Home,
            Source = found.Source,
            Sha256 = found.Sha256,
            Size = found.Size,
            Path = found.Path,
            Release = found.Release,
            Ordinal = 1000,
            Number = 1000,
        };
    }
}
