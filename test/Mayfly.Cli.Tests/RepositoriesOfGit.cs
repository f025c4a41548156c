using System.Diagnostics;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>Sources from repositories of git; pip judges what is there afterwards, file by file, and what is said of where it is from.</summary>
[Trait("needs", "oracle")]
public sealed partial class RepositoriesOfGit : IDisposable
{
    /// <summary>Its version is the one that git tells, so that the whole history must be there while it is built.</summary>
    private const string Backend = """
        import os
        import subprocess
        from flit_core import buildapi
        from flit_core.buildapi import get_requires_for_build_wheel

        def stamp():
            assert os.path.exists('.gitmodules') == os.path.exists('inner/inner.py')
            tag, count, commit = subprocess.check_output(['git', 'describe', '--tags', '--long', '--dirty=.broken', '--exclude=other*'], text=True).strip().rsplit('-', 2)
            with open('work.py', 'a') as file:
                file.write(f"__version__ = '{tag[1:]}.post{count}'\n")

        def build_wheel(folder, config_settings=None, metadata_directory=None):
            stamp()
            return buildapi.build_wheel(folder, config_settings, metadata_directory)

        """;

    private readonly Folder _folder = new();

    private string Repository => $"git+file://{_folder.Path}/team/work.git";

    private Dictionary<string, string?> Variables => new(PlainPip.Beside(_folder))
    {
        // Of submodules git takes none from this host, unless somebody says so.
        ["GIT_CONFIG_COUNT"] = "1",
        ["GIT_CONFIG_KEY_0"] = "protocol.file.allow",
        ["GIT_CONFIG_VALUE_0"] = "always",
        ["GIT_AUTHOR_NAME"] = "x",
        ["GIT_AUTHOR_EMAIL"] = "x@y",
        ["GIT_COMMITTER_NAME"] = "x",
        ["GIT_COMMITTER_EMAIL"] = "x@y",
    };

    public void Dispose() => _folder.Dispose();

