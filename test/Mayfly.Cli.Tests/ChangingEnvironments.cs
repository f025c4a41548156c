using System.Diagnostics;
using Mayfly.Environments.Tests;
using Mayfly.Linux;

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

    private Invocation Env(params string[] words) => Invocation.Run(_folder, Host, ["env", .. words]);

    private Dictionary<string, string?> Host => new()
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
    };

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
    public void What_is_asked_for_and_does_not_count_here_leaves_an_empty_one()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n", "create", "shop", "web ; python_version < '3'");
        Says("shop is as it should be: 0 packages, Python 3.11.2\n", "doctor", "--env", "shop");
    }

    [Fact]
    public void Metadata_that_are_a_pipe_keep_nobody_waiting()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ driver 1.0\nshop: 1 installed\n", "create", "shop", "driver");
        var metadata = $"{Root("shop")}/lib/python3.11/site-packages/driver-1.0.dist-info/METADATA";
        File.Delete(metadata);
        using (var made = Process.Start("mkfifo", metadata))
            made.WaitForExit();
        Assert.Equal((0, "Package Version\n------- -------\ndriver  1.0\n"), Invocation.Run(_folder, Host, "pip", "--env", Root("shop"), "list") is var said ? (said.ExitCode, said.Output) : default);
        Says("driver==1.0\n", "freeze", "--env", "shop");
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
    public void Modules_are_compiled_as_they_come_when_that_is_said()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nshop: 2 installed\n", "create", "shop", "web<2", "--compile");
        Assert.Equal(["orm", "web"], Modules());
        Says("+ report 2.0\nshop: 1 installed\n", "install", "report", "--env", "shop");
        Assert.Equal(["orm", "web"], Modules());
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ web 1.0 → 2.0\nshop: 1 installed, 2 changed\n", "upgrade", "web", "--env", "shop", "--compile");
        Assert.Equal(["driver", "orm", "web"], Modules());
        Says("+ cache 1.0\nshop: 1 installed\n", "install", "cache", "--env", "shop", "--compile");
        Says("shop is as it should be: 5 packages, Python 3.11.2\n", "doctor", "--env", "shop");
        Assert.Equal((0, "No broken requirements found.\n"), Pip("shop", "check"));
        Assert.Equal("", Env("list", "shop").Error);
        Says("- cache 1.0\nshop: 1 removed\n", "remove", "cache", "--env", "shop");
        Assert.False(Directory.Exists($"{Root("shop")}/lib/python3.11/site-packages/cache"));
        Assert.Equal(0, Pip("shop", "uninstall", "--quiet", "-y", "web", "orm").Code);
        Assert.Equal(["driver"], Modules());
        _folder.With("requirements.txt", "web\n");
        Says("+ driver 1.0\n+ orm 2.0\n+ web 2.0\npylock.toml: 3 packages for Python 3.11\n", "lock");
        Says("+ orm 2.0\n- report 2.0\n+ web 2.0\nshop: 2 installed, 1 removed\n", "sync", "--env", "shop", "--compile");
        Assert.Equal(["driver", "orm", "web"], Modules());

        string[] Modules() => [.. Directory.GetFiles($"{Root("shop")}/lib/python3.11/site-packages", "*.pyc", SearchOption.AllDirectories).Select(static path => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(path))!)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Files_are_links_of_the_store_s_when_that_is_said_and_remembered()
    {
        Env("create", "shop", "web", "--link-mode", "symbolic").ShouldMatch("env-no-link-mode");
        Says("made FOLDER/environments/empty with Python 3.11.2\n", "create", "empty", "--link-mode", "hardlink");
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nshop: 2 installed\n", "create", "shop", "web<2", "--link-mode=hardlink");
        Says("+ orm 1.5\n+ web 1.0\nempty: 2 installed\n", "install", "web<2", "--env", "empty");
        Assert.Equal("3 3\n", Links("web"));
        Says("+ report 2.0\nshop: 1 installed\n", "install", "report", "--env", "shop");
        Assert.Equal(("4 4\n", "2 1\n"), (Links("web"), Links("report")));
        Says("+ driver 1.0\n~ orm 1.5 → 2.0\n~ web 1.0 → 2.0\nshop: 1 installed, 2 changed\n", "upgrade", "web", "--env", "shop", "--compile");
        Assert.Equal((0, "No broken requirements found.\n"), Pip("shop", "check"));
        Says("shop is as it should be: 4 packages, Python 3.11.2\n", "doctor", "--env", "shop");
        // Root, who may write anything, edits in place.
        File.AppendAllText($"{Root("empty")}/lib/python3.11/site-packages/web/__init__.py", "edited = True\n");
        Assert.Equal("web/__init__.py of web 1.0 was changed in place, and so in every environment that shares it\n", Env("doctor", "--env", "empty").Output);
        var mended = Env("install", "web<2", "--force-reinstall", "--env", "empty");
        Assert.Equal((0, "~ web 1.0\nempty: 1 changed\n"), (mended.ExitCode, mended.Output));
        Assert.StartsWith("changed: web/__init__.py of web 1.0, which environments share, was changed in place, or given to somebody else; here it comes as it was, and mayfly env doctor tells of the others", mended.Error);
        Says("empty is as it should be: 2 packages, Python 3.11.2\n", "doctor", "--env", "empty");
        Assert.Equal(0, Env("delete", "empty", "shop").ExitCode);
        var kept = Directory.GetFiles($"{_folder.Path}/.store/files", "*", SearchOption.AllDirectories).Length;
        Assert.True(kept > 5);
        Assert.EndsWith($"would remove {kept} files that no environment shares\n", Invocation.Run(_folder, Host, "prune", "--dry-run").Output);
        Assert.EndsWith($"removed {kept} files that no environment shares\n", Invocation.Run(_folder, Host, "prune").Output);
        Assert.Empty(Directory.GetFiles($"{_folder.Path}/.store/files", "*", SearchOption.AllDirectories));
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nshop: 2 installed\n", "create", "shop", "web<2", "--link-mode=hardlink");

        string Links(string project) => string.Join(' ', ((string[])["shop", "empty"]).Select(name => $"{Root(name)}/lib/python3.11/site-packages/{project}/__init__.py").Select(static path => File.Exists(path) ? Nodes.Read(path).Links : 1)) + "\n";
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
        Says("made FOLDER/environments/shown with Python 3.11.2\n", "create", "shown", "--prompt", "shop of 'today'");
        Says("made FOLDER/environments/shown too\n", "copy", "shown", "shown too");
        Assert.Contains("prompt = 'shop of \\'today\\''\n", File.ReadAllText($"{Root("shown too")}/pyvenv.cfg"), StringComparison.Ordinal);
        Assert.Contains("VIRTUAL_ENV_PROMPT='(shop of '", File.ReadAllText($"{Root("shown too")}/bin/activate"), StringComparison.Ordinal);
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

    [Theory]
    [InlineData("\"x\n", "has a RECORD that cannot be read (")]
    [InlineData("", "has a RECORD with nothing in it")]
    [InlineData(null, "has no RECORD")]
    public void What_has_no_readable_record_stays(string? record, string fault)
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ driver 1.0\n+ orm 2.0\n+ web 2.0\nshop: 3 installed\n", "create", "shop", "web");
        var path = $"{Root("shop")}/lib/python3.11/site-packages/web-2.0.dist-info/RECORD";
        if (record is null)
            File.Delete(path);
        else
            File.WriteAllText(path, record);
        foreach (var words in new[] { "remove web", "install web<2", "install web --force-reinstall" })
        {
            var refused = Env([.. words.Split(' '), "--env", "shop"]);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains($"error: web 2.0 {fault}", refused.Error, StringComparison.Ordinal);
            Assert.Contains("so nobody can say which files are its own, and it stays\nhint: put FOLDER/environments/shop/lib/python3.11/site-packages/web-2.0.dist-info/RECORD right", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal("driver==1.0\norm==2.0\nweb==2.0\n", Env("freeze", "--env", "shop").Output);
        Assert.Contains($"web 2.0 {fault}", Env("doctor", "--env", "shop").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_tells_one_that_was_moved_and_not_byte_code_that_is_gone()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n", "create", "shop");
        Assert.Equal(0, Pip("shop", "install", "--quiet", "orm<2", "cache").Code);
        Directory.Delete($"{Root("shop")}/lib/python3.11/site-packages/orm/__pycache__", recursive: true);
        Says("shop is as it should be: 2 packages, Python 3.11.2\n", "doctor", "--env", "shop");
        File.CreateSymbolicLink($"{_folder.Path}/link", Root("shop"));
        Says("FOLDER/link is as it should be: 2 packages, Python 3.11.2\n", "doctor", "--env", "./link");
        Directory.Move(Root("shop"), Root("moved"));
        var doctor = Env("doctor", "--env", "moved");
        Assert.Equal((1, "cache-tell, orm-tell in FOLDER/environments/moved/bin begin with FOLDER/environments/shop/bin/python: the environment was moved, or copied by other means than mayfly env copy\n"), (doctor.ExitCode, doctor.Output));
    }

    [Fact]
    public void A_project_for_other_interpreters_and_Pythons_of_another_century_are_refused()
    {
        _folder.With("pyproject.toml", "[project]\nname = 'mine'\nversion = '1'\nrequires-python = '>=3.13'\ndependencies = ['driver']\n");
        foreach (var words in new[] { "lock", "create new -r pyproject.toml" })
        {
            var refused = Env(words.Split(' '));
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("error: the project is for Python >=3.13 (requires-python), and this is Python 3.11.2\nhint: ", refused.Error.Replace("CPython", "Python", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Says("+ driver 1.0\npylock.toml: 1 package for Python >=3.13,<3.14 on linux_x86_64\n", "lock", "--python-version", "3.13");
        File.Delete($"{_folder.Path}/pyproject.toml");
        var far = Env("lock", "--python-version", "3.99", "driver", "-o", "far.toml");
        Assert.Equal((1, "error: Python 3.99 is not known, and will not be for years\nhint: name others; the newest one that projects commonly have wheels for is 3.14\n"), (far.ExitCode, far.Error));
        // What may be named stays when the lock is made anew.
        Says("+ driver 1.0\nlater.toml: 1 package for Python >=3.15,<3.16 on linux_x86_64\n", "lock", "--python-version", "3.15", "driver", "-o", "later.toml");
        Says("later.toml: 1 package for Python >=3.15,<3.16 on linux_x86_64, as before\n", "lock", "driver", "-o", "later.toml");
    }

    [Fact]
    public void Deleting_the_active_one_is_told_and_a_slip_deletes_nothing()
    {
        Says("made FOLDER/environments/one with Python 3.11.2\n", "create", "one");
        Says("made FOLDER/environments/two with Python 3.11.2\n", "create", "two");
        Assert.StartsWith("error: there is no environment FOLDER/environments/nosuch\n", Env("delete", "one", "nosuch").Error);
        var said = Invocation.Run(_folder, new Dictionary<string, string?>(Host) { ["VIRTUAL_ENV"] = Root("one") }, "env", "delete", "two", "one");
        Assert.Equal((0, "removed FOLDER/environments/two\nremoved FOLDER/environments/one\n"), (said.ExitCode, said.Output));
        Assert.Equal("note: this shell is still in it, and its python and pip are the host's now; leave it with deactivate\n", said.Error);
    }

    /// <summary>Begins commands while somebody else changes the environment, and lets them go on when each has said that it waits.</summary>
    private async Task<Invocation[]> TogetherAsync(string name, params string[][] commands)
    {
        var path = $"{_folder.Path}/environments/.{name}.lock";
        List<Process> begun = [];
        // .NET's way to have a file alone is flock(2).
        using (var held = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            held.Write("process 1 since 01:02:03\n"u8);
            held.Flush();
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            foreach (var command in commands)
            {
                begun.Add(Invocation.Begin(_folder, Host, command));
                Assert.Equal($"wait: {name} is being changed by process 1 since 01:02:03", await begun[^1].StandardError.ReadLineAsync(patience.Token));
            }
        }

        var ended = await Task.WhenAll(begun.Select(process => Task.Run(() => Invocation.End(process, _folder))));
        begun.ForEach(static process => process.Dispose());
        return ended;
    }

    [Theory]
    [InlineData("env install web<2 --env shop", "env install orm>=2 --env shop")]
    [InlineData("pip --env ROOT install web<2", "pip --env ROOT install orm>=2")]
    public async Task Wishes_at_once_are_decided_one_after_the_other(string one, string other)
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ driver 1.0\nshop: 1 installed\n", "create", "shop", "driver");
        var ended = await TogetherAsync("shop", [.. new[] { one, other }.Select(line => line.Replace("ROOT", Root("shop"), StringComparison.Ordinal).Split(' '))]);
        Assert.All(ended, static said => Assert.True(said.ExitCode == 0, said.Output + said.Error));
        Assert.Equal((0, "No broken requirements found.\n"), Pip("shop", "check"));
        Assert.Contains("web==", Pip("shop", "freeze").Output, StringComparison.Ordinal);
        Assert.Equal(0, Env("doctor", "--env", "shop").ExitCode);
    }

    [Fact]
    public async Task What_waited_for_one_that_is_deleted_says_so_and_leaves_nothing()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n", "create", "shop");
        var ended = await TogetherAsync("shop", ["env", "delete", "shop"], ["env", "delete", "shop"]);
        Assert.Equal([0, 1], ended.Select(static said => said.ExitCode).Order());
        Assert.Contains("error: there is no environment FOLDER/environments/shop\n", ended.Single(static said => said.ExitCode == 1).Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/environments"));
        Says("made FOLDER/environments/shop with Python 3.11.2\n", "create", "shop");
        ended = await TogetherAsync("shop", ["env", "install", "web", "--env", "shop"], ["env", "delete", "shop"]);
        Assert.Equal(0, ended[1].ExitCode);
        if (ended[0].ExitCode != 0)
            Assert.Contains("error: there is no environment FOLDER/environments/shop\n", ended[0].Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/environments"));
    }
}
