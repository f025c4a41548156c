using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>Environments are what Python's own venv makes, and what is installed into them is what pip would have installed.</summary>
[Trait("needs", "oracle")]
public sealed class VirtualEnvironmentTests : IDisposable
{
    private static readonly Dictionary<string, string> Odd = new()
    {
        ["odd/__init__.py"] = "def main():\n    import sys\n    print('odd', *sys.argv[1:])\n    return 3\n",
        ["odd/data.txt"] = "ümlaut\n",
        ["+odd/runs.sh"] = "#!/bin/sh\n",
        ["odd-1.0.data/purelib/more.py"] = "x = 1\n",
        ["odd-1.0.data/platlib/odd_native.py"] = "x = 2\n",
        ["odd-1.0.data/headers/odd.h"] = "#define ODD\n",
        ["odd-1.0.data/data/share/odd/page.txt"] = "page\n",
        ["+odd-1.0.data/scripts/odd-script"] = "#!python\nimport more, odd_native, sys\nprint(more.x + odd_native.x, sys.prefix)\n",
        ["+odd-1.0.data/scripts/odd-shell"] = "#!/bin/sh\necho shell\n",
        ["odd-1.0.dist-info/entry_points.txt"] = "; a comment\n[console_scripts]\nodd = odd:main\nodd2=odd:main [extra]\n\n[other]\nx = y\n",
        ["odd-1.0.dist-info/licenses/LICENSE"] = "free\n",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-env-").FullName;
    private readonly Store _store;

    /// <summary>Debian's own, whatever stands before it in PATH.</summary>
    private Interpreter Python => field ??= Interpreter.Ask("/usr/bin/python3");

    public VirtualEnvironmentTests() => _store = Store.Open($"{_folder}/store");

    public void Dispose() => Trees.Remove(_folder);

    [Fact]
    public void An_empty_one_is_what_venv_makes()
    {
        var ours = VirtualEnvironment.Create($"{_folder}/ours", Python);
        Assert.Equal(0, Run("/usr/bin/python3", "-m", "venv", "--without-pip", $"{_folder}/theirs").Code);
        string[] theirs = [.. Names($"{_folder}/theirs").Where(static name => name is not ("bin/Activate.ps1" or "include/python3.11"))];
        Assert.Equal(theirs, Names(ours.Root));
        // Both are environments to Python itself, and of the same interpreter.
        const string Question = "import sys, sysconfig; print(sys.prefix != sys.base_prefix, sys.base_prefix, sysconfig.get_path('purelib')[len(sys.prefix):], [p[len(sys.prefix):] for p in sys.path if p.startswith(sys.prefix)])";
        Assert.Equal(Run($"{_folder}/theirs/bin/python", "-c", Question).Output, Run($"{ours.Root}/bin/python", "-c", Question).Output);
        Assert.StartsWith("True", Run($"{ours.Root}/bin/python", "-c", Question).Output, StringComparison.Ordinal);
        // What is asked of an environment's interpreter is said of the one that it was made with.
        Assert.Equal(Python.Executable, VirtualEnvironment.Open($"{_folder}/theirs").Interpreter.Executable);
    }

    [Fact]
    public void What_is_installed_is_what_pip_installs()
    {
        string[] wheels = [.. Directory.GetFiles("/usr/share/python-wheels", "*.whl"), WheelFile.Write(_folder, "odd", "1.0", Odd), WheelFile.Write(_folder, "native", "2.0", new Dictionary<string, string> { ["native.py"] = "" }, pure: false)];
        foreach (var root in (string[])["a", $"{new string('l', 130)}", "with a space"])
        {
            var ours = VirtualEnvironment.Create($"{_folder}/ours/{root}", Python);
            ours.Change(Plans(ours, wheels), []);
            var theirs = VirtualEnvironment.Create($"{_folder}/theirs/{root}", Python);
            var (code, said) = Run($"{theirs.Root}/bin/python", [Path.Combine(AppContext.BaseDirectory, "pip-install.py"), .. wheels]);
            Assert.True(code == 0, said);
            Assert.Equal(Names(theirs.Root).Where(static name => !name.EndsWith("direct_url.json", StringComparison.Ordinal)), Names(ours.Root).Where(static name => name != ".mayfly"));
            foreach (var name in Names(ours.Root).Where(name => name != ".mayfly" && Nodes.Read($"{ours.Root}/{name}").Kind == NodeKind.File && name is not "pyvenv.cfg" && !name.StartsWith("bin/activate", StringComparison.Ordinal)))
            {
                var expected = File.ReadAllText($"{theirs.Root}/{name}").Replace(theirs.Root, ours.Root, StringComparison.Ordinal);
                if (name.EndsWith("/INSTALLER", StringComparison.Ordinal))
                    expected = "mayfly\n";
                if (name.EndsWith("/RECORD", StringComparison.Ordinal))
                    Assert.Equal(Lines(expected), Lines(File.ReadAllText($"{ours.Root}/{name}")));
                else if (name != "bin/odd-script" || root == "a") // Where its path is long or has a space, pip leaves a script that does not run.
                    Assert.Equal(expected, File.ReadAllText($"{ours.Root}/{name}"));
                Assert.True(Nodes.Read($"{theirs.Root}/{name}").Mode == Nodes.Read($"{ours.Root}/{name}").Mode, name);
            }

            Assert.Equal((3, "odd a b\n"), Run($"{ours.Root}/bin/odd", "a", "b"));
            Assert.Equal((3, "odd\n"), Run($"{ours.Root}/bin/odd2"));
            Assert.Equal((0, $"3 {ours.Root}\n"), Run($"{ours.Root}/bin/odd-script"));
            Assert.Equal((0, "shell\n"), Run($"{ours.Root}/bin/odd-shell"));
            Assert.Equal(["native", "odd", "pip", "setuptools"], ours.Installed().Select(static one => one.Project.Text).Where(static name => name is not "wheel"));
            // Plain pip finds everything in order, and takes things away again.
            Assert.Equal(0, Run($"{ours.Root}/bin/python", "-m", "pip", "check").Code);
            Assert.Equal(0, Run($"{ours.Root}/bin/python", "-m", "pip", "uninstall", "--quiet", "--yes", "odd").Code);
            Assert.DoesNotContain(Names(ours.Root), static name => name.Contains("odd", StringComparison.Ordinal) && name is not "share/odd");
        }

        // The origin of what is no index's, the programs' own digests, and what is listed for the interpreter's sake differ with the path.
        static IEnumerable<string> Lines(string record) => record.ReplaceLineEndings("\n").Split('\n').Where(static line => !line.Contains("direct_url.json", StringComparison.Ordinal) && !line.Contains("/INSTALLER,", StringComparison.Ordinal) && !line.StartsWith("../../../bin/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void A_change_is_there_whole_and_can_be_gone_back_from()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        File.WriteAllText($"{environment.Root}/own.txt", "mine\n");
        var one = WheelFile.Write(_folder, "part", "1.0", new Dictionary<string, string> { ["part/__init__.py"] = "v = 1\n", ["part/old.py"] = "" });
        var two = WheelFile.Write(_folder, "part", "2.0", new Dictionary<string, string> { ["part/__init__.py"] = "v = 2\n", ["part/new.py"] = "" });
        Assert.False(environment.CanRollBack);
        environment.Change(Plans(environment, one), []);
        Assert.Equal("1\n", Run($"{environment.Root}/bin/python", "-c", "import part.old; print(part.v)").Output);
        environment.Change(Plans(environment, two), []);
        Assert.Equal("2\n", Run($"{environment.Root}/bin/python", "-c", "import part.new; print(part.v)").Output);
        Assert.DoesNotContain(Names(environment.Root), static name => name.Contains("old", StringComparison.Ordinal));
        environment.RollBack();
        Assert.Equal("1\n", Run($"{environment.Root}/bin/python", "-c", "import part.old; print(part.v)").Output);
        environment.RollBack();
        Assert.Equal("2\n", Run($"{environment.Root}/bin/python", "-c", "import part.new; print(part.v)").Output);
        environment.Change([], [ProjectName.Parse("part")]);
        Assert.Empty(environment.Installed());
        Assert.Equal("mine\n", File.ReadAllText($"{environment.Root}/own.txt"));
        Assert.Empty(Of("part"));
        // Nothing else is left over.
        Assert.Equal([".env.before", ".env.lock", "env"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Where(static name => name!.Contains("env", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        IEnumerable<string> Of(string prefix) => Names($"{environment.Root}/lib/python3.11/site-packages").Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_that_have_the_same_file_are_refused_before_anything_is_touched()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        var one = WheelFile.Write(_folder, "one", "1.0", new Dictionary<string, string> { ["shared.py"] = "" });
        var two = WheelFile.Write(_folder, "two", "1.0", new Dictionary<string, string> { ["shared.py"] = "" });
        var before = Names(environment.Root);
        Refused("two 1.0 and one 1.0 both have lib/python3.11/site-packages/shared.py", one, two);
        Assert.Equal(before, Names(environment.Root));
        environment.Change(Plans(environment, one), []);
        Refused("two 1.0 and one 1.0, which is installed both have lib/python3.11/site-packages/shared.py", two);
        File.WriteAllText($"{environment.Root}/lib/python3.11/site-packages/mine.py", "");
        Refused("mine 1.0 would replace lib/python3.11/site-packages/mine.py, which belongs to no distribution", WheelFile.Write(_folder, "mine", "1.0", new Dictionary<string, string> { ["mine.py"] = "" }));
        Refused("evil 1.0 cannot be installed: it would write bin/python3, which belongs to the environment itself", WheelFile.Write(_folder, "evil", "1.0", new Dictionary<string, string> { ["evil-1.0.data/scripts/python3"] = "" }));
        Refused("evil 1.1 cannot be installed: it would write pyvenv.cfg, which belongs to the environment itself", WheelFile.Write(_folder, "evil", "1.1", new Dictionary<string, string> { ["evil-1.1.data/data/pyvenv.cfg"] = "" }));
        Refused("evil 1.2 cannot be installed: its entry points name the program '../x', which is no file's name", WheelFile.Write(_folder, "evil", "1.2", new Dictionary<string, string> { ["evil-1.2.dist-info/entry_points.txt"] = "[console_scripts]\n../x = a:b\n" }));
        Refused("evil 1.3 cannot be installed: its entry points have 'x = a', which names no function of a module", WheelFile.Write(_folder, "evil", "1.3", new Dictionary<string, string> { ["evil-1.3.dist-info/entry_points.txt"] = "[console_scripts]\nx = a\n" }));
        Refused("evil 1.5 cannot be installed: it would write lib/python3.11/site-packages/one-1.0.dist-info/RECORD, among the metadata of another distribution", WheelFile.Write(_folder, "evil", "1.5", new Dictionary<string, string> { ["evil-1.5.data/purelib/one-1.0.dist-info/RECORD"] = "" }));
        Refused("evil 1.4 cannot be installed: evil-1.4.data/etc/x belongs to a folder 'etc', which is not known", WheelFile.Write(_folder, "evil", "1.4", new Dictionary<string, string> { ["evil-1.4.data/etc/x"] = "" }));

        void Refused(string message, params string[] wheels) => Assert.Equal(message, Assert.Throws<MayflyException>(() => environment.Change(Plans(environment, wheels), [])).Message);
    }

    [Fact]
    public async Task Who_waits_for_another_is_told_for_whom_and_since_when()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        var plans = Plans(environment, WheelFile.Write(_folder, "one", "1.0", new Dictionary<string, string> { ["one.py"] = "" }));
        var told = new System.Collections.Concurrent.BlockingCollection<string>();
        Task waits;
        using (EnvironmentTurn.Take(environment.Root, null, TestContext.Current.CancellationToken))
        {
            waits = Task.Run(() => environment.Change(plans, [], new Told(told)), TestContext.Current.CancellationToken);
            Assert.Matches($"^env is being changed by process {Environment.ProcessId} since [0-9][0-9]:[0-9][0-9]:[0-9][0-9]$", told.Take(TestContext.Current.CancellationToken));
            Assert.Empty(environment.Installed());
        }

        await waits;
        Assert.Single(environment.Installed());
    }

    [Fact]
    public void What_pip_installed_with_byte_code_goes_whole_and_what_others_have_too_stays()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        var one = WheelFile.Write(_folder, "one", "1.0", new Dictionary<string, string> { ["one/__init__.py"] = "", ["one/inner/__init__.py"] = "", ["shared/__init__.py"] = "" });
        var two = WheelFile.Write(_folder, "two", "1.0", new Dictionary<string, string> { ["two.py"] = "", ["shared/__init__.py"] = "" });
        var (code, said) = Run($"{environment.Root}/bin/python", Path.Combine(AppContext.BaseDirectory, "pip-install.py"), "--compile", one, two);
        Assert.True(code == 0, said);
        Assert.Contains($"lib/python3.11/site-packages/one/__pycache__/__init__.cpython-311.pyc", Names(environment.Root));
        Directory.Delete($"{environment.Root}/lib/python3.11/site-packages/one/inner/__pycache__", recursive: true);
        // A record that names what is the environment's own, and a folder.
        File.AppendAllText($"{environment.Root}/lib/python3.11/site-packages/one-1.0.dist-info/RECORD", "../../../pyvenv.cfg,,\n../../../bin/python3,,\nshared,,\n../../../../../../../../etc/hostname,,\n");
        environment.Change([], [ProjectName.Parse("one")]);
        Assert.Equal(["two"], environment.Installed().Select(static distribution => distribution.Project.Text));
        Assert.DoesNotContain(Names(environment.Root), static name => name.Contains("/one", StringComparison.Ordinal));
        Assert.Contains("lib/python3.11/site-packages/shared/__init__.py", Names(environment.Root));
        Assert.Equal(0, Run($"{environment.Root}/bin/python3", "-c", "import two, shared").Code);
        Assert.True(File.Exists("/etc/hostname"));
        // A record that cannot be read is no reason to show nothing.
        File.WriteAllText($"{environment.Root}/lib/python3.11/site-packages/two-1.0.dist-info/RECORD", "\"");
        Assert.Empty(Assert.Single(environment.Installed()).Files);
    }

    [Fact]
    public void What_is_damaged_in_the_store_never_gets_into_an_environment()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        var wheel = WheelFile.Write(_folder, "one", "1.0", new Dictionary<string, string> { ["one/__init__.py"] = "", ["one/deep/er/text.py"] = "what is in it\n" });
        var plans = Plans(environment, wheel);
        var pack = plans[0].Wheel.Place;
        var bytes = File.ReadAllBytes(pack);
        bytes[bytes.AsSpan().IndexOf("what is in it"u8)]++;
        File.WriteAllBytes(pack, bytes);
        var before = Names(environment.Root);
        var refused = Assert.Throws<MayflyException>(() => environment.Change(plans, []));
        Assert.Equal("the wheel one-1.0-py3-none-any.whl was damaged in the store", refused.Message);
        Assert.Equal(before, Names(environment.Root));
        Assert.False(File.Exists(pack));
        environment.Change(Plans(environment, wheel), []);
        Assert.Equal("what is in it\n", File.ReadAllText($"{environment.PackagesFolder}/one/deep/er/text.py"));
        Assert.Equal([".env.before", ".env.lock", "env"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Where(static name => name!.Contains("env", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_lead_nobody_to_files_of_others()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        Directory.CreateDirectory($"{_folder}/sources/one");
        File.WriteAllText($"{_folder}/sources/one/work.py", "mine\n");
        var packages = $"{environment.Root}/lib/python3.11/site-packages";
        Nodes.MakeLink($"{_folder}/sources/one", $"{packages}/one");
        Directory.CreateDirectory($"{packages}/one-1.0.dist-info");
        File.WriteAllText($"{packages}/one-1.0.dist-info/RECORD", "one/work.py,,\none-1.0.dist-info/RECORD,,\n");
        var removed = Assert.Throws<MayflyException>(() => environment.Change([], [ProjectName.Parse("one")]));
        Assert.Equal($"lib/python3.11/site-packages/one in {environment.Root} is a link to {_folder}/sources/one, and what is behind it is not changed", removed.Message);
        var two = WheelFile.Write(_folder, "two", "1.0", new Dictionary<string, string> { ["one/new.py"] = "" });
        Assert.Throws<MayflyException>(() => environment.Change(Plans(environment, two), []));
        Assert.Equal(["work.py"], Directory.GetFiles($"{_folder}/sources/one").Select(Path.GetFileName));
        // lib64 is lib.
        environment.Change(Plans(environment, WheelFile.Write(_folder, "three", "1.0", new Dictionary<string, string> { ["three-1.0.data/data/lib64/python3.11/site-packages/three.py"] = "" })), []);
        Assert.Contains("lib/python3.11/site-packages/three.py", Names(environment.Root));
        environment.Change([], [ProjectName.Parse("three")]);
        Assert.True(Directory.Exists(packages));
    }

    [Fact]
    public void A_killed_change_leaves_the_old_state_and_the_next_one_takes_away_what_it_left()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        var plans = Plans(environment, WheelFile.Write(_folder, "one", "1.0", new Dictionary<string, string> { ["one.py"] = "" }));
        // As far as it came before the exchange, beside what belongs to another environment.
        Directory.CreateDirectory($"{_folder}/.env.new-12345678/lib/deep");
        Directory.CreateDirectory($"{_folder}/.env.new-other.before");
        Assert.Empty(VirtualEnvironment.Open(environment.Root).Installed());
        environment.Change(plans, []);
        Assert.Equal([".env.before", ".env.lock", ".env.new-other.before", "env"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Where(static name => name!.Contains("env", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/bin/bash")]
    [InlineData("/bin/sh")]
    public void Shells_go_in_and_come_out_as_they_were(string shell)
    {
        var environment = VirtualEnvironment.Create($"{_folder}/it's here", Python, prompt: "shop");
        const string Text = """
            set -eu
            before=$PATH PS1='$ '
            export PYTHONHOME=/nowhere
            . "$1/bin/activate"
            test "$VIRTUAL_ENV" = "$1"
            test "$PATH" = "$1/bin:$before"
            test "$PS1" = '(shop) $ '
            test -z "${PYTHONHOME+set}"
            python -c 'import sys; print(sys.prefix)'
            # Into it once more, as from another one.
            . "$1/bin/activate"
            test "$PATH" = "$1/bin:$before"
            deactivate
            test "$PATH" = "$before"
            test "$PS1" = '$ '
            test "$PYTHONHOME" = /nowhere
            test -z "${VIRTUAL_ENV+set}${VIRTUAL_ENV_PROMPT+set}"
            case $(type deactivate 2>&1) in *function*) exit 9 ;; esac
            """;
        Assert.Equal((0, $"{environment.Root}\n"), Run(shell, "-c", Text, "shell", environment.Root));
    }

    [Fact]
    public void What_is_no_environment_or_interpreter_is_told()
    {
        Assert.Equal($"{_folder} is no environment", Assert.Throws<MayflyException>(() => VirtualEnvironment.Open(_folder)).Message);
        var system = Assert.Throws<MayflyException>(() => VirtualEnvironment.Open("/usr"));
        Assert.Equal("/usr is no environment, and the Python in it belongs to the system, which alone installs into it (PEP 668)", system.Message);
        Assert.Equal("make an environment and install there: mayfly env create NAME; or, as the system says: To install Python packages system-wide, try apt install python3-xyz, where xyz is the package you are trying to install.", system.Hint);
        Directory.CreateDirectory($"{_folder}/own/lib/python3.99");
        File.WriteAllText($"{_folder}/own/lib/python3.99/EXTERNALLY-MANAGED", "[other]\nError=not this\n[externally-managed]\nError-de: nicht das\nError : this\n  and that\n\n  no more\n");
        Assert.Equal("this and that", ExternallyManaged.Find($"{_folder}/own")!.Words);
        File.WriteAllText($"{_folder}/own/lib/python3.99/EXTERNALLY-MANAGED", "");
        Assert.Equal("make an environment and install there: mayfly env create NAME", Assert.Throws<MayflyException>(() => VirtualEnvironment.Require($"{_folder}/own")).Hint);
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        Assert.Equal($"{environment.Root} is there already", Assert.Throws<MayflyException>(() => VirtualEnvironment.Create(environment.Root, Python)).Message);
        File.Delete($"{environment.Root}/bin/python");
        Nodes.MakeLink("/nowhere/python3", $"{environment.Root}/bin/python");
        Assert.Equal($"the interpreter of {environment.Root} is gone: /nowhere/python3", Assert.Throws<MayflyException>(() => VirtualEnvironment.Open(environment.Root)).Message);
        Assert.Equal("/bin/true is no Python interpreter: it does not answer as one", Assert.Throws<MayflyException>(() => Interpreter.Ask("/bin/true")).Message);
        Assert.Equal("there is no /nowhere/python3", Assert.Throws<MayflyException>(() => Interpreter.Ask("/nowhere/python3")).Message);
    }

    private IReadOnlyList<WheelPlan> Plans(VirtualEnvironment environment, params string[] wheels) =>
        [.. UnpackedWheel.All(_store, [.. wheels.Select(path => WheelFile.Keep(_store, path))]).Select(wheel => WheelPlan.Of(wheel, Python, environment.Root, isRequested: true))];

    private sealed class Told(System.Collections.Concurrent.BlockingCollection<string> told) : IProgress<Activity>
    {
        public void Report(Activity value) => told.Add(value.Detail ?? "");
    }

    private static string[] Names(string root) => [.. Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Select(path => path[(root.Length + 1)..]).Where(static name => !name.StartsWith("lib64/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + (process.ExitCode is 0 or 3 ? "" : error.Result));
    }
}