    /// <summary>A tag, a commit after it, and another project in a folder; and a branch with what main has not.</summary>
    private void Prepare()
    {
        BackendWheels.Write($"{_folder.Path}/links");
        Directory.CreateDirectory($"{_folder.Path}/environments");
        SourceProject.Folder($"{_folder.Path}/team/work.git", new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['flit_core']\nbuild-backend = 'backend'\nbackend-path = ['build']\n[project]\nname = 'work'\ndynamic = ['version', 'description']\n",
            ["build/backend.py"] = Backend,
            ["work.py"] = "'''Work'''\n",
            ["python/deep/pyproject.toml"] = "[build-system]\nrequires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\n[project]\nname = 'deep'\nversion = '3.0'\ndescription = ''\n",
            ["python/deep/deep.py"] = "",
        });
        Git("init", "--quiet", "--initial-branch=main");
        Git("add", "--all");
        Git("commit", "--quiet", "--message=one");
        Git("tag", "v1.0");
        // By an address that is meant from that of the repository.
        SourceProject.Folder($"{_folder.Path}/team/inner.git", new Dictionary<string, string> { ["inner.py"] = "" });
        foreach (var words in (string[][])[["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "--message=inner"]])
            Run("git", ["-C", $"{_folder.Path}/team/inner.git", .. words]);
        Git("remote", "add", "origin", $"file://{_folder.Path}/team/work.git");
        Git("submodule", "--quiet", "add", "../inner.git", "inner");
        File.AppendAllText($"{_folder.Path}/team/work.git/work.py", "later = True\n");
        Git("commit", "--quiet", "--all", "--message=two");
        Git("checkout", "--quiet", "-b", "try/other");
        File.AppendAllText($"{_folder.Path}/team/work.git/work.py", "other = True\n");
        Git("commit", "--quiet", "--all", "--message=three");
        Git("checkout", "--quiet", "main");
    }

    [Fact]
    public void What_a_revision_has_is_what_pip_installs()
    {
        Prepare();
        foreach (var name in (string[])["ours", "them"])
            Does("create", name, "--python", "/usr/bin/python3");
        foreach (var what in (string[])["@v1.0", "", "@try/other", $"@{Git("rev-parse", "v1.0")}", "@main", $"@{Git("rev-parse", "--short=9", "v1.0")}"])
        {
            // Without --egg pip asks the build for the name, as Mayfly does not.
            Does("install", "--env", "ours", "--allow-build", "work", $"{Repository}{what}");
            Pip("install", "--quiet", "--force-reinstall", $"{Repository}{what}");
            Assert.Equal(Files("them"), Files("ours"));
            Assert.Equal(Pip("freeze"), Env("freeze", "--env", "ours").Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal));
        }

        Does("install", "--env", "ours", "--allow-build", "deep", $"{Repository}@v1.0#subdirectory=python/deep");
        Pip("install", "--quiet", $"{Repository}@v1.0#subdirectory=python/deep");
        Assert.Equal(Files("them"), Files("ours"));

        // Another commit of one version is another thing, and the same one is there already.
        File.AppendAllText($"{_folder.Path}/team/work.git/python/deep/deep.py", "more = 1\n");
        Git("commit", "--quiet", "--all", "--message=four");
        var moved = Env("install", "--env", "ours", "--allow-build", "deep", $"{Repository}@main#subdirectory=python/deep");
        Assert.Equal((0, "~ deep 3.0\nours: 1 changed\n"), (moved.ExitCode, moved.Output));
        Assert.Equal("more = 1\n", Files("ours")["lib/python3.11/site-packages/deep.py"]);
        Assert.Matches("already|nothing to do", Env("install", "--env", "ours", "--allow-build", "deep", $"{Repository}@main#subdirectory=python/deep").Output);

        // A commit that was there once needs no repository any more.
        var commit = Git("rev-parse", "v1.0");
        Directory.Move($"{_folder.Path}/team", $"{_folder.Path}/gone");
        Does("install", "--env", "ours", "--allow-build", "work", $"{Repository}@{commit}");
        Assert.Contains($"work @ {Repository}@{commit}", Env("freeze", "--env", "ours").Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void A_lock_has_the_commit_and_pip_reads_what_is_exported()
    {
        Prepare();
        var (first, second) = (Git("rev-parse", "v1.0"), Git("rev-parse", "main"));
        _folder.With("requirements.txt", $"work @ {Repository}@main\n");
        Does("lock", "--python", "/usr/bin/python3", "-r", "requirements.txt", "--allow-build", "work");
        var table = $"vcs = {{type = \"git\", url = \"file://{_folder.Path}/team/work.git\", requested-revision = \"main\", commit-id = \"{second}\"}}\n";
        Assert.Contains($"name = \"work\"\nversion = \"1.0.post1\"\n{table}[packages.tool.mayfly]", Read("pylock.toml"));
        Does("lock", "--universal", "--python-version", ">=3.11,<3.13", "-r", "requirements.txt", "--allow-build", "work", "-o", "pylock.all.toml");
        Assert.Contains(table, Read("pylock.all.toml"));

        // The branch goes on, and what is locked does not.
        File.AppendAllText($"{_folder.Path}/team/work.git/work.py", "last = True\n");
        Git("commit", "--quiet", "--all", "--message=last");
        foreach (var (name, file) in new[] { ("ours", "pylock.toml"), ("other", "pylock.all.toml") })
        {
            Does("create", name, "--python", "/usr/bin/python3");
            Assert.Equal(1, Env("sync", "--env", name, "--lock", file).ExitCode);
            Does("sync", "--env", name, "--lock", file, "--allow-build", "work");
            Assert.Equal($"work @ {Repository}@{second}\n", Env("freeze", "--env", name).Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal));
            Assert.Equal($"nothing to do in {name}\n", Env("sync", "--env", name, "--lock", file).Output);
        }

        var exported = Env("export", "--lock", "pylock.toml");
        Assert.Equal((0, $"work @ {Repository}@{second}\n"), (exported.ExitCode, exported.Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal)));
        Does("create", "them", "--python", "/usr/bin/python3");
        // packaging had an address begin with a host until 23.2, and this one is of a file.
        Pip("install", "--quiet", exported.Output.Replace("FOLDER", _folder.Path, StringComparison.Ordinal).Split(" @ ")[1].Trim());
        Assert.Equal(Files("them").Keys, Files("ours").Keys);

        // A new lock tells that it is another commit.
        var again = Env("lock", "--python", "/usr/bin/python3", "-r", "requirements.txt", "--allow-build", "work");
        Assert.Equal((0, "~ work 1.0.post1 → 1.0.post2\npylock.toml: 1 package for Python 3.11\n"), (again.ExitCode, again.Output));
        Assert.DoesNotContain(first, Read("pylock.toml"));
    }

    [Fact]
    public void What_cannot_be_is_told_and_nothing_changes()
    {
        Prepare();
        Does("create", "one", "--python", "/usr/bin/python3");
        foreach (var (what, message) in new (string[], string)[]
        {
            ([Repository], "^error: git\\+file://FOLDER/team/work.git is sources, from which nothing is built without permission\nhint: .*--allow-build=work, "),
            ([$"{Repository}@v9"], "^error: command line: file://FOLDER/team/work.git has no revision v9\nhint: name a branch, a tag or a commit that it has\n$"),
            ([$"{Repository}@{new string('0', 40)}"], "^error: command line: git\\+file://FOLDER/team/work.git@0{40} cannot be had: git says "),
            ([$"git+file://{_folder.Path}/nowhere"], "^error: command line: git\\+file://FOLDER/nowhere cannot be had: git says '?FOLDER/nowhere'? does not appear to be a git repository\nhint: "),
            (["work @ git+http://joe:sw0rdfish@127.0.0.1:1/x.git"], "^error: git\\+http://joe:\\*\\*\\*\\*@127.0.0.1:1/x.git cannot be had: git says unable to access 'http://(joe:\\*\\*\\*\\*@)?127.0.0.1:1/x.git/': "),
            ([$"{Repository}@--upload-pack=touch%20x"], "^error: command line: '--upload-pack=touch x' in .* is no revision\nhint: name a branch, a tag or a commit\n$"),
            (["git+ext::sh%20-c%20x"], "^error: command line: git\\+ext::sh.* is no address of a repository\nhint: it is written git\\+https://"),
            (["-e", Repository], "^error: command line: git\\+file://FOLDER/team/work.git cannot be used where it is: it is no folder of this host\nhint: leave out -e"),
            (["hg+https://host/x"], "^error: command line: hg\\+https://host/x leads to a repository of a version control system that mayfly does not know\nhint: git it knows"),
        })
        {
            var said = Env(["install", "--env", "one", .. what]);
            Assert.Equal((1, ""), (said.ExitCode, said.Output));
            Assert.Matches(message, Told().Replace(said.Error, ""));
        }

        Assert.Equal("", Env("freeze", "--env", "one").Output);
        // Nothing is asked for where nothing may be asked, and nobody's password stays anywhere.
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_folder.Path}/.store/tmp"));
        Assert.DoesNotContain(Directory.EnumerateFiles($"{_folder.Path}/.store", "*", SearchOption.AllDirectories), static path => File.ReadAllText(path).Contains("sw0rdfish", StringComparison.Ordinal));
        var alone = Directory.CreateDirectory($"{_folder.Path}/programs").FullName;
        File.CreateSymbolicLink($"{alone}/dotnet", Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(static folder => $"{folder}/dotnet").First(File.Exists));
        var empty = Invocation.Run(_folder, new Dictionary<string, string?>(Variables) { ["PATH"] = alone }, ["env", "install", "--env", "one", $"work @ {Repository}", "--allow-build", "work"]);
        Assert.Equal((1, "error: sources from a repository of git need git, which cannot be started\nhint: sudo apt-get install git\n"), (empty.ExitCode, empty.Error));
    }

