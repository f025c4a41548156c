using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Universal;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Markers as sets of environments, and sets written as markers: by <c>packaging</c> they mean the same.</summary>
public sealed class MarkerSpaceTests
{
    private static readonly string[] Pythons = ["3.8.0", "3.9.0", "3.9.2", "3.10.0", "3.11.0", "3.11.4", "3.11.5", "3.12.0", "3.13.0", "3.14.0"];
    private static readonly string[] Platforms = ["linux_x86_64", "linux_aarch64", "macos_arm64", "macos_x86_64", "windows_amd64", "windows_arm64"];

    [Theory]
    [InlineData("python_version < '3.11'", "python_version < \"3.11\"")]
    [InlineData("python_version >= '3.11'", "python_version >= \"3.11\"")]
    [InlineData("python_version == '3.11' or python_version == '3.12'", "python_version >= \"3.11\" and python_version < \"3.13\"")]
    [InlineData("python_version == '3.11'", "python_version == \"3.11\"")]
    [InlineData("python_version != '3.11'", "python_version != \"3.11\"")]
    [InlineData("python_full_version < '3.11.4'", "python_full_version < \"3.11.4\"")]
    [InlineData("python_full_version <= '3.11.0a6'", "python_version < \"3.11\"")]
    [InlineData("os_name == 'nt'", "sys_platform == \"win32\"")]
    [InlineData("platform_system != 'Windows'", "sys_platform != \"win32\"")]
    [InlineData("sys_platform == 'linux' or sys_platform == 'darwin'", "sys_platform != \"win32\"")]
    [InlineData("os_name == 'nt' or python_version < '3.11'", "python_version < \"3.11\" or sys_platform == \"win32\"")]
    [InlineData("sys_platform == 'win32' and python_version < '3.11'", "python_version < \"3.11\" and sys_platform == \"win32\"")]
    [InlineData("platform_machine == 'x86_64' and sys_platform == 'linux'", "sys_platform == \"linux\" and platform_machine == \"x86_64\"")]
    [InlineData("platform_machine == 'aarch64'", "platform_machine == \"aarch64\"")]
    [InlineData("implementation_name == 'cpython'", null)]
    [InlineData("python_version >= '3.8' or os_name == 'nt'", null)]
    public void What_is_written_is_short(string marker, string? written)
    {
        var space = Space(Pythons, Platforms);
        Assert.Equal(written, space.Write(space.Where(Marker.Parse(marker)))?.ToString());
    }

    [Fact]
    public void What_people_would_write_is_written()
    {
        var space = Space(Pythons, ["linux_x86_64", "linux_aarch64", "macos_arm64", "windows_amd64"]);
        Assert.Equal("sys_platform == \"win32\"", space.Write(space.Where(Marker.Parse("platform_machine == 'AMD64'")))?.ToString());
        Assert.Equal("sys_platform == \"darwin\"", space.Write(space.Where(Marker.Parse("platform_machine == 'arm64'")))?.ToString());
    }

    [Fact]
    [Trait("needs", "oracle")]
    public void What_is_written_means_the_set()
    {
        var random = new Random(PackagingVerdicts.Seed + 31);
        var spellings = new Spellings(PackagingVerdicts.Seed + 32);
        var everywhere = Space(Pythons, Platforms);
        List<(MarkerSpace Space, EnvironmentSet Set, string Text)> cases = [];
        for (var number = 0; number < 50 * PackagingVerdicts.Times; number++)
        {
            var space = Space(Some(Pythons), Some(Platforms));
            var (one, other) = (Sensible(), Sensible());
            var (left, right) = (space.Where(one), space.Where(other));
            // "and" and "or" are those of sets, in markers too.
            Assert.Equal(left & right, space.Where(new Marker.All([one, other])));
            Assert.Equal(left | right, space.Where(new Marker.Any([one, other])));
            var any = Enumerable.Range(0, space.Environments.Count).Where(_ => random.Next(3) == 0).Aggregate(EnvironmentSet.Empty, static (set, member) => set | EnvironmentSet.Of(member));
            foreach (var set in new[] { left, right, left & right, left | right, left - right, space.All - left, any }.Where(static set => !set.IsEmpty))
            {
                var written = space.Write(set);
                Assert.Equal(set, space.Where(written));
                Assert.Equal(written is null, set == space.All);
                if (written is not null)
                    cases.Add((space, set, written.ToString()));
            }
        }

        var verdicts = new Queue<bool>(PackagingVerdicts.Of(cases.SelectMany(static one => one.Space.Environments.Select(environment => new object?[] { "marker", one.Text, environment }))).Select(static verdict => verdict.GetBoolean()));
        foreach (var (space, set, text) in cases)
        {
            foreach (var (number, environment) in space.Environments.Index())
                Assert.True(set.Contains(number) == verdicts.Dequeue(), $"seed {PackagingVerdicts.Seed}: {text} in {environment}");
        }

        Assert.Empty(verdicts);
        TestContext.Current.SendDiagnosticMessage($"seed {PackagingVerdicts.Seed}: {cases.Count} markers");

        string[] Some(string[] all) => all.Where(_ => random.Next(3) > 0).ToArray() is { Length: > 0 } some ? some : [all[random.Next(all.Length)]];

        // Those that cannot be judged are no question here.
        Marker Sensible()
        {
            for (; ; )
            {
                try
                {
                    var marker = Marker.Parse(spellings.Marker());
                    _ = everywhere.Where(marker);
                    return marker;
                }
                catch (MayflyException)
                {
                }
            }
        }
    }

