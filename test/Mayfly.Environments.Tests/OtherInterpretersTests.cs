using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Environments.Tests;

/// <summary>PyPy, Debian's own, unpacked into a folder; and CPython without the global lock, of which a real one answers as that would (PEP 703).</summary>
[Trait("needs", "oracle")]
public sealed class OtherInterpretersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-kinds-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    /// <summary>The tags of the interpreter itself, and of the platform as packaging names it.</summary>
    private const string Tags = "import sys; sys.path.insert(0, sys.argv[1]); from packaging import tags; print('\\n'.join(map(str, tags.sys_tags())))";

    [Fact]
    public void Environments_of_PyPy_are_what_its_venv_makes()
    {
        Shell("apt-get -q download pypy3 pypy3-lib pypy3-venv && for archive in *.deb; do dpkg-deb -x $archive pypy; done && cp pypy/usr/lib/*/libpypy3* pypy/usr/bin/");
        var program = $"{_folder}/pypy/usr/bin/pypy3";
        var python = Interpreter.Ask(program);
        Assert.Equal(("pypy", false, false), (python.Target.Markers.ImplementationName, python.IsCPython, python.IsFreeThreaded));
        Assert.Equal($"lib/pypy{python.Major}.{python.Minor}/site-packages", python.SitePackages);
        Assert.StartsWith("PyPy 3.", python.Name, StringComparison.Ordinal);
        Assert.Equal(Run(program, "-c", Tags, "/usr/lib/python3/dist-packages").Split('\n', StringSplitOptions.RemoveEmptyEntries), python.Target.Tags.Select(static tag => tag.ToString()));

        var ours = VirtualEnvironment.Create($"{_folder}/ours", python);
        Run(program, "-m", "venv", "--without-pip", $"{_folder}/theirs");
        Assert.Equal(Names($"{_folder}/theirs").Where(static name => name != "bin/Activate.ps1"), Names(ours.Root));
        const string Question = "import sys, sysconfig; print(sys.prefix != sys.base_prefix, sys.base_prefix, sysconfig.get_path('purelib')[len(sys.prefix):], [p[len(sys.prefix):] for p in sys.path if p.startswith(sys.prefix)])";
        foreach (var name in (string[])["python", "python3", "pypy", "pypy3"])
            Assert.Equal(Run($"{_folder}/theirs/bin/{name}", "-c", Question), Run($"{ours.Root}/bin/{name}", "-c", Question));
        Assert.Equal(python.Executable, VirtualEnvironment.Open($"{_folder}/theirs").Interpreter.Executable);

        // What is installed is what pip installs, headers and programs among it.
        var store = Store.Open($"{_folder}/store");
        var wheel = WheelFile.Write(_folder, "odd", "1.0", new Dictionary<string, string>
        {
            ["odd/__init__.py"] = "def main():\n    import platform\n    print(platform.python_implementation())\n",
            ["odd-1.0.data/headers/odd.h"] = "#define ODD\n",
            ["+odd-1.0.data/scripts/odd-script"] = "#!python\nimport odd\nodd.main()\n",
            ["odd-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nodd = odd:main\n",
        });
        ours.Change([WheelPlan.Of(UnpackedWheel(store, wheel), python, ours.Root, isRequested: true)], []);
        Run($"{_folder}/theirs/bin/python", Path.Combine(AppContext.BaseDirectory, "pip-install.py"), wheel);
        Assert.Equal(Names($"{_folder}/theirs").Where(static name => name != "bin/Activate.ps1" && !name.EndsWith("direct_url.json", StringComparison.Ordinal)), Names(ours.Root).Where(static name => name != ".mayfly"));
        Assert.Equal("PyPy\n", Run($"{ours.Root}/bin/odd"));
        Assert.Equal("PyPy\n", Run($"{ours.Root}/bin/odd-script"));
        Assert.Equal(File.ReadAllText($"{_folder}/theirs/bin/odd").Replace("/theirs/", "/ours/", StringComparison.Ordinal), File.ReadAllText($"{ours.Root}/bin/odd"));
        // It is found by its name, and by a version where there is no CPython of it.
        var search = new InterpreterSearch(store, new Dictionary<string, string> { ["PATH"] = $"{_folder}/pypy/usr/bin", ["HOME"] = _folder }, _folder);
        Assert.Equal(python.Executable, search.Find("pypy3").Executable);
        Assert.Equal(python.Executable, search.Find($"{python.Major}.{python.Minor}").Executable);
        Assert.Equal("/usr/bin/python3.11", search.Find("3.11").Executable);
        // A copy names itself.
        ours.Copy($"{_folder}/copy");
        Assert.Equal("PyPy\n", Run($"{_folder}/copy/bin/odd"));
    }

    [Fact]
    public void One_without_the_global_lock_says_what_it_is()
    {
        var real = Directory.GetFiles($"{Environment.GetEnvironmentVariable("PYENV_ROOT") ?? $"{Environment.GetEnvironmentVariable("HOME")}/.pyenv"}/versions", "python3.13", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }).FirstOrDefault();
        Assert.SkipWhen(real is null, "there is no CPython 3.13, whose answers would be those of its build without the lock");
        // No such build can be had where this runs: a usual one is told that it is one, and answers by its own rules (sysconfig's "abi_thread").
        const string Free = "import sys, sysconfig; sysconfig.get_config_vars().update(Py_GIL_DISABLED=1, abi_thread='t', EXT_SUFFIX='.cpython-313t-x86_64-linux-gnu.so'); sys.abiflags = 't'; exec(sys.argv.pop(1))";
        var program = $"{_folder}/bin/python3.13t";
        Directory.CreateDirectory($"{_folder}/bin");
        File.WriteAllText(program, $"#!/bin/sh\nwhile [ \"$1\" != -c ]; do shift; done\nshift\nexec {real} -I -c \"{Free}\" \"$@\"\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        var python = Interpreter.Ask(program);
        Assert.Equal((true, true, "lib/python3.13t/site-packages"), (python.IsCPython, python.IsFreeThreaded, python.SitePackages));
        Assert.EndsWith("t", python.Name, StringComparison.Ordinal);
        Assert.Equal(["python", "python3", "python3.13", "python3.13t"], python.Programs);
        var vendored = Run(real!, "-c", "import pip._vendor; print(pip._vendor.__path__[0])").Trim();
        Assert.Equal(Run(program, "-c", Tags, vendored).Split('\n', StringSplitOptions.RemoveEmptyEntries), python.Target.Tags.Select(static tag => tag.ToString()));
        Assert.Contains(python.Target.Tags, static tag => tag.ToString() == "cp313-cp313t-linux_x86_64");
        Assert.DoesNotContain(python.Target.Tags, static tag => tag.Abi == "abi3");

        var environment = VirtualEnvironment.Create($"{_folder}/env", python);
        Assert.True(Directory.Exists($"{environment.Root}/lib/python3.13t/site-packages"));
        Assert.True(File.Exists($"{environment.Root}/bin/python3.13t"));
        // A version without the letter is one with the lock.
        var search = new InterpreterSearch(Store.Open($"{_folder}/store"), new Dictionary<string, string> { ["PATH"] = $"{_folder}/bin:{Path.GetDirectoryName(real)}", ["HOME"] = _folder }, _folder);
        Assert.True(search.Find("3.13t").IsFreeThreaded);
        Assert.False(search.Find("3.13").IsFreeThreaded);
    }

    private static Packages.Python.UnpackedWheel UnpackedWheel(Store store, string path) => Packages.Python.UnpackedWheel.All(store, [WheelFile.Keep(store, path)]).Single();

    private static string[] Names(string root) => [.. Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Select(path => path[(root.Length + 1)..])
        .Where(static name => !name.StartsWith("lib64/", StringComparison.Ordinal) && !name.Contains("__pycache__", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private void Shell(string text) => Run("/bin/sh", "-ec", $"cd {_folder}; {text}");

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}{error.Result}");
        return output;
    }
}