    [GeneratedRegex("^(build|unpack|fetch|read|clone) .*\n", RegexOptions.Multiline)]
    private static partial Regex Told();

    private string Read(string file) => File.ReadAllText($"{_folder.Path}/{file}");

    private Invocation Env(params string[] words) => Invocation.Run(_folder, Variables, ["env", .. words]);

    private void Does(params string[] words)
    {
        var said = Env(words);
        Assert.Equal((0, ""), (said.ExitCode, said.ExitCode == 0 ? "" : said.Error));
    }

    private string Git(params string[] words) => Run("git", ["-C", $"{_folder.Path}/team/work.git", .. words]).Trim();

    /// <summary>Debian's pip works on the other environment.</summary>
    private string Pip(params string[] words) => Run($"{_folder.Path}/environments/them/bin/python", [PlainPip.Program, "--disable-pip-version-check", .. words]);

    private string Run(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
        return output;
    }

    /// <summary>Files with their contents, but for byte code and who installed it.</summary>
    private SortedDictionary<string, string> Files(string name)
    {
        var root = $"{_folder.Path}/environments/{name}";
        return new(Directory.EnumerateFiles($"{root}/lib/python3.11/site-packages", "*", SearchOption.AllDirectories).Where(static path => Path.GetFileName(path) is not ("INSTALLER" or "RECORD") && !path.EndsWith(".pyc", StringComparison.Ordinal))
            .ToDictionary(path => path[(root.Length + 1)..], File.ReadAllText), StringComparer.Ordinal);
    }
}
