using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>Two indexes with a project of one name: what is known to come from one does not come from the other in silence.</summary>
[Trait("needs", "oracle")]
public sealed class ProjectsOfTwoIndexes : IDisposable
{
    private readonly Folder _folder = new();
    private readonly string _inner, _outer;

    public ProjectsOfTwoIndexes()
    {
        _inner = Index("inner", ("driver", "1.0", "inner"));
        _outer = Index("outer", ("driver", "1.0", "outer"), ("driver", "9.0", "outer"), ("other", "1.0", "outer"));
    }

    public void Dispose() => _folder.Dispose();

    private string Index(string name, params (string Project, string Version, string Text)[] wheels)
    {
        var folder = Directory.CreateDirectory($"{_folder.Path}/{name}-wheels").FullName;
        foreach (var (project, version, text) in wheels)
            WheelFile.Write(folder, project, version, new Dictionary<string, string> { [$"{project}.py"] = $"origin = '{text}'\n" });
        return StaticIndex.Write($"{_folder.Path}/{name}", folder);
    }

    private Invocation Env(string line, params string[] indexes) => Invocation.Run(_folder, new Dictionary<string, string?>
    {
        ["WORKON_HOME"] = $"{_folder.Path}/environments",
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["PIP_INDEX_URL"] = indexes[0],
        ["PIP_EXTRA_INDEX_URL"] = indexes.ElementAtOrDefault(1),
        ["PIP_FIND_LINKS"] = null,
        ["PIP_NO_INDEX"] = null,
        ["VIRTUAL_ENV"] = null,
        ["HOME"] = _folder.Path,
    }, ["env", .. line.Split(' ')]);

    private static void Says(string expected, Invocation said) => Assert.Equal((0, expected.ReplaceLineEndings("\n")), (said.ExitCode, said.Output + (said.ExitCode == 0 ? "" : said.Error)));

    [Fact]
    public void A_lock_keeps_a_project_at_its_index()
    {
        const string Lock = "lock --python /usr/bin/python3 driver other";
        Says("+ driver 1.0\n+ other 1.0\npylock.toml: 2 packages for Python 3.11\n", Env(Lock, _outer, _inner));
        var text = _folder.Read("pylock.toml");
        Assert.Contains($"index = \"{_inner}\"", text);
        // The other one is asked first now.
        Says("pylock.toml: 2 packages for Python 3.11, as before\n", Env(Lock, _inner, _outer));
        Says("pylock.toml: 2 packages for Python 3.11, as before\n", Env($"{Lock} --upgrade", _inner, _outer));
        Assert.Equal(text, _folder.Read("pylock.toml"));
        var refused = Env(Lock, _outer);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Equal("""
            error: driver 1.0 would come from file://FOLDER/outer/, and pylock.toml has it from file://FOLDER/inner/
            hint: name that place too (--extra-index-url, or --find-links for files), or say that it is to come from the other one: --index-for driver=file://FOLDER/outer/

            """.ReplaceLineEndings("\n"), refused.Error);
        Assert.Equal(text, _folder.Read("pylock.toml"));
        Assert.Contains("would come from", Env($"{Lock} --python-version 3.11", _outer).Error, StringComparison.Ordinal);
        Says("~ driver 1.0: other files, from file://FOLDER/outer/, no longer from file://FOLDER/inner/\npylock.toml: 2 packages for Python 3.11\n", Env($"{Lock} --index-for driver={_outer}", _outer, _inner));
    }

    [Fact]
    public void The_same_file_may_come_from_elsewhere()
    {
        Says("+ driver 1.0\npylock.toml: 1 package for Python 3.11\n", Env("lock --python /usr/bin/python3 driver", _inner));
        var mirror = StaticIndex.Write($"{_folder.Path}/mirror", $"{_folder.Path}/inner-wheels");
        Says("~ driver 1.0: from file://FOLDER/mirror/, no longer from file://FOLDER/inner/\npylock.toml: 1 package for Python 3.11\n", Env("lock --python /usr/bin/python3 driver", mirror));
    }

    [Fact]
    public void An_environment_keeps_a_project_at_its_index()
    {
        Says("made FOLDER/environments/shop with Python 3.11.2\n+ driver 1.0\nshop: 1 installed\n", Env("create shop --python /usr/bin/python3 driver", _inner));
        Says("shop has driver already\n", Env("upgrade --env shop", _inner, _outer));
        var refused = Env("upgrade --env shop", _outer);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.StartsWith("error: driver 9.0 would come from file://FOLDER/outer/, and FOLDER/environments/shop has it from file://FOLDER/inner/\nhint: ", refused.Error);
        Says("~ driver 1.0 → 9.0\nshop: 1 changed\n", Env($"upgrade driver --env shop --index-for driver={_outer}", _inner));
        // It is known to come from there, from now on, and in a copy.
        Says("made FOLDER/environments/two\n", Env("copy shop two", _inner));
        Assert.StartsWith("error: driver 1.0 would come from file://FOLDER/inner/, and FOLDER/environments/two has it from file://FOLDER/outer/\n", Env("install driver<9 --env two", _inner).Error);
    }

    [Fact]
    public void A_project_comes_from_the_index_that_is_said()
    {
        Says("+ driver 9.0\n+ other 1.0\npylock.toml: 2 packages for Python 3.11\n", Env($"lock --python /usr/bin/python3 driver other --index-for driver={_outer}", _outer, _inner));
        var wrong = Env("lock driver --index-for driver", _inner);
        Assert.Equal((2, "error: 'driver' does not say which index a project comes from\nhint: write --index-for PROJECT=ADDRESS\n"), (wrong.ExitCode, wrong.Error));
    }
}
