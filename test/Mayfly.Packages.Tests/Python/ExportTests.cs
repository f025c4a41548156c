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
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\ndirectory = {path = \"a\\u0000b\"}\n", "pylock.toml: 'a?b' is no path: no path has the sign 0")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\ndirectory = {editable = true}\n", "pylock.toml: the directory of a says no path")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\n", "pylock.toml: a says neither wheels nor sdist, archive, directory or vcs")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nvcs = {type = 'git', url = 'x', commit-id = '0'}\n", "pylock.toml: the repository of a has no commit-id that is one of git: 0")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nvcs = {type = 'hg', url = 'x', commit-id = '0'}\n", "pylock.toml: a comes from a repository of hg, from which mayfly installs nothing")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nvcs = {type = 'git', commit-id = '0000000000000000000000000000000000000000'}\n", "pylock.toml: the repository of a says neither url nor path")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nvcs = {type = 'git', url = 'ext::sh', commit-id = '0000000000000000000000000000000000000000'}\n", "pylock.toml: git+ext::sh@0000000000000000000000000000000000000000 is no address of a repository")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\narchive = {url = 'https://x/a-1.zip'}\n", "pylock.toml: the archive of a has no digest by SHA-256")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\narchive = {url = 'https://x/a-1.zip'}\ndirectory = {path = '.'}\n", "pylock.toml: a comes from more than one of wheels and sdist, archive, directory and vcs")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [1]\n", "pylock.toml: the wheels of a should be tables")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nversion = 'x'\nwheels = [{}]\n", "pylock.toml: 'x' is no version")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{name = 'b-1-py3-none-any.whl', path = 'b', hashes = {sha256 = '0'}}]\n", "pylock.toml: 'b-1-py3-none-any.whl' is no name of a wheel of a")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nsdist = {url = 'ftp://x/a-1.zip', hashes = {sha256 = '0'}}\n", "pylock.toml: 'ftp://x/a-1.zip' is no address that something is fetched from")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\narchive = {url = 'mailto:a-1.zip', hashes = {sha256 = '0'}}\n", "pylock.toml: 'mailto:a-1.zip' is no address that something is fetched from")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nsdist = {url = 'data:,a-1.zip', hashes = {sha256 = '0'}}\n", "pylock.toml: 'data:,a-1.zip' is no address that something is fetched from")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{path = 'x/a-1-py3-none-any.whl'}]\n", "pylock.toml: a-1-py3-none-any.whl has no digest")]
    [InlineData("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{name = 'a-1-py3-none-any.whl', hashes = {sha256 = '0'}}]\n", "pylock.toml: a wheel of a says neither url nor path")]
    public void What_is_no_pylock_is_told(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => Pylock.Read(text, "pylock.toml", new Uri("file:///srv/pylock.toml")));
        Assert.Equal(message, failure.Message);
        Assert.NotEmpty(failure.Hint!);
    }

    /// <summary>Whatever stands there, it is read or refused in words; and so it is when somebody wants something of it.</summary>
    [Fact]
    public void Noise_in_a_pylock_is_refused_in_words()
    {
        const string Characters = "\"'[]{}=,.#\n\\ \t09azé\0<>!~*";
        const string Whole = "lock-version = \"1.0\"\nenvironments = [\"sys_platform == \\\"linux\\\"\"]\nrequires-python = \">=3.9,<3.13\"\ncreated-by = \"mayfly\"\n\n[tool.mayfly]\nplatforms = [\"linux_x86_64\"]\n\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\nmarker = \"python_version < \\\"3.12\\\"\"\n"
            + "dependencies = [{name = \"b\", version = \"2\"}]\nindex = \"https://host.test/\"\nsdist = {name = \"a-1.0.tar.gz\", url = \"https://host.test/a-1.0.tar.gz\", size = 5, hashes = {sha256 = \"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd\"}}\nwheels = [{path = \"w/a-1.0-py3-none-any.whl\", hashes = {sha256 = \"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd\"}}]\n"
            + "[packages.tool.mayfly]\nbuild-requires = [{name = \"c\", version = \"1\", marker = \"os_name == 'posix'\", wheels = [{name = \"c-1-py3-none-any.whl\", url = \"c-1-py3-none-any.whl\", hashes = {sha256 = \"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd\"}}]}]\n";
        var random = new Random(PackagingVerdicts.Seed);
        Assert.Equal("a", Read(Whole)?.Single().Project.Text);
        var taken = 0;
        for (var number = 0; number < 3_000 * PackagingVerdicts.Times; number++)
        {
            var text = Whole;
            for (var changes = 1 + random.Next(3); changes > 0; changes--)
            {
                var at = random.Next(text.Length);
                var length = Math.Min(random.Next(3) == 0 ? random.Next(40) : random.Next(2), text.Length - at);
                text = text[..at] + (random.Next(2) == 0 ? "" : random.Next(3) == 0 ? Whole.Substring(random.Next(Whole.Length - 30), random.Next(30)) : Characters[random.Next(Characters.Length)].ToString()) + text[(at + length)..];
            }

            taken += Read(text) is null ? 0 : 1;
        }

        // Neither everything nor nothing is refused.
        Assert.InRange(taken, 100, 2_900 * PackagingVerdicts.Times);

        static IReadOnlyList<ChosenDistribution>? Read(string text)
        {
            try
            {
                var read = Pylock.Read(text, "pylock.toml", new Uri("file:///srv/pylock.toml"));
                _ = Pylock.Read(read.ToString(), "pylock.toml", new Uri("file:///srv/pylock.toml"));
                return read.For(PythonResolutionTests.Target, "pylock.toml");
            }
            catch (MayflyException e)
            {
                Assert.NotNull(e.Hint);
                return null;
            }
        }
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
