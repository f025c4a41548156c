using System.Diagnostics;
using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary><c>mayfly env</c> as a user types it, with wheels in a folder; Debian's pip judges.</summary>
[Trait("needs", "oracle")]
public sealed class ChangingEnvironments : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Wheels
    {
        get
        {
            var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
            if (Directory.GetFiles(wheels).Length > 0)
                return wheels;
            Write("web", "1.0", "orm<2");
            Write("web", "2.0", "orm>=2", "cache ; extra == 'fast'");
            Write("orm", "1.0");
            Write("orm", "1.5");
            Write("orm", "2.0", "driver");
            Write("driver", "1.0");
            Write("cache", "1.0");
            Write("report", "1.0", "orm<2");
            Write("report", "2.0", "orm");
            return wheels;

            void Write(string project, string version, params string[] requires) => WheelFile.Write(wheels, project, version,
                new Dictionary<string, string> { [$"{project}/__init__.py"] = $"version = '{version}'\n", [$"{project}-{version}.dist-info/entry_points.txt"] = $"[console_scripts]\n{project}-tell = {project}:tell\n" }, requires: requires);
        }
    }

    private Invocation Env(params string[] words) => Invocation.Run(_folder, new Dictionary<string, string?>
    {
        ["WORKON_HOME"] = $"{_folder.Path}/environments",
        ["PIP_NO_INDEX"] = "1",
        ["PIP_FIND_LINKS"] = Wheels,
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["PIP_INDEX_URL"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["VIRTUAL_ENV"] = null,
        ["PATH"] = $"/usr/bin:/bin:{Environment.GetEnvironmentVariable("PATH")}",
        ["HOME"] = _folder.Path,
    }, ["env", .. words]);

    private void Says(string expected, params string[] words)
    {
        var said = Env(words);
        Assert.Equal((0, expected.ReplaceLineEndings("\n")), (said.ExitCode, said.Output));
    }

    private string Root(string name) => $"{_folder.Path}/environments/{name}";

    /// <summary>What plain pip says of an environment.</summary>
    private (int Code, string Output) Pip(string name, params string[] words)
    {
        var wheel = Directory.GetFiles("/usr/share/python-wheels", "pip-*.whl").Single();
        var start = new ProcessStartInfo($"{Root(name)}/bin/python", [$"{wheel}/pip", "--disable-pip-version-check", .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PIP_NO_INDEX"] = "1";
        start.Environment["PIP_FIND_LINKS"] = Wheels;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + (process.ExitCode == 0 ? "" : error.Result));
    }

    [Fact]
    public void A_day_with_one()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nshop: 2 installed\n", "create", "shop", "web<2");
        Assert.Equal("orm==1.5\nweb==1.0\n", Pip("shop", "freeze").Output);
        Says("shop has web already\n", "install", "web", "--env", "shop");
        // What stays has a say: report 1.0 and 2.0 both do, orm must not change for either.
        Says("+ report 2.0\nshop: 1 installed\n", "install", "report", "--env", "shop");
        // Here something must give way, and it is not report 2.0, which takes any orm.
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ web 1.0 → 2.0\nshop: 1 installed, 2 changed\n", "upgrade", "web", "--env", "shop");
        Assert.Equal((0, "No broken requirements found.\n"), Pip("shop", "check"));
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ web 1.0 → 2.0\n", "diff", "--env", "shop");
        Says("- driver 1.0\n~ orm 2.0 → 1.5\n~ web 2.0 → 1.0\n", "rollback", "--env", "shop");
        Assert.Equal("orm==1.5\nreport==2.0\nweb==1.0\n", Pip("shop", "freeze").Output);
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ web 1.0 → 2.0\n", "rollback", "--env", "shop");
        Says("+ cache 1.0\nshop: 1 installed\n", "install", "web[fast]", "--env", "shop");
        Says("cache==1.0\ndriver==1.0\norm==2.0\nreport==2.0\nweb==2.0\n", "freeze", "--env", "shop");
        Says("shop is as it should be: 5 packages, Python 3.11.2\n", "doctor", "--env", "shop");
        // What came for another goes with it.
        Says("- cache 1.0\n- web 2.0\nshop: 2 removed\n", "remove", "web", "--env", "shop");
        Says("- driver 1.0\n- orm 2.0\n- report 2.0\nshop: 3 removed\n", "remove", "report", "--env", "shop");
        Says("removed FOLDER/environments/shop\n", "delete", "shop");
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/environments"));
    }

    [Fact]
    public void What_cannot_be_changes_nothing()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nshop: 2 installed\n", "create", "shop", "web<2");
        Env("install", "web<2", "orm>=2", "--env", "shop").ShouldMatch("env-conflict");
        Env("install", "webb", "--env", "shop").ShouldMatch("env-unknown-project");
        Env("install", "web>>2", "--env", "shop").ShouldMatch("env-no-requirement");
        Env("install", "web=1.0", "--env", "shop").ShouldMatch("env-one-equals-sign");
        Env("install", "web 1.0", "--env", "shop").ShouldMatch("env-no-sign");
        Env("install", "Web==1.*.*", "--env", "shop").ShouldMatch("env-two-stars");
        Env("install", "orm=>1", "--env", "shop").ShouldMatch("env-signs-swapped");
        Env("install", "requirements.txt", "--env", "shop").ShouldMatch("env-file-without-option");
        _folder.With("requirements.txt", "report\nweb = 1.0\n");
        Env("install", "-r", "requirements.txt", "--env", "shop").ShouldMatch("env-slip-in-a-file");
        Env("remove", "orm", "--env", "shop").ShouldMatch("env-needed");
        Env("remove", "wep", "--env", "shop").ShouldMatch("env-not-installed");
        Env("create", "shop").ShouldMatch("env-there-already");
        Env("create", "other", "nothing-such").ShouldMatch("env-created-with-nothing");
        Env("create", "other", "--python", "3.99").Error.Contains("no Python 3.99 is found", StringComparison.Ordinal);
        Env("show", "--env", "other").ShouldMatch("env-not-there");
        Env("freeze").ShouldMatch("env-none-named");
        Env("sync", "--env", "shop").ShouldMatch("env-no-lock");
        Env("export", "--format", "pylock", "--env", "shop").ShouldMatch("env-export-without-lock");
        File.Delete($"{Root("shop")}/bin/python");
        Env("install", "report", "--env", "shop").ShouldMatch("env-interpreter-gone");
        Assert.Equal("  shop  its interpreter is gone, 2 packages\n", Env("list").Output);
        Says("removed FOLDER/environments/shop\n", "delete", "shop");
    }

    [Fact]
    public void What_is_locked_is_there_exactly()
    {
        _folder.With("requirements.txt", "web\n").With("pyproject.toml", "[project]\nname = 'mine'\nversion = '1'\ndependencies = ['web']\n[project.optional-dependencies]\nfast = ['cache']\n[dependency-groups]\ntest = ['report']\n");
        Says("+ driver 1.0\n+ orm 2.0\n+ web 2.0\npylock.toml: 3 packages for Python 3.11\n", "lock");
        Says("pylock.toml: 3 packages for Python 3.11, as before\n", "lock", "-r", "requirements.txt");
        Says("+ cache 1.0\n+ report 2.0\npylock.toml: 5 packages for Python 3.11\n", "lock", "-r", "pyproject.toml[fast]", "-r", "pyproject.toml:test");
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.0\n+ report 1.0\nshop: 2 installed\n", "create", "shop", "report<2", "orm==1.0");
        Says("+ cache 1.0\n+ driver 1.0\n~ orm 1.0 → 2.0\n~ report 1.0 → 2.0\n+ web 2.0\nshop: would be 3 installed, 2 changed\n", "sync", "--env", "shop", "--dry-run");
        Says("+ cache 1.0\n+ driver 1.0\n~ orm 1.0 → 2.0\n~ report 1.0 → 2.0\n+ web 2.0\nshop: 3 installed, 2 changed\n", "sync", "--env", "shop");
        Says("nothing to do in shop\n", "sync", "--env", "shop");
        // pip installs what is exported, and accepts the digests.
        Says("", "export", "--lock", "pylock.toml", "-o", "exact.txt");
        Says("made FOLDER/environments/theirs with Python 3.11.2\n", "create", "theirs");
        Assert.Equal(0, Pip("theirs", "install", "--quiet", "--require-hashes", "-r", $"{_folder.Path}/exact.txt").Code);
        Assert.Equal(Pip("shop", "freeze"), Pip("theirs", "freeze"));
        Says("", "diff", "theirs", "--env", "shop");
        Says("", "diff", "pylock.toml", "--env", "theirs");
        Assert.Equal(Env("export", "--lock", "pylock.toml").Output, Env("export", "--env", "shop").Output);
        // A lock stays as long as it does, although there is something newer.
        _folder.With("requirements.txt", "report<2\n");
        Says("+ orm 1.5\n+ report 1.0\nold.toml: 2 packages for Python 3.11\n", "lock", "-r", "requirements.txt", "-o", "old.toml");
        _folder.With("requirements.txt", "report\n");
        Says("old.toml: 2 packages for Python 3.11, as before\n", "lock", "-r", "requirements.txt", "-o", "old.toml");
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ report 1.0 → 2.0\nold.toml: 3 packages for Python 3.11\n", "lock", "-r", "requirements.txt", "-o", "old.toml", "--upgrade");
    }

    [Fact]
    public void What_plain_pip_did_is_told()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ driver 1.0\n+ orm 2.0\n+ web 2.0\nshop: 3 installed\n", "create", "shop", "web");
        Assert.Equal(0, Pip("shop", "install", "--quiet", "orm==1.0", "cache").Code);
        Assert.Equal("note: shop was changed since mayfly left it: orm 2.0 became 1.0 by pip; cache 1.0 was installed by pip\n", Env("list", "shop").Error);
        var doctor = Env("doctor", "--env", "shop");
        Assert.Equal((1, "orm 2.0 became 1.0 by pip since mayfly left it\ncache 1.0 was installed by pip since mayfly left it\nweb 2.0 needs orm>=2, and orm 1.0 is there\n"), (doctor.ExitCode, doctor.Output));
        // It takes what pip left for what is there.
        Says("+ report 2.0\nshop: 1 installed\n", "install", "report", "--env", "shop");
        Assert.Equal("", Env("list", "shop").Error);
        File.AppendAllText($"{Root("shop")}/lib/python3.11/site-packages/web/__init__.py", "edited = True\n");
        File.Delete($"{Root("shop")}/bin/orm-tell");
        Assert.Equal("web 2.0 needs orm>=2, and orm 1.0 is there\norm 1.0 lacks its file ../../../bin/orm-tell\nweb/__init__.py of web 2.0 was changed\n", Env("doctor", "--env", "shop").Output);
    }

    [Fact]
    public void A_copy_is_an_environment_of_its_own()
    {
        Says("made FOLDER/environments/one with Python 3.11.2\n+ driver 1.0\n+ orm 2.0\n+ web 2.0\none: 3 installed\n", "create", "one", "web");
        Says("made FOLDER/environments/with a space\n", "copy", "one", "with a space");
        Says("removed FOLDER/environments/one\n", "delete", "one");
        Says("with a space is as it should be: 3 packages, Python 3.11.2\n", "doctor", "--env", "with a space");
        Assert.DoesNotContain(Directory.GetFiles($"{Root("with a space")}/bin"), path => new FileInfo(path).LinkTarget is null && File.ReadAllText(path).Contains(Root("one"), StringComparison.Ordinal));
        Says("FOLDER/environments/with a space\n", "run", "--env", "with a space", "--", "python", "-c", "import sys, web; print(sys.prefix)");
        Assert.Equal(1, Env("run", "--env", "with a space", "--", "web-tell").ExitCode); // It names a function that its module lacks: the program runs, and says so.
        Says("FOLDER/environments/with a space/bin/web-tell\n", "which", "web-tell", "--env", "with a space");
        Says("FOLDER/environments/with a space\n", "which", "--env", "with a space");
        Assert.Equal(0, Pip("with a space", "uninstall", "--quiet", "-y", "web").Code);
        Assert.False(File.Exists($"{Root("with a space")}/bin/web-tell"));
    }

    [Fact]
    public void Two_wait_for_each_other()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n", "create", "shop");
        var both = new[] { "web", "report", "cache" }.AsParallel().WithDegreeOfParallelism(3).Select(name => Env("install", name, "--env", "shop")).ToArray();
        Assert.All(both, static said => Assert.Equal((0, ""), (said.ExitCode, said.ExitCode == 0 ? "" : said.Error)));
        Assert.Equal((0, "No broken requirements found.\n"), Pip("shop", "check"));
        Assert.Equal("cache==1.0\ndriver==1.0\norm==2.0\nreport==2.0\nweb==2.0\n", Pip("shop", "freeze").Output);
    }
}
