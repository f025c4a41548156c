using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>One lock for several interpreters and systems: pip of several versions of Python installs what the lock says, and so does <c>sync</c>.</summary>
[Trait("needs", "oracle")]
public sealed partial class LocksForManyInterpreters : IDisposable
{
    private readonly Folder _folder = new();
    private readonly FaultyServer _server = new();

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    private string Wheels => Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;

    /// <summary>The wheel of one name under others, as if it had been built for them.</summary>
    private void Write(string project, string version, string[] requires, params string[] tags)
    {
        var wheel = WheelFile.Write(Wheels, project, version, new Dictionary<string, string> { [$"{project}/__init__.py"] = $"version = '{version}'\n" }, requires: requires);
        foreach (var tag in tags)
            File.Copy(wheel, $"{Wheels}/{project}-{version}-{tag}.whl");
        if (tags.Length > 0)
            File.Delete(wheel);
    }

    private void WriteAll()
    {
        Write("web", "2.0", ["number", "typing_extensions ; python_version < '3.11'", "colorama ; os_name == 'nt'", "patience ; python_full_version < '3.11.3'", "fast ; platform_machine == 'x86_64'"]);
        Write("number", "1.0", [], Native(8, 9));
        Write("number", "2.0", [], Native(10, 11, 12, 13));
        foreach (var project in (string[])["typing_extensions", "colorama", "patience", "fast"])
            Write(project, "1.0", []);

        static string[] Native(params int[] minors) => [.. minors.SelectMany(static minor => ((string[])["manylinux_2_17_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_amd64"]).Select(platform => $"cp3{minor}-cp3{minor}-{platform}"))];
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
    }, ["env", .. words]);

    /// <summary>Folders of pyenv's interpreters.</summary>
    private static string[] Pythons(string versions) => Directory.GetDirectories($"{Environment.GetEnvironmentVariable("PYENV_ROOT") ?? $"{Environment.GetEnvironmentVariable("HOME")}/.pyenv"}/versions", versions);

    private void Says(string expected, params string[] words)
    {
        var said = Env(words);
        Assert.Equal((0, expected.ReplaceLineEndings("\n")), (said.ExitCode, said.Output));
    }

    [Fact]
    public void Everyone_gets_what_the_lock_says()
    {
        WriteAll();
        _folder.With("pyproject.toml", "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.8.1'\ndependencies = ['web']\n");
        Says("""
            + colorama 1.0
            + fast 1.0
            + number 1.0 and 2.0
            + patience 1.0
            + typing-extensions 1.0
            + web 2.0
            pylock.toml: 7 packages for Python >=3.8.1,<3.14 on linux_x86_64, macos_arm64, windows_amd64

            """, "lock", "--python-version", "3.8,3.9,3.10,3.11,3.12,3.13", "--platform", "linux,macos,windows");
        var lockFile = File.ReadAllText($"{_folder.Path}/pylock.toml");
        Assert.Equal("""
            colorama 1.0: sys_platform == \"win32\"
            fast 1.0: sys_platform == \"linux\"
            number 1.0: python_version < \"3.10\"
            number 2.0: python_version >= \"3.10\"
            patience 1.0: python_full_version < \"3.11.3\"
            typing-extensions 1.0: python_version < \"3.11\"
            web 2.0: always

            """.ReplaceLineEndings("\n"), string.Concat(lockFile.Split("[[packages]]").Skip(1).Select(static one => $"{Value(one, "name")} {Value(one, "version")}: {(one.Contains("\nmarker") ? Value(one, "marker") : "always")}\n")));
        // It stays for all of them, and as it is.
        Says("pylock.toml: 7 packages for Python >=3.8.1,<3.14 on linux_x86_64, macos_arm64, windows_amd64, as before\n", "lock");
        Assert.Equal(lockFile, File.ReadAllText($"{_folder.Path}/pylock.toml"));
        Says("", "export", "--lock", "pylock.toml", "-o", "exact.txt");
        string[] pythons = [.. Pythons("3.*").Where(static path => Path.GetFileName(path).Split('.')[1] is "8" or "10" or "13")];
        Assert.True(pythons.Length > 1, "there are no interpreters of pyenv to ask");
        foreach (var python in pythons)
        {
            var version = Path.GetFileName(python);
            string[] expected = version.Split('.')[1] switch
            {
                "8" => ["fast-1.0", "number-1.0", "patience-1.0", "typing_extensions-1.0", "web-2.0"],
                "10" => ["fast-1.0", "number-2.0", "patience-1.0", "typing_extensions-1.0", "web-2.0"],
                _ => ["fast-1.0", "number-2.0", "web-2.0"],
            };
            var start = new ProcessStartInfo($"{python}/bin/python", ["-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--find-links", Wheels, "--require-hashes", "--target", $"{_folder.Path}/of-pip-{version}", "-r", $"{_folder.Path}/exact.txt"]) { RedirectStandardError = true };
            using var pip = Process.Start(start)!;
            var error = pip.StandardError.ReadToEnd();
            pip.WaitForExit();
            Assert.True(pip.ExitCode == 0, error);
            Assert.Equal(expected, Distributions($"{_folder.Path}/of-pip-{version}"));
            Assert.Equal(0, Env("create", version, "--python", version).ExitCode);
            Assert.Equal(0, Env("sync", "--env", version).ExitCode);
            Assert.Equal(expected, Distributions(Directory.GetDirectories($"{_folder.Path}/environments/{version}/lib", "python*").Single() + "/site-packages"));
        }
    }

    [Fact]
    public void What_sources_are_built_with_is_locked_for_each()
    {
        SourceProject.Archive(Wheels, "made", new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['helper']\nbuild-backend = 'backend'\nbackend-path = ['.']\n[project]\nname = 'made'\nversion = '1.0'\n",
            ["backend.py"] = """
                import base64, hashlib, zipfile, helper
                def build_wheel(folder, config_settings=None, metadata_directory=None):
                    files = {"made.py": f"by = {helper.version!r}\n", "made-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: made\nVersion: 1.0\n", "made-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
                    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n" for name, text in files.items()) + "made-1.0.dist-info/RECORD,,\n"
                    with zipfile.ZipFile(f"{folder}/made-1.0-py3-none-any.whl", "w") as wheel:
                        for name, text in [*files.items(), ("made-1.0.dist-info/RECORD", record)]:
                            wheel.writestr(name, text)
                    return "made-1.0-py3-none-any.whl"
                """,
        });
        foreach (var (version, python) in ((string, string)[])[("1.0", ">=3.8"), ("2.0", ">=3.11")])
            WheelFile.WriteWith(Wheels, "helper", version, new Dictionary<string, string> { ["helper.py"] = $"version = '{version}'\n" }, $"Name: helper\nRequires-Python: {python}\n");
        Says("+ made 1.0\npylock.toml: 1 package for Python >=3.10,<3.12 on linux_x86_64, macos_arm64\n", "lock", "made", "--python-version", "3.10,3.11", "--platform", "linux,macos", "--allow-build", "made");
        var lockFile = File.ReadAllText($"{_folder.Path}/pylock.toml");
        Assert.Contains("version = \"1.0\", marker = \"python_version < \\\"3.11\\\"\"", lockFile, StringComparison.Ordinal);
        Assert.Contains("version = \"2.0\", marker = \"python_version >= \\\"3.11\\\"\"", lockFile, StringComparison.Ordinal);
        foreach (var (python, by) in ((string, string)[])[("3.10", "1.0"), ("/usr/bin/python3", "2.0")])
        {
            Assert.Equal(0, Env("create", $"of-{by}", "--python", python).ExitCode);
            Assert.Equal(0, Env("sync", "--env", $"of-{by}", "--allow-build", "made").ExitCode);
            Says($"{by}\n", "run", "--env", $"of-{by}", "--", "python", "-c", "import made; print(made.by)");
        }
    }

    /// <summary>Of one project another file for each half of the interpreters, folders, an archive with the project in a folder of it, and a wheel of an index that needs one of the addresses.</summary>
    private void WriteAddresses()
    {
        BackendWheels.Write(Wheels);
        Write("beta", "1.0", []);
        Write("needs", "1.0", ["alpha"]);
        var addressed = Directory.CreateDirectory($"{_folder.Path}/addressed").FullName;
        foreach (var version in (string[])["1.0", "2.0"])
            WheelFile.Write(addressed, "alpha", version, new Dictionary<string, string> { ["alpha.py"] = $"version = '{version}'\n" }, requires: ["beta"]);
        _server.Files["alpha-2.0-py3-none-any.whl"] = File.ReadAllBytes($"{addressed}/alpha-2.0-py3-none-any.whl");
        WheelFile.Write(addressed, "native", "1.0", new Dictionary<string, string> { ["native.py"] = "" });
        File.Move($"{addressed}/native-1.0-py3-none-any.whl", $"{addressed}/native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl");
        foreach (var name in (string[])["work", "edited"])
            SourceProject.Folder($"{_folder.Path}/{name}", Flit(name));
        SourceProject.Archive(_folder.Path, "inside", Flit("inside").ToDictionary(static file => $"python/{file.Key}", static file => file.Value));

        static Dictionary<string, string> Flit(string name) => new()
        {
            ["pyproject.toml"] = $"[build-system]\nrequires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\n[project]\nname = '{name}'\nversion = '1.0'\ndescription = ''\ndependencies = ['beta']\n",
            [$"{name}.py"] = "",
        };
    }

    [Fact]
    public void What_comes_from_addresses_is_locked_for_each()
    {
        WriteAddresses();
        _folder.With("requirements.txt", $"""
            needs
            alpha @ file://{_folder.Path}/addressed/alpha-1.0-py3-none-any.whl ; python_version < "3.12"
            alpha @ {_server.Address}alpha-2.0-py3-none-any.whl ; python_version >= "3.12"
            ./addressed/native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl ; python_version == "3.11" and sys_platform == "linux"
            ./work ; python_version < "3.12"
            -e ./edited
            inside @ file://{_folder.Path}/inside-1.0.tar.gz#subdirectory=python ; sys_platform == "linux"

            """);
        string[] words = ["lock", "-r", "requirements.txt", "--python-version", "3.11,3.13", "--platform", "linux,windows"];
        var refused = Env(words);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("inside-1.0.tar.gz is sources, from which nothing is built without permission\nhint: ", refused.Error, StringComparison.Ordinal);
        words = [.. words, "--allow-build", "inside"];
        Says("""
            + alpha 1.0 and 2.0
            + beta 1.0
            + edited (folder)
            + inside 1.0
            + native 1.0
            + needs 1.0
            + work (folder)
            pylock.toml: 8 packages for Python >=3.11,!=3.12.*,<3.14 on linux_x86_64, windows_amd64

            """, words);
        var lockFile = File.ReadAllText($"{_folder.Path}/pylock.toml");
        Assert.Equal($$$"""
            [[packages]]
            name = "alpha"
            version = "1.0"
            marker = "python_version < \"3.13\""
            dependencies = [{name = "beta"}]
            archive = {path = "addressed/alpha-1.0-py3-none-any.whl", size = *, hashes = {sha256 = "*"}}

            [[packages]]
            name = "alpha"
            version = "2.0"
            marker = "python_version >= \"3.13\""
            dependencies = [{name = "beta"}]
            archive = {url = "{{{_server.Address}}}alpha-2.0-py3-none-any.whl", size = *, hashes = {sha256 = "*"}}

            [[packages]]
            name = "beta"
            version = "1.0"
            index = "file://{{{Wheels}}}"
            wheels = [
                {name = "beta-1.0-py3-none-any.whl", url = "file://{{{Wheels}}}/beta-1.0-py3-none-any.whl", size = *, hashes = {sha256 = "*"}},
            ]

            [[packages]]
            name = "edited"
            dependencies = [{name = "beta"}]
            directory = {path = "edited", editable = true}

            [[packages]]
            name = "inside"
            version = "1.0"
            marker = "sys_platform == \"linux\""
            dependencies = [{name = "beta"}]
            archive = {path = "inside-1.0.tar.gz", size = *, hashes = {sha256 = "*"}, subdirectory = "python"}
            [packages.tool.mayfly]
            build-requires = [
                {name = "flit-core", *},
            ]

            [[packages]]
            name = "native"
            version = "1.0"
            marker = "python_version < \"3.13\" and sys_platform == \"linux\""
            archive = {path = "addressed/native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", size = *, hashes = {sha256 = "*"}}

            [[packages]]
            name = "needs"
            version = "1.0"
            dependencies = [{name = "alpha", archive = {path = "addressed/alpha-1.0-py3-none-any.whl"}}, {name = "alpha", archive = {url = "{{{_server.Address}}}alpha-2.0-py3-none-any.whl"}}]
            index = "file://{{{Wheels}}}"
            wheels = [
                {name = "needs-1.0-py3-none-any.whl", url = "file://{{{Wheels}}}/needs-1.0-py3-none-any.whl", size = *, hashes = {sha256 = "*"}},
            ]

            [[packages]]
            name = "work"
            marker = "python_version < \"3.13\""
            dependencies = [{name = "beta"}]
            directory = {path = "work"}

            """.ReplaceLineEndings("\n"), Told().Replace(lockFile[lockFile.IndexOf("[[packages]]", StringComparison.Ordinal)..], "*"));
        // It stays for all of them, and as it is; what is read is written again as it was.
        Says("pylock.toml: 8 packages for Python >=3.11,!=3.12.*,<3.14 on linux_x86_64, windows_amd64, as before\n", "lock", "-r", "requirements.txt", "--allow-build", "inside");
        Says(lockFile.Replace(_folder.Path, "FOLDER", StringComparison.Ordinal), "export", "--lock", "pylock.toml", "--format", "pylock");
        Assert.Equal(0, Env("export", "--lock", "pylock.toml", "-o", "exact.txt").ExitCode);
        foreach (var (python, expected) in ((string, string[])[])[("/usr/bin/python3", ["alpha-1.0", "beta-1.0", "edited-1.0", "inside-1.0", "native-1.0", "needs-1.0", "work-1.0"]), ("3.13", ["alpha-2.0", "beta-1.0", "edited-1.0", "inside-1.0", "needs-1.0"])])
        {
            var name = Path.GetFileName(python);
            foreach (var environment in (string[])[$"of-{name}", $"of-pip-{name}"])
                Assert.Equal(0, Env("create", environment, "--python", python).ExitCode);
            var synced = Env("sync", "--env", $"of-{name}", "--allow-build", "inside");
            Assert.True(synced.ExitCode == 0, synced.Error);
            // What a folder has may have changed.
            Says(expected.Contains("work-1.0") ? $"~ work 1.0\nof-{name}: 1 changed\n" : $"nothing to do in of-{name}\n", "sync", "--env", $"of-{name}", "--allow-build", "inside");
            // Debian's pip runs up to Python 3.11; pyenv's interpreters have their own.
            var into = $"{_folder.Path}/environments/of-pip-{name}/bin/python";
            var (program, first) = python[0] == '/' ? (into, (string[])[$"{Directory.GetFiles("/usr/share/python-wheels", "pip-*.whl").Single()}/pip"]) : ($"{Pythons("3.13.*").Single()}/bin/python", ["-m", "pip", "--python", into]);
            var start = new ProcessStartInfo(program, [.. first, "--isolated", "--disable-pip-version-check", "install", "--quiet", "--no-cache-dir", "--no-index", "--find-links", Wheels, "-r", "exact.txt"]) { RedirectStandardError = true, WorkingDirectory = _folder.Path };
            using var pip = Process.Start(start)!;
            var error = pip.StandardError.ReadToEnd();
            pip.WaitForExit();
            Assert.True(pip.ExitCode == 0, error);
            foreach (var environment in (string[])[$"of-{name}", $"of-pip-{name}"])
                Assert.Equal(expected, Distributions(Directory.GetDirectories($"{_folder.Path}/environments/{environment}/lib", "python*").Single() + "/site-packages"));
            Says("", "run", "--env", $"of-{name}", "--", "python", "-c", $"import edited; assert edited.__file__ == '{_folder.Path}/edited/edited.py', edited.__file__");
        }
    }

    /// <summary>pip takes no marker with <c>-e</c>.</summary>
    [Fact]
    public void What_is_edited_for_some_alone_is_exported_for_some_alone()
    {
        WriteAddresses();
        _folder.With("requirements.txt", $"-e \"work @ file://{_folder.Path}/work ; python_version < '3.12'\"\n");
        Says("+ beta 1.0\n+ work (folder)\npylock.toml: 2 packages for Python >=3.11,!=3.12.*,<3.14 on linux_x86_64\n", "lock", "-r", "requirements.txt", "--python-version", "3.11,3.13", "--platform", "linux");
        Assert.Contains("marker = \"python_version < \\\"3.13\\\"\"\ndependencies = [{name = \"beta\"}]\ndirectory = {path = \"work\", editable = true}\n", _folder.Read("pylock.toml"), StringComparison.Ordinal);
        var exported = Env("export", "--lock", "pylock.toml");
        Assert.Equal("beta==1.0 ; python_version < \"3.13\"\nwork @ file://FOLDER/work ; python_version < \"3.13\"\n", exported.Output);
        Assert.EndsWith("note: pip takes no marker with -e, so work is to be installed from its folder and not used where it is\n", exported.Error, StringComparison.Ordinal);
    }

    /// <summary>Of one project two addresses for one interpreter, a wheel that is not for all, and other contents than the digest says in the one environment that has it.</summary>
    [Theory]
    [InlineData("lock-for-two-addresses", "alpha @ file://{0}/addressed/alpha-1.0-py3-none-any.whl ; python_version < '3.14'\nalpha @ file://{0}/addressed/alpha-2.0-py3-none-any.whl ; python_version >= '3.12'\n")]
    [InlineData("lock-for-a-wheel-of-others", "native @ file://{0}/addressed/native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl ; python_version < '3.12'\n")]
    [InlineData("lock-for-other-contents", "alpha @ file://{0}/addressed/alpha-1.0-py3-none-any.whl ; python_version < '3.12' --hash=sha256:{1}\nalpha @ file://{0}/addressed/alpha-2.0-py3-none-any.whl ; python_version >= '3.12' --hash=sha256:{2}\nbeta==1.0 --hash=sha256:{3}\n")]
    public void An_address_that_is_none_for_somebody_is_told(string snapshot, string requirements)
    {
        WriteAddresses();
        string Digest(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        var (one, other) = (Digest($"{_folder.Path}/addressed/alpha-1.0-py3-none-any.whl"), Digest($"{_folder.Path}/addressed/alpha-2.0-py3-none-any.whl"));
        var beta = Digest($"{Wheels}/beta-1.0-py3-none-any.whl");
        string[] words = ["lock", "-r", "requirements.txt", "--python-version", "3.11,3.13", "--platform", "linux,windows"];
        // The two digests are those of each other.
        _folder.With("requirements.txt", string.Format(CultureInfo.InvariantCulture, requirements, _folder.Path, other, one, beta));
        var said = Env(words);
        (said with { Error = said.Error.Replace(one, "ONE", StringComparison.Ordinal).Replace(other, "OTHER", StringComparison.Ordinal) }).ShouldMatch(snapshot);
        if (snapshot == "lock-for-other-contents")
        {
            _folder.With("requirements.txt", string.Format(CultureInfo.InvariantCulture, requirements, _folder.Path, one, other, beta));
            Assert.Equal(0, Env(words).ExitCode);
        }
    }

    [GeneratedRegex("""(?<=size = )\d+|(?<=sha256 = ")[0-9a-f]{64}|(?<=name = "flit-core", ).*(?=\},$)""", RegexOptions.Multiline)]
    private static partial Regex Told();

    private static string Value(string table, string name) => table.Split('\n').First(line => line.StartsWith($"{name} = ", StringComparison.Ordinal))[(name.Length + 4)..^1];

    private static string[] Distributions(string folder) => [.. Directory.GetDirectories(folder, "*.dist-info").Select(static path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("lock-not-for-this-python", "lock", "web", "--python-version", "3.8", "--platform", "linux")]
    [InlineData("lock-not-for-this-system", "lock", "web", "--python-version", "3.11", "--platform", "windows")]
    public void A_lock_that_is_for_others_is_told(string snapshot, params string[] words)
    {
        WriteAll();
        Assert.Equal(0, Env(words).ExitCode);
        Assert.Equal(0, Env("create", "shop", "--python", "/usr/bin/python3").ExitCode);
        Env("sync", "--env", "shop").ShouldMatch(snapshot);
    }

    [Theory]
    [InlineData("lock-for-no-wheel", "lock", "web", "--universal", "--python-version", "3.10")]
    [InlineData("lock-for-no-platform", "lock", "web", "--platform", "plan9")]
    [InlineData("lock-for-no-python", "lock", "web", "--python-version", "2.7")]
    [InlineData("lock-for-two-alike", "lock", "web", "--platform", "manylinux_2_17_x86_64,alpine")]
    public void What_cannot_be_locked_is_told(string snapshot, params string[] words)
    {
        WriteAll();
        Env(words).ShouldMatch(snapshot);
    }
}