    [Fact]
    public void Environments_that_are_alike_are_refused() => Assert.Throws<ArgumentException>(() => Space(["3.9.0"], ["manylinux_2_17_x86_64", "musllinux_1_2_x86_64"]));

    [Fact]
    [Trait("needs", "oracle")]
    public void A_mac_likes_the_wheels_that_packaging_says()
    {
        string[] machines = ["arm64", "x86_64"];
        var questions = machines.SelectMany(static machine => Enumerable.Range(11, 6).Select(major => (Machine: machine, Major: major))).ToArray();
        var verdicts = PackagingVerdicts.Of(questions.Select(static one => new object?[] { "mac", one.Major, one.Machine }));
        foreach (var ((machine, major), verdict) in questions.Zip(verdicts))
            Assert.Equal(verdict.EnumerateArray().Select(static tag => tag.GetString()), LockPlatform.Parse($"macos_{major}_0_{machine}").Tags);
    }

    [Theory]
    [InlineData("plan9")]
    [InlineData("linux_vax")]
    [InlineData("macos_aarch64")]
    [InlineData("musllinux_x86_64")]
    public void An_unknown_platform_is_told(string name) => Assert.StartsWith($"'{name}' is no platform that is known", Assert.Throws<MayflyException>(() => LockPlatform.Parse(name)).Message);

    [Theory]
    [InlineData("3.9,3.11", "", ">=3.9,!=3.10.*,<3.12", "3.9.0 3.11.0")]
    [InlineData(">=3.9,<3.12", "", ">=3.9,<3.12", "3.9.0 3.10.0 3.11.0")]
    [InlineData(">=3.12", "", ">=3.12,<3.15", "3.12.0 3.13.0 3.14.0")]
    [InlineData("<3.10", "", ">=3.8,<3.10", "3.8.0 3.9.0")]
    [InlineData(">=3.12.4", "<3.14", ">=3.12.4,<3.14", "3.12.4 3.12.5 3.13.0")]
    [InlineData("3.13", ">=3.12", ">=3.13,<3.14", "3.13.0")]
    [InlineData("3.20", "", ">=3.20,<3.21", "3.20.0")]
    [InlineData("==3.11.*", "", "==3.11.*", "3.11.0")]
    public void Versions_of_Python_are_read(string text, string within, string versions, string parts)
    {
        var range = PythonRange.Parse([text], VersionSpecifier.Parse(within));
        Assert.Equal((versions, parts), (range.ToString(), string.Join(' ', range.Parts(new PythonThresholds()))));
    }

    [Theory]
    [InlineData("3", "'3' is no minor version of Python 3")]
    [InlineData("3.9.1", "'3.9.1' is no minor version of Python 3")]
    [InlineData("2.7", "'2.7' is no minor version of Python 3")]
    [InlineData(">=4", "no version of Python is left by >=4")]
    public void Other_versions_of_Python_are_told(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => PythonRange.Parse([text], VersionSpecifier.Any));
        Assert.Equal(message, failure.Message);
        Assert.NotEmpty(failure.Hint!);
    }

    private static MarkerSpace Space(IEnumerable<string> pythons, IEnumerable<string> platforms) =>
        new([.. pythons.SelectMany(python => platforms.Select(platform => LockPlatform.Parse(platform).With(PythonVersion.Parse(python)).Markers))]);
}
