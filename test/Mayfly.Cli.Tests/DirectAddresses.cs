using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>Folders, archives and addresses in the place of an index; pip judges what is there afterwards, file by file.</summary>
[Trait("needs", "oracle")]
public sealed partial class DirectAddresses : IDisposable
{
    /// <summary>Of what pip may name so, with blanks and signs in it.</summary>
    private const string Odd = "own wheels+ü";

    private readonly Folder _folder = new();
    private readonly FaultyServer _server = new();

    public DirectAddresses() => Directory.CreateDirectory($"{_folder.Path}/environments");

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    /// <summary>A folder of wheels, a project that is worked on, its archive with the project in a folder of it, and a wheel that a server has.</summary>
    private void Prepare()
    {
        var links = Directory.CreateDirectory($"{_folder.Path}/links").FullName;
        BackendWheels.Write(links);
        foreach (var (project, version) in ((string, string)[])[("beta", "1.0"), ("beta", "2.0"), ("gamma", "1.0")])
            WheelFile.Write(links, project, version, new Dictionary<string, string> { [$"{project}.py"] = $"version = '{version}'\n" });
        var odd = Directory.CreateDirectory($"{_folder.Path}/{Odd}").FullName;
        WheelFile.WriteWith(odd, "alpha", "1.0", new Dictionary<string, string> { ["alpha.py"] = "" }, "Name: Alpha\nRequires-Dist: beta\nProvides-Extra: more\nRequires-Dist: gamma; extra == 'more'\n");
        var files = new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\n[project]\nname = 'My.Project'\nversion = '1.0'\ndescription = ''\ndependencies = ['beta<2']\n[project.optional-dependencies]\ntest = ['gamma']\n[project.scripts]\nmine = 'mine:main'\n[tool.flit.module]\nname = 'mine'\n",
            ["src/mine.py"] = "def main():\n    print('mine', 1)\n",
        };
        SourceProject.Folder($"{_folder.Path}/work", files);
        SourceProject.Archive(_folder.Path, "inside", files.ToDictionary(static file => $"python/{Inner(file.Key)}", static file => Inner(file.Value)));
        _server.Files["gamma-1.0-py3-none-any.whl"] = File.ReadAllBytes($"{links}/gamma-1.0-py3-none-any.whl");
    }

    private static string Inner(string text) => text.Replace("My.Project", "inside", StringComparison.Ordinal).Replace("mine", "inner", StringComparison.Ordinal);

    private Dictionary<string, string?> Variables => PlainPip.Beside(_folder);

    private Invocation Env(params string[] words) => Invocation.Run(_folder, Variables, ["env", .. words]);

    private void Does(params string[] words)
    {
        var said = Env(words);
        Assert.Equal((0, ""), (said.ExitCode, said.ExitCode == 0 ? "" : said.Error));
    }

    private void Refuses(string message, params string[] words)
    {
        var said = Env(words);
        Assert.Equal((1, ""), (said.ExitCode, said.Output));
        Assert.Matches(message, Told().Replace(said.Error, ""));
    }

    /// <summary>What was built on the way.</summary>
    [GeneratedRegex("^(build|unpack|fetch|read) .*\n", RegexOptions.Multiline)]
    private static partial Regex Told();

    private string Root(string name) => $"{_folder.Path}/environments/{name}";

    private (int Code, string Output) Run(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + (process.ExitCode == 0 ? "" : error.Result));
    }

    /// <summary>Debian's pip works on an environment.</summary>
    private string Pip(string name, params string[] words)
    {
        var (code, output) = Run($"{Root(name)}/bin/python", [PlainPip.Program, "--disable-pip-version-check", .. words]);
        Assert.True(code == 0, output);
        return output;
    }

    /// <summary>Files with their contents, but for byte code, who installed it, and the paths of the environment.</summary>
    private SortedDictionary<string, string> Files(string name) => new(Directory.EnumerateFiles($"{Root(name)}/lib/python3.11/site-packages", "*", SearchOption.AllDirectories).Concat(Directory.GetFiles($"{Root(name)}/bin").Where(static path => !Path.GetFileName(path).StartsWith("python", StringComparison.Ordinal) && !Path.GetFileName(path).Contains("ctivate", StringComparison.Ordinal) && !Path.GetFileName(path).StartsWith("pip", StringComparison.Ordinal)))
        .Where(static path => Path.GetFileName(path) is not ("INSTALLER" or "RECORD") && !path.EndsWith(".pyc", StringComparison.Ordinal))
        .ToDictionary(path => path[(Root(name).Length + 1)..], path => Computed().Replace(File.ReadAllText(path).Replace(Root(name), "ROOT", StringComparison.Ordinal), "{}")), StringComparer.Ordinal);

    /// <summary>A digest that no address said: pip writes it since 23.1, Debian's 23.0 forgets it (pip's issue 11948).</summary>
    [GeneratedRegex(@"(?<=^\{""archive_info"": )\{""hash"": ""sha256=[0-9a-f]{64}"", ""hashes"": \{""sha256"": ""[0-9a-f]{64}""\}\}(?=.*""url"": ""file:)|(?<=^\{""archive_info"": )\{\}")]
    private static partial Regex Computed();

    [Fact]
    public void What_comes_from_an_address_is_what_pip_installs()
    {
        Prepare();
        var digest = Convert.ToHexStringLower(SHA256.HashData(_server.Files["gamma-1.0-py3-none-any.whl"]));
        // Environments of the same length of name, so that programs begin alike.
        foreach (var name in (string[])["ours", "them"])
            Does("create", name, "--python", "/usr/bin/python3");
        string[][] steps =
        [
            [$"./{Odd}/alpha-1.0-py3-none-any.whl[more]"], ["./work[test]"], ["-e", "./work"], [$"gamma @ {_server.Address}gamma-1.0-py3-none-any.whl#sha256={digest}", "--force-reinstall"],
            [$"inside @ file://{_folder.Path}/inside-1.0.tar.gz#subdirectory=python"],
        ];
        foreach (var step in steps)
        {
            Does(["install", "--env", "ours", "--allow-build", "inside", .. step]);
            Pip("them", ["install", "--quiet", .. step]);
            Assert.Equal(Files("them"), Files("ours"));
            // The lines of both, as each of the two tools prints them.
            var frozen = Computed().Replace(Pip("ours", "freeze"), "");
            Assert.Equal(Env("freeze", "--env", "ours").Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal), frozen);
            Assert.Equal(Pip("them", "freeze"), LocalDigest().Replace(frozen, ""));
        }

        Assert.Equal("No broken requirements found.\n", Pip("ours", "check"));
        // In a repository it is told by that, when it has a remote.
        Does("install", "--env", "ours", "-e", "./work");
        foreach (var words in (string[][])[["init", "--quiet"], ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "--allow-empty", "-m", "x"], ["remote", "add", "origin", "git@host:team/work.git"]])
        {
            Assert.Equal(0, Run("git", ["-C", _folder.Path, .. words]).Code);
            if (words[0] != "init")
                Assert.Equal(Pip("ours", "freeze"), Env("freeze", "--env", "ours").Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"(?<=@ file:\S*#)sha256=[0-9a-f]{64}&|(?<=@ file:\S*)#sha256=[0-9a-f]{64}$", RegexOptions.Multiline)]
    private static partial Regex LocalDigest();

    [GeneratedRegex("#sha256=[0-9a-f]{64}$", RegexOptions.Multiline)]
    private static partial Regex Digest();

    [Fact]
    public void What_is_locked_from_addresses_is_there_exactly()
    {
        Prepare();
        _folder.With("work/requirements.txt", $"-e ./work\n./{Odd}/alpha-1.0-py3-none-any.whl\n{_server.Address}gamma-1.0-py3-none-any.whl\ninside @ file://{_folder.Path}/inside-1.0.tar.gz#subdirectory=python\n");
        Refuses("""^error: work/requirements.txt:4: inside-1.0.tar.gz is sources, from which nothing is built without permission\nhint: .*--allow-build=inside, |^error: inside-1.0.tar.gz is sources, from which nothing is built without permission\nhint: .*--allow-build=inside, """, "lock", "--python", "/usr/bin/python3", "-r", "work/requirements.txt");
        Assert.False(File.Exists($"{_folder.Path}/pylock.toml"));
        Does("lock", "--python", "/usr/bin/python3", "-r", "work/requirements.txt", "--allow-build", "inside");
        var text = _folder.Read("pylock.toml");
        Assert.Contains("name = \"my-project\"\ndependencies = [{name = \"beta\"}]\ndirectory = {path = \"work\", editable = true}\n", text);
        Assert.Contains($"archive = {{path = \"{Odd}/alpha-1.0-py3-none-any.whl\", size = ", text);
        Assert.Contains($"archive = {{url = \"{_server.Address}gamma-1.0-py3-none-any.whl\", size = ", text);
        Assert.Matches("""archive = \{path = "inside-1.0.tar.gz", size = [0-9]+, hashes = \{sha256 = "[0-9a-f]{64}"\}, subdirectory = "python"\}\n\[packages.tool.mayfly\]\nbuild-requires = \[\n    \{name = "flit-core", """, text);
        Does("create", "one", "--python", "/usr/bin/python3");
        Does("sync", "--env", "one", "--allow-build", "inside");
        Assert.Equal((0, "nothing to do in one\n"), (Env("sync", "--env", "one", "--allow-build", "inside") is var again ? again.ExitCode : 1, again.Output));
        // The same by what the file asks for itself.
        Does("create", "two", "--python", "/usr/bin/python3", "-r", "work/requirements.txt", "--allow-build", "inside");
        Assert.Equal(Files("two").Where(static file => !file.Key.EndsWith("REQUESTED", StringComparison.Ordinal)), Files("one").Where(static file => !file.Key.EndsWith("REQUESTED", StringComparison.Ordinal)));
        Assert.Equal(Env("freeze", "--env", "two").Output, Env("freeze", "--env", "one").Output);
        Assert.Equal("", Env("diff", "pylock.toml", "--env", "one").Output.Replace("~ my-project 1.0 → 1.0\n", ""));
        // Other contents under the same name and version.
        var wheels = Directory.CreateDirectory($"{_folder.Path}/other").FullName;
        File.Move(WheelFile.WriteWith(wheels, "alpha", "1.0", new Dictionary<string, string> { ["alpha.py"] = "other = 1\n" }, "Name: Alpha\nRequires-Dist: beta\n"), $"{_folder.Path}/{Odd}/alpha-1.0-py3-none-any.whl", overwrite: true);
        Does("create", "three", "--python", "/usr/bin/python3");
        Refuses("^error: alpha-1.0-py3-none-any.whl cannot be fetched(.|\n)*hint: ", "sync", "--env", "three", "--lock", Fresh("pylock.toml"), "--allow-build", "inside");
        Does("lock", "--python", "/usr/bin/python3", "-r", "work/requirements.txt", "--allow-build", "inside");
        Assert.Equal("~ alpha 1.0\none: 1 changed\n", Env("sync", "--env", "one", "--allow-build", "inside").Output);
        Assert.Equal("other = 1\n", File.ReadAllText($"{Root("one")}/lib/python3.11/site-packages/alpha.py"));

        // A lock whose archive nobody has in the store yet.
        string Fresh(string name)
        {
            Directory.Delete($"{_folder.Path}/.store", recursive: true);
            return name;
        }
    }

    [Fact]
    public void What_cannot_be_is_told_and_nothing_changes()
    {
        Prepare();
        var (wheel, other) = ($"{_server.Address}gamma-1.0-py3-none-any.whl", new string('0', 64));
        Does("create", "one", "--python", "/usr/bin/python3");
        foreach (var (what, message) in ((string[], string)[])
            [
                (["./nowhere"], "^error: command line: there is no file or folder ./nowhere\nhint: "),
                (["./links"], "^error: command line: FOLDER/links cannot be built: it has neither pyproject.toml nor setup.py\nhint: name the folder of a Python project\n$"),
                (["-e", "./links/gamma-1.0-py3-none-any.whl"], "^error: command line: file://FOLDER/.*whl cannot be used where it is: it is no folder that is there\nhint: -e takes a folder of this host\n$"),
                ([$"{wheel}#sha256={other}"], $"^error: http://.*whl has the SHA-256 [0-9a-f]{{64}}, and {other} is asked for\nhint: it is not the file that was meant"),
                ([$"{wheel}#md5={other[..32]}"], "^error: http://.*whl has the md5 [0-9a-f]{32}, and its address says 0{32}\nhint: it is not the file that was meant"),
                ([$"{_server.Address}nothing-1.0-py3-none-any.whl"], "^error: http://.*/nothing-1.0-py3-none-any.whl is not there\nhint: "),
                ([$"other @ {wheel}"], "^error: http://.*whl is gamma 1.0, and other is asked for from there\nhint: write gamma @ http"),
                (["./inside-1.0.tar.gz"], "^error: inside-1.0.tar.gz is sources, from which nothing is built without permission\nhint: .*--allow-build=inside"),
                ([$"gamma @ {wheel}", $"gamma @ file://{_folder.Path}/links/gamma-1.0-py3-none-any.whl"], "^error: no versions fit together for Python 3.11.2:\n.*gamma.* is asked for, but it is asked for from http://.*whl too"),
                ([$"gamma @ {wheel}", "gamma>1"], "^error: no versions fit together for Python 3.11.2:\ngamma>1 is asked for, but http://.*whl has 1.0"),
                (["-r", Requirements($"{wheel} --hash=sha256:{other}\n")], $"^error: http://.*whl has the SHA-256 [0-9a-f]{{64}}, and {other} is asked for"),
                (["-r", Requirements($"{wheel}\nbeta==1.0 --hash=sha256:{other}\n")], "^error: FOLDER/lists/[0-9a-f]+/some.txt:1: gamma@?.* has no --hash, and others have"),
                (["-r", Requirements($"./work\nbeta==1.0 --hash=sha256:{other}\n")], "^error: FOLDER/lists/[0-9a-f]+/some.txt:1: FOLDER/work is a folder, of which nobody can say a digest, and others have a --hash"),
            ])
            Refuses(message, ["install", "--env", "one", .. what]);
        Assert.Equal("", Env("freeze", "--env", "one").Output);

        string Requirements(string text)
        {
            var path = $"{Directory.CreateDirectory($"{_folder.Path}/lists/{Guid.NewGuid():n}").FullName}/some.txt";
            File.WriteAllText(path, text);
            return path;
        }
    }

    [Fact]
    public void A_dependency_may_name_an_address_and_nobody_else_gets_what_is_there()
    {
        Prepare();
        var wheels = $"{_folder.Path}/links";
        WheelFile.Write(wheels, "wants", "1.0", new Dictionary<string, string> { ["wants.py"] = "" }, requires: $"gamma @ {_server.Address}gamma-1.0-py3-none-any.whl");
        WheelFile.Write(wheels, "also", "1.0", new Dictionary<string, string> { ["also.py"] = "" }, requires: "gamma");
        File.Delete($"{wheels}/gamma-1.0-py3-none-any.whl");
        foreach (var name in (string[])["ours", "them"])
            Does("create", name, "--python", "/usr/bin/python3");
        Does("install", "--env", "ours", "also", "wants");
        // With pip, the one that names it must come first.
        Pip("them", "install", "--quiet", "wants", "also");
        Assert.Equal(Files("them").Keys, Files("ours").Keys);
        Assert.Equal(Digest().Replace(Env("freeze", "--env", "ours").Output, ""), Digest().Replace(Pip("them", "freeze"), ""));
        // Another version of it would have to name it too.
        WheelFile.Write(wheels, "wants", "2.0", new Dictionary<string, string> { ["wants.py"] = "" });
        Does("create", "one", "--python", "/usr/bin/python3");
        Refuses("no versions fit together for Python 3.11.2:\n", "install", "--env", "one", "also", "wants==2.0");
        Does("install", "--env", "one", "also", "wants");
        Assert.Contains("\nwants==1.0\n", Env("freeze", "--env", "one").Output);
    }
}
