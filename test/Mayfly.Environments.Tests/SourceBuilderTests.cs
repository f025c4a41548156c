using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments.Tests;

/// <summary>What is built of sources is what pip builds of them with the same backends, and nothing is built without permission.</summary>
[Trait("needs", "oracle")]
public sealed class SourceBuilderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-sources-").FullName;

    private Store Store => field ??= Store.Open($"{_folder}/store");

    private Interpreter Python => field ??= Interpreter.Ask("/usr/bin/python3");

    /// <summary>Backends, and whatever a test puts there.</summary>
    private string Links
    {
        get
        {
            if (field is null)
                BackendWheels.Write(field = $"{_folder}/links");
            return field;
        }
    }

    private PythonSources Sources => new() { Links = [new Uri(Links)], Builds = BuildPermission.All };

    public void Dispose() => Trees.Remove(_folder);

    [Fact]
    public async Task What_is_built_is_what_pip_builds_byte_for_byte()
    {
        foreach (var (project, files) in SourceProject.All)
            SourceProject.Archive(Links, project, files);
        var chosen = await ResolveAsync([.. SourceProject.All.Keys]);
        Assert.Equal(["flitted", "hatched", "new", "old", "own", "poetic", "wheel"], chosen.Select(static one => one.Project.Text));
        Assert.Equal("wheel", string.Join(' ', chosen.Single(static one => one.Project.Text == "old").Requires.Select(static one => one.Name)));
        var built = await DistributionFetch.WheelsAsync(Store, chosen, Sources, Builder, cancellationToken: TestContext.Current.CancellationToken);

        // What asks for more only when its backend is asked gets it.
        Assert.Equal(["flit-core"], built.Single(static wheel => wheel.Name.StartsWith("own", StringComparison.Ordinal)).Requires.Select(static one => one.Project.Text));
        Assert.Equal(["setuptools", "wheel"], built.Single(static wheel => wheel.Name.StartsWith("old", StringComparison.Ordinal)).Requires.Select(static one => one.Project.Text));

        var theirs = VirtualEnvironment.Create($"{_folder}/theirs", Python);
        var backends = Directory.GetFiles(Links, "*.whl").Select(path => WheelFile.Keep(Store, path)).ToArray();
        theirs.Change([.. UnpackedWheel.All(Store, backends).Select(wheel => WheelPlan.Of(wheel, Python, theirs.Root, isRequested: true))], []);
        var (code, said) = Run($"{theirs.Root}/bin/python", [Path.Combine(AppContext.BaseDirectory, "pip-wheel.py"), $"{_folder}/wheels", .. Directory.GetFiles(Links, "*.tar.gz")]);
        Assert.True(code == 0, said);
        foreach (var wheel in built.Where(static wheel => wheel.Requires.Count > 0))
            Assert.Equal((wheel.Name, Digest($"{_folder}/wheels/{wheel.Name}")), (wheel.Name, wheel.Sha256));
        Assert.Equal(SourceProject.All.Count, built.Count(static wheel => wheel.Requires.Count > 0));
    }

    /// <summary>A tiny extension in C, as setuptools builds it.</summary>
    private static Dictionary<string, string> Extension(string first = "#include <Python.h>", string compiler = "") => new()
    {
        ["pyproject.toml"] = "[build-system]\nrequires = ['setuptools', 'wheel']\nbuild-backend = 'setuptools.build_meta'\n",
        ["setup.py"] = $"import os\n{(compiler.Length > 0 ? $"os.environ['CC'] = '{compiler}'\n" : "")}from setuptools import setup, Extension\nsetup(name='fast', version='1.0', ext_modules=[Extension('fast', ['fast.c'])])\n",
        ["fast.c"] = first + """

            static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
            static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
            static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", 0, -1, methods};
            PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }

            """,
    };

    [Fact]
    public async Task An_extension_in_C_is_built_for_this_interpreter_and_runs()
    {
        SourceProject.Archive(Links, "fast", Extension());
        var built = await BuildAsync("fast");
        Assert.Equal($"fast-1.0-cp{Python.Major}{Python.Minor}-cp{Python.Major}{Python.Minor}-linux_{Python.Target.Markers.PlatformMachine}.whl", built.Name);
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        environment.Change([WheelPlan.Of(UnpackedWheel.All(Store, [(built.Name, built.Sha256)])[0], Python, environment.Root, isRequested: true)], []);
        Assert.Equal((0, "42\n"), Run($"{environment.Root}/bin/python", "-c", "import fast; print(fast.answer())"));
        // Built anew, it is the same byte for byte.
        foreach (var kept in Directory.GetFiles(Store.Folder(StoreArea.Indexes), "built-*"))
            File.Delete(kept);
        Assert.Equal(built.Sha256, (await BuildAsync("fast")).Sha256);
    }

    [Fact]
    public async Task What_a_build_lacks_on_this_host_is_told_with_the_compilers_words_and_the_package()
    {
        SourceProject.Archive(Links, "fast", Extension("#include <not/there.h>"));
        var header = await Assert.ThrowsAsync<MayflyException>(() => BuildAsync("fast"));
        Assert.Contains("fatal error: not/there.h: No such file or directory", header.Message, StringComparison.Ordinal);
        Assert.EndsWith("; not/there.h is not on this host: a package has it, whose name mostly ends in -dev (on Debian, apt-file search not/there.h tells which)", header.Hint, StringComparison.Ordinal);

        SourceProject.Archive(Links, "fast", Extension(compiler: "/nowhere/gcc-12"));
        var compiler = await Assert.ThrowsAsync<MayflyException>(() => BuildAsync("fast"));
        Assert.Contains("error: command '/nowhere/gcc-12' failed: No such file or directory", compiler.Message, StringComparison.Ordinal);
        Assert.EndsWith("; there is no compiler gcc-12 for C on this host: apt-get install gcc libc6-dev", compiler.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fast.c:1:10: fatal error: Python.h: No such file or directory", "the headers of PYTHON are not on this host: apt-get install FOLDER-dev")]
    [InlineData("/usr/include/python3.11/Python.h:12:10: fatal error: limits.h: No such file or directory", "the headers of the C library are not on this host: apt-get install libc6-dev")]
    [InlineData("fast.c:1:10: fatal error: 'ffi.h' file not found", "ffi.h is not on this host: a package has it, whose name mostly ends in -dev (on Debian, apt-file search ffi.h tells which)")]
    [InlineData("unable to execute 'x86_64-linux-gnu-g++': No such file or directory", "there is no compiler x86_64-linux-gnu-g++ for C++ on this host: apt-get install g++")]
    [InlineData("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "there is no compiler x86_64-linux-gnu-gcc for C on this host: apt-get install gcc libc6-dev")]
    [InlineData("error: something else", null)]
    public void What_compilers_say_names_what_is_missing(string said, string? missing) =>
        Assert.Equal(missing?.Replace("PYTHON", Python.Name, StringComparison.Ordinal).Replace("FOLDER", Python.FolderName, StringComparison.Ordinal), BuildNeeds.Missing(said, new HostBuildPlace(Python)));

    [Fact]
    public async Task Settings_come_to_the_backend_and_make_another_wheel_of_the_same_sources()
    {
        SourceProject.Archive(Links, "told", new Dictionary<string, string>
        {
            ["pyproject.toml"] = "[build-system]\nrequires = ['flit_core']\nbuild-backend = 'backend'\nbackend-path = ['build']\n[project]\nname = 'told'\nversion = '1.0'\ndescription = ''\n",
            ["build/backend.py"] = "def build_wheel(folder, config_settings=None, metadata_directory=None):\n    from flit_core.buildapi import build_wheel\n    open('told.py', 'a').write('settings = %r\\n' % (config_settings,))\n    return build_wheel(folder, config_settings, metadata_directory)\n",
            ["told.py"] = "'''Told'''\n",
        });
        var (without, with) = (await ToldAsync(), await ToldAsync(("--global-option", "a"), ("--global-option", "b = c"), ("plain", "")));
        Assert.Equal(["settings = None", "settings = {'--global-option': ['a', 'b = c'], 'plain': ''}"], [without.Line, with.Line]);
        // Both are kept, each for its own.
        Assert.Equal([without, with], [await ToldAsync(), await ToldAsync(("--global-option", "a"), ("--global-option", "b = c"), ("plain", ""))]);

        async Task<(string Sha256, string Line)> ToldAsync(params (string Name, string Value)[] settings)
        {
            var sources = Sources with { Settings = settings };
            var wheel = (await DistributionFetch.WheelsAsync(Store, await ResolveAsync("told"), sources, new SourceBuilder(Store, Python, sources), cancellationToken: TestContext.Current.CancellationToken))[0];
            return (wheel.Sha256, Encoding.UTF8.GetString(UnpackedWheel.All(Store, [(wheel.Name, wheel.Sha256)])[0].Contents("told.py")!).Split('\n')[1]);
        }
    }

    [Fact]
    public async Task What_was_built_is_built_once_and_anew_where_what_it_is_built_with_is_another()
    {
        SourceProject.Archive(Links, "flitted", SourceProject.All["flitted"]);
        var first = await BuildAsync("flitted");
        // A build would find no interpreter.
        var gone = new SourceBuilder(Store, Python, Sources);
        var built = Directory.GetFiles(Store.Folder(StoreArea.Indexes), "built-*").Length;
        Assert.Equal(first.Sha256, (await DistributionFetch.WheelsAsync(Store, await ResolveAsync("flitted"), Sources, gone, cancellationToken: TestContext.Current.CancellationToken))[0].Sha256);
        Assert.Equal(built, Directory.GetFiles(Store.Folder(StoreArea.Indexes), "built-*").Length);

        // A newer backend, which a lock of the older one does not take.
        var chosen = (await ResolveAsync("flitted"))[0];
        var version = Path.GetFileName(Directory.GetFiles(Links, "flit_core-*.whl").Single()).Split('-')[1];
        WheelFile.Write(Links, "flit_core", "3.99", UnpackedFiles($"{Links}/flit_core-{version}-py3-none-any.whl"));
        var locked = await DistributionFetch.WheelsAsync(Store, [chosen with { BuildRequires = first.Requires }], Sources, Builder, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((first.Sha256, version), (locked[0].Sha256, locked[0].Requires[0].Version.ToString()));
        Assert.Equal("3.99", (await BuildAsync("flitted")).Requires[0].Version.ToString());
        Assert.True(Directory.GetFiles(Store.Folder(StoreArea.Indexes), "built-*").Length > built);
        Assert.Empty(Directory.GetDirectories(Store.Folder(StoreArea.Tmp)));
    }

    [Fact]
    public async Task A_lock_keeps_what_is_built_and_with_what()
    {
        SourceProject.Archive(Links, "old", SourceProject.All["old"]);
        var chosen = await ResolveAsync("old");
        var wheels = await DistributionFetch.WheelsAsync(Store, chosen, Sources, Builder, cancellationToken: TestContext.Current.CancellationToken);
        var text = Pylock.Of(DistributionFetch.Locked(chosen, wheels), Python.Target).ToString();
        var read = Pylock.Read(text, "pylock.toml", new Uri($"{_folder}/pylock.toml"));
        Assert.Equal(text, read.ToString());
        var again = read.For(Python.Target, "pylock.toml");
        Assert.Equal(["old 1.0 old-1.0.tar.gz: setuptools 66.1.1 wheel 0.38.4", "wheel 0.38.4 wheel-0.38.4-py3-none-any.whl: "],
            again.Select(static one => $"{one.Project} {one.Version} {one.File!.Name}: {string.Join(' ', (one.BuildRequires ?? []).Select(static need => $"{need.Project} {need.Version}"))}"));

        // The same is installed from the lock alone, with permission.
        var environment = VirtualEnvironment.Create($"{_folder}/environment", Python);
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => EnvironmentPlan.Exactly(environment, again).RunAsync(Store, environment, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("old-1.0.tar.gz is sources, from which nothing is built without permission", failure.Message);
        Assert.Empty(environment.Installed());
        var plan = EnvironmentPlan.Exactly(environment, again, builds: BuildPermission.Of(ProjectName.Parse("old")));
        await plan.RunAsync(Store, environment, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["old", "wheel"], environment.Installed().Select(static one => one.Project.Text));
        Assert.True(EnvironmentPlan.Exactly(environment, again).IsEmpty);
        // Of the same version, and made of other sources.
        var other = new Dictionary<string, string> { ["sha256"] = new('0', 64) };
        Assert.Equal(["old"], EnvironmentPlan.Exactly(environment, [.. again.Select(one => one.IsSource ? one with { File = one.File! with { Hashes = other } } : one)]).Install.Select(static one => one.Chosen.Project.Text));
    }

    [Theory]
    [InlineData("Requires-Dist: wheel\nRequires-Python: >=3.8\n", "says-1.0.tar.gz cannot be used: its wheel does not need wheel, which the sources say it does")]
    [InlineData("Requires-Python: >=3.9\n", "says-1.0.tar.gz cannot be used: its wheel is for Python >=3.8, and the sources say >=3.9")]
    [InlineData("Requires-Python: >=3.8\n", null)]
    public async Task A_wheel_is_what_its_sources_say_of_it(string said, string? message)
    {
        var files = new Dictionary<string, string>(Named("says", "requires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\n")) { ["says.py"] = "" };
        files["pyproject.toml"] += "requires-python = '>=3.8'\n";
        SourceProject.Archive(Links, "says", files, $"Metadata-Version: 2.2\nName: says\nVersion: 1.0\n{said}");
        var chosen = await ResolveAsync("says");
        var building = DistributionFetch.WheelsAsync(Store, chosen, Sources, Builder, cancellationToken: TestContext.Current.CancellationToken);
        if (message is null)
            Assert.NotEmpty(await building);
        else
            Assert.Equal(message, (await Assert.ThrowsAnyAsync<MayflyException>(() => building)).Message);
    }

    [Fact]
    public async Task Nothing_is_built_without_permission()
    {
        SourceProject.Archive(Links, "flitted", SourceProject.All["flitted"]);
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(Sources with { Builds = BuildPermission.Of(ProjectName.Parse("other")) }, "flitted"));
        Assert.Equal($"no versions fit together for Python {Python.Target.Version}:\nflitted is asked for, but flitted 1.0 has sources alone, from which nothing is built without permission", failure.Message);
        Assert.Equal("a build runs code of that project: permit it with --allow-build=flitted, or take a version that has a wheel", failure.Hint);
        failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(Sources with { Formats = FileFormats.Any.With(true, ":all:") }, "flitted"));
        Assert.EndsWith("flitted 1.0 has sources alone, and --only-binary asks for wheels", failure.Message, StringComparison.Ordinal);
        // What building needs must be permitted too.
        var sources = Sources with { Builds = BuildPermission.Of(ProjectName.Parse("needy")) };
        SourceProject.Archive(Links, "needy", Named("needy", "requires = ['flitted']\nbuild-backend = 'flit_core.buildapi'\n"));
        failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(sources, "needy"));
        Assert.StartsWith("what needy-1.0.tar.gz needs to be built cannot be had: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--allow-build=flitted", failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("requires = ['flit_core']\nbuild-backend = 'flit_core.nothing'\n", "bad-1.0.tar.gz cannot be built: its build backend flit_core.nothing is not among what it says that building needs: there is no module flit_core.nothing")]
    [InlineData("requires = ['flit_core']\nbuild-backend = 'backend'\nbackend-path = ['../..']\n", "bad-1.0.tar.gz cannot be built: its backend-path leads out of it, to ")]
    [InlineData("requires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\nbackend-path = ['.']\n", "bad-1.0.tar.gz cannot be built: its build backend flit_core.buildapi is not in its backend-path")]
    [InlineData("requires = []\nbuild-backend = 'fails'\nbackend-path = ['.']\n", "bad-1.0.tar.gz cannot be built: it ended with exit code 1 in fails, prepare_metadata_for_build_wheel:\n  looking for libodd\n  Traceback (most recent call last):\n")]
    [InlineData("requires = []\nbuild-backend = 'ends'\nbackend-path = ['.']\n", "bad-1.0.tar.gz cannot be built: it ended without an answer in ends, get_requires_for_build_wheel, and said nothing")]
    [InlineData("requires = []\nbuild-backend = 'lies'\nbackend-path = ['.']\n", "bad-1.0.tar.gz cannot be used: its build says that it made '../../etc/passwd', which is no wheel")]
    [InlineData("requires = []\nbuild-backend = 'other'\nbackend-path = ['.']\n", "bad-1.0.tar.gz cannot be used: it turns out to be other 2.0")]
    [InlineData("requires = ['bad']\nbuild-backend = 'bad'\n", "bad-1.0.tar.gz cannot be built, since building it needs itself: bad-1.0.tar.gz needs bad-1.0.tar.gz")]
    [InlineData("requires = ['missing']\nbuild-backend = 'bad'\n", "what bad-1.0.tar.gz needs to be built cannot be had: no versions fit together")]
    [InlineData("build-backend = 'bad'\n", "pyproject.toml of bad-1.0.tar.gz: [build-system] says no requires")]
    public async Task A_build_that_fails_is_told_with_what_it_said(string system, string message)
    {
        var files = new Dictionary<string, string>(Named("bad", system))
        {
            ["fails.py"] = "import sys\ndef prepare_metadata_for_build_wheel(folder, config_settings=None):\n    print('looking for libodd', file=sys.stderr)\n    raise SystemError('\\033[31mno libodd')\n",
            ["ends.py"] = "import os\ndef get_requires_for_build_wheel(config_settings=None):\n    os._exit(0)\n",
            ["lies.py"] = "def build_wheel(folder, config_settings=None, metadata_directory=None):\n    return '../../etc/passwd'\n",
            ["other.py"] = "import os\ndef prepare_metadata_for_build_wheel(folder, config_settings=None):\n    os.mkdir(folder + '/other-2.0.dist-info')\n    open(folder + '/other-2.0.dist-info/METADATA', 'w').write('Metadata-Version: 2.1\\nName: other\\nVersion: 2.0\\n')\n    return 'other-2.0.dist-info'\n",
        };
        SourceProject.Archive(Links, "bad", files);
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync("bad"));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint!);
        Assert.DoesNotContain('\u001b', failure.Message);
        if (system.Contains("'fails'", StringComparison.Ordinal))
            Assert.Contains("no libodd", File.ReadAllText(failure.Hint!.Split(" is in ")[1].Split(';')[0]), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Store.Folder(StoreArea.Tmp)));
    }

    private SourceBuilder Builder => new(Store, Python, Sources);

    private static Dictionary<string, string> Named(string name, string system) => new() { ["pyproject.toml"] = $"[build-system]\n{system}[project]\nname = '{name}'\nversion = '1.0'\ndescription = ''\n", [$"{name}.py"] = "" };

    private Task<IReadOnlyList<ChosenDistribution>> ResolveAsync(params string[] wanted) => ResolveAsync(Sources, wanted);

    private Task<IReadOnlyList<ChosenDistribution>> ResolveAsync(PythonSources sources, params string[] wanted) =>
        PythonResolution.ResolveAsync(Store, [.. wanted.Select(DependencySpecifier.Parse)], Python.Target, sources, cancellationToken: TestContext.Current.CancellationToken, builder: new SourceBuilder(Store, Python, sources));

    private async Task<BuiltWheel> BuildAsync(string project) => (await DistributionFetch.WheelsAsync(Store, await ResolveAsync(project), Sources, Builder, cancellationToken: TestContext.Current.CancellationToken)).Single();

    private static Dictionary<string, string> UnpackedFiles(string wheel)
    {
        using var zip = System.IO.Compression.ZipFile.OpenRead(wheel);
        return zip.Entries.Where(static entry => !entry.FullName.Contains(".dist-info/", StringComparison.Ordinal)).ToDictionary(static entry => entry.FullName, static entry => new StreamReader(entry.Open()).ReadToEnd());
    }

    private static string Digest(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static (int Code, string Output) Run(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in ((string, string)[])[("SOURCE_DATE_EPOCH", "315532800"), ("LC_ALL", "C.UTF-8"), ("PYTHONDONTWRITEBYTECODE", "1")])
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
