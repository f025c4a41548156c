using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>
/// Ubuntu hands an update out to some machines first (Phased-Update-Percentage). apt draws by machine-id whether it upgrades what is installed; what it
/// installs anew it takes as it is offered, and so it does in a chroot. A lock is of no machine: it takes phased updates, as apt told to always include them.
/// </summary>
[Trait("needs", "oracle")]
public sealed class PhasedUpdatesTests
{
    private const string Always = "APT::Get::Always-Include-Phased-Updates=true", Never = "APT::Get::Never-Include-Phased-Updates=true", Machine = "APT::Machine-ID=0123456789abcdef0123456789abcdef";

    private static readonly SmallSuite[] Suites =
    [
        Suite("noble", Package("web", 1, "Depends: library\n"), Package("library", 1), Package("tool", 1)),
        Suite("noble-updates", Package("web", 2, "Depends: library (>= 2)\nPhased-Update-Percentage: 10\n"), Package("library", 2, "Phased-Update-Percentage: 0\n"), Package("tool", 2, "Phased-Update-Percentage: 0\n")),
        Suite("noble-security", Package("tool", 2, "Phased-Update-Percentage: 0\n")),
    ];

    [Theory]
    [InlineData(Always)]
    [InlineData(Never)]
    [InlineData(Machine)]
    public void What_is_installed_anew_is_the_newest_whatever_apt_is_told(string option)
    {
        using var apt = new AptFolder(Suites, ["amd64"]);
        var (steps, said) = apt.Simulate(["tool", "web"], options: ["-o", option]);
        Assert.True(steps is not null, said);
        var own = DebianResolution.Resolve(apt.Index, [PackageRequest.Parse("tool"), PackageRequest.Parse("web")], []);
        Assert.Equal(["library 2", "tool 2", "web 2"], steps.Where(static step => step.StartsWith("Inst", StringComparison.Ordinal)).Select(static step => step["Inst ".Length..]).Order(StringComparer.Ordinal));
        Assert.Equal(["library 2", "tool 2", "web 2"], own.Packages.Select(static package => package.ToString()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Always, 3)]
    [InlineData(Never, 0)]
    public void An_upgrade_takes_them_where_apt_is_told_to_and_so_does_a_lock_that_is_made_anew(string option, int upgraded)
    {
        using var apt = new AptFolder(Suites, ["amd64"], status: string.Concat(((string[])["web", "library", "tool"]).Select(static name => $"Status: install ok installed\n{Package(name, 1)}")));
        var (steps, said) = apt.Simulate([], verb: "upgrade", options: ["-o", option]);
        Assert.True(steps is not null, said);
        Assert.Equal(upgraded, steps.Count(static step => step.StartsWith("Inst", StringComparison.Ordinal)));
    }

    private static SmallSuite Suite(string name, params string[] packages) => new(name, "one.example", "", new Dictionary<string, string> { ["amd64"] = string.Concat(packages) });

    private static string Package(string name, int version, string fields = "") =>
        $"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\nInstalled-Size: {version}\n{fields}Filename: pool/{name}_{version}_amd64.deb\nSize: 1\nSHA256: {new string((char)('0' + version), 64)}\nDescription: {name}\n\n";
}
