using System.Diagnostics;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What was chosen, written for others: pip installs the one form exactly, Python's own reader understands the other.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-export-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    [Trait("needs", "oracle")]
    public async Task Pip_installs_exactly_what_was_exported_and_a_pylock_says_the_same()
    {
        var store = Store.Open($"{_folder.FullName}/store");
        var indexes = Enumerable.Range(0, 12 * PackagingVerdicts.Times).Select(static number => new GeneratedIndex(PackagingVerdicts.Seed + 9_000_000 + number, 6)).ToArray();
        try
        {
            List<(string File, IReadOnlyList<ChosenDistribution> Chosen)> exports = [];
            foreach (var index in indexes)
            {
                try
                {
                    var chosen = await PythonResolution.ResolveAsync(store, [.. index.Some(3).Select(DependencySpecifier.Parse)], PythonResolutionTests.Target, new PythonSources { Indexes = [index.Address] }, cancellationToken: TestContext.Current.CancellationToken);
                    exports.Add((index.Requirements($"--index-url {index.Address}\n--require-hashes\n--pre\n{RequirementsExport.Text(chosen)}"), chosen));
                }
                catch (UnresolvableException)
                {
                }
            }

            Assert.NotEmpty(exports);
            var verdicts = ChosenVersions.OfPip(exports.Select(static one => one.File));
            foreach (var ((file, chosen), verdict) in exports.Zip(verdicts))
            {
                if (chosen.All(static one => one.Extras.Count == 0)) // With extras among them pip refuses some that it chose itself.
                    Assert.Equal(Line(chosen), verdict ?? $"none, for pip refuses\n{File.ReadAllText(file)}");
                var written = Pylock.Of(chosen, PythonResolutionTests.Target);
                var read = Pylock.Read(written.ToString(), "pylock.toml", new Uri("file:///srv/pylock.toml"));
                Assert.Equal(written.ToString(), read.ToString());
                Assert.Equal(chosen.Select(static one => (one.Project, one.Version, one.File!.Address, one.File!.Hashes["sha256"])), read.Packages.Select(static one => (one.Name, one.Version!, one.Wheels.Single().Address, one.Wheels.Single().Hashes["sha256"])));
                Assert.Equal(Line(chosen), Understood(written.ToString()));
            }
        }
        finally
        {
            Array.ForEach(indexes, static index => index.Dispose());
        }

        static string Line(IReadOnlyList<ChosenDistribution> chosen) => string.Join(' ', chosen.Select(static one => $"{one.Project}=={one.Version}"));
    }

    [Theory]
    [InlineData("created-by = 'x'\npackages = []\n", "pylock.toml: it says no lock-version")]
    [InlineData("lock-version = '2.0'\ncreated-by = 'x'\npackages = []\n", "pylock.toml is of version 2.0 of the format, and only version 1 is known")]
    [InlineData("lock-version = '1.0'\npackages = []\n", "pylock.toml: it does not say who wrote it")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nversion = '1'\n", "pylock.toml: a package says no name")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\ndirectory = {path = 'none'}\n", "pylock.toml: there is no folder /srv/none, from which a is installed")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\ndirectory = {editable = true}\n", "pylock.toml: the directory of a says no path")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\n", "pylock.toml: a says neither wheels nor sdist, archive or directory")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nvcs = {type = 'git', url = 'x', commit-id = '0'}\n", "pylock.toml: a comes from a repository of a version control system, from which mayfly installs nothing")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\narchive = {url = 'https://x/a-1.zip'}\n", "pylock.toml: the archive of a has no digest by SHA-256")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\narchive = {url = 'https://x/a-1.zip'}\ndirectory = {path = '.'}\n", "pylock.toml: a comes from more than one of wheels and sdist, archive and directory")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [1]\n", "pylock.toml: the wheels of a should be tables")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nversion = 'x'\nwheels = [{}]\n", "pylock.toml: 'x' is no version")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{name = 'b-1-py3-none-any.whl', path = 'b', hashes = {sha256 = '0'}}]\n", "pylock.toml: 'b-1-py3-none-any.whl' is no name of a wheel of a")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{path = 'x/a-1-py3-none-any.whl'}]\n", "pylock.toml: a-1-py3-none-any.whl has no digest")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{name = 'a-1-py3-none-any.whl', hashes = {sha256 = '0'}}]\n", "pylock.toml: a wheel of a says neither url nor path")]
    public void What_is_no_pylock_is_told(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => Pylock.Read(text, "pylock.toml", new Uri("file:///srv/pylock.toml")));
        Assert.Equal(message, failure.Message);
        Assert.NotEmpty(failure.Hint!);
    }

    [Fact]
    public void Paths_in_a_pylock_are_meant_from_where_it_is()
    {
        var read = Pylock.Read("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{path = 'wheels/a-1-py3-none-any.whl', size = 5, hashes = {sha256 = 'ABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCD'}}]\n", "pylock.toml", new Uri("file:///srv/pylock.toml"));
        var wheel = Assert.Single(Assert.Single(read.Packages).Wheels);
        Assert.Equal(("a-1-py3-none-any.whl", "file:///srv/wheels/a-1-py3-none-any.whl", 5, string.Concat(Enumerable.Repeat("abcd", 16))), (wheel.Name, wheel.Address.AbsoluteUri, wheel.Size, wheel.Hashes["sha256"]));
    }

    /// <summary>By Python's own reader of TOML.</summary>
    private static string Understood(string text)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import sys, tomllib; lock = tomllib.load(sys.stdin.buffer); assert lock['lock-version'] == '1.0' and lock['created-by']; print(*[p['name'] + '==' + p['version'] for p in lock['packages'] if p['wheels'][0]['hashes']['sha256']])"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        return process.StandardOutput.ReadToEnd().TrimEnd('\n');
    }
}
