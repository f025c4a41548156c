using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>Byte code that is made as packages come; pip and the interpreters judge.</summary>
[Trait("needs", "oracle")]
public sealed class ByteCodeTests : IDisposable
{
    private static readonly Placement Compiled = new() { Compiles = true };

    /// <summary>All that is said about byte code: whether it is known by its source's digest and compared (PEP 552), and which file it names.</summary>
    private const string Say = """
        import glob, marshal, struct, sys
        for path in sorted(glob.glob(sys.argv[1] + "/[!l]*/**/*.pyc", recursive=True) + glob.glob(sys.argv[1] + "/lib/**/*.pyc", recursive=True)):
            data = open(path, "rb").read()
            print(struct.unpack("<I", data[4:8])[0] if sys.version_info >= (3, 7) else "-", marshal.loads(data[16 if sys.version_info >= (3, 7) else 12:]).co_filename)
        """;

    private static readonly Dictionary<string, string> Odd = new()
    {
        ["odd/__init__.py"] = "def main():\n    return {'b', 'a', 'c'} | set(x for x in 'xyz' if x in {'x', 'y', 'z', 'two', 'three'})\n",
        ["odd/older.py"] = "print 'for another version'\n",
        ["odd/no_text.py"] = "x = '\0'\n",
        ["odd/empty.py"] = "",
        ["odd/template.txt"] = "x = 1\n",
        ["odd and more ü.py"] = "x = 1\n",
        ["odd-1.0.data/data/share/odd/page.py"] = "x = 1\n",
        ["+odd-1.0.data/scripts/odd-tool.py"] = "#!python\nx = 1\n",
        ["+odd-1.0.data/scripts/odd-script"] = "#!python\nx = 1\n",
        ["odd-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nodd = odd:main\n",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-compiled-").FullName;
    private readonly Store _store;

    public ByteCodeTests() => _store = Store.Open($"{_folder}/store");

    public void Dispose() => Trees.Remove(_folder);

    private static Interpreter Debians => field ??= Interpreter.Ask("/usr/bin/python3");

    [Fact]
    public void What_pip_compiles_is_compiled_and_listed_and_taken_away_as_by_pip()
    {
        string[] wheels = [.. Directory.GetFiles("/usr/share/python-wheels", "*.whl"), WheelFile.Write(_folder, "odd", "1.0", Odd)];
        var ours = VirtualEnvironment.Create($"{_folder}/ours", Debians);
        ours.Change(Plans(Debians, ours.Root, wheels), [], placement: Compiled);
        var theirs = VirtualEnvironment.Create($"{_folder}/them", Debians);
        Run($"{theirs.Root}/bin/python", [Path.Combine(AppContext.BaseDirectory, "pip-install.py"), "--compile", .. wheels]);
        string[] compiled = [.. Names(ours.Root).Where(static name => name.EndsWith(".pyc", StringComparison.Ordinal))];
        Assert.True(compiled.Length > 300, $"{compiled.Length} modules are no real test");
        Assert.Equal(Names(theirs.Root).Where(static name => name.EndsWith(".pyc", StringComparison.Ordinal)), compiled);
        foreach (var one in ours.Installed())
            Assert.Equal(Listed(theirs, one.Information), Listed(ours, one.Information));
        foreach (var name in compiled)
            Assert.True(Nodes.Read($"{theirs.Root}/{name}").Mode == Nodes.Read($"{ours.Root}/{name}").Mode, name);
        Assert.Empty(EnvironmentCheck.Of(ours));

        // It is what Python loads, as it is: nothing is compiled again.
        var before = compiled.ToDictionary(static name => name, name => Nodes.Read($"{ours.Root}/{name}").Inode);
        Assert.Equal("['a', 'b', 'c', 'x', 'y', 'z']\n", Run($"{ours.Root}/bin/python", "-c", "import odd, odd.empty, setuptools; print(sorted(odd.main()))"));
        Assert.Equal(before, Names(ours.Root).Where(static name => name.EndsWith(".pyc", StringComparison.Ordinal)).ToDictionary(static name => name, name => Nodes.Read($"{ours.Root}/{name}").Inode));
        // Who edits a module is not shown the old one, whatever its date is.
        var source = $"{ours.PackagesFolder}/odd/__init__.py";
        var time = Nodes.Read(source).Time;
        File.WriteAllText(source, File.ReadAllText(source).Replace("'b', 'a', 'c'", "'B', 'A', 'C'", StringComparison.Ordinal));
        Nodes.SetTime(source, time);
        Assert.Equal("['A', 'B', 'C', 'x', 'y', 'z']\n", Run($"{ours.Root}/bin/python", "-c", "import odd; print(sorted(odd.main()))"));

        // Plain pip takes it away, and so does a change.
        Run($"{ours.Root}/bin/python", "-m", "pip", "uninstall", "--quiet", "--yes", "odd");
        Assert.DoesNotContain(Names(ours.Root), static name => name.Contains("odd", StringComparison.Ordinal));
        ours.Change([], [.. ours.Installed().Select(static one => one.Project)]);
        Assert.DoesNotContain(Names(ours.Root), static name => name.Contains("pyc", StringComparison.Ordinal));

        static IEnumerable<string> Listed(VirtualEnvironment environment, string information) => RecordEntry.Read(File.ReadAllText($"{environment.PackagesFolder}/{information}/RECORD")).Where(static entry => entry.Path.Contains(".pyc", StringComparison.Ordinal))
            .Select(static entry => entry.ToString()).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Only_what_comes_is_compiled_and_what_replaces_it_leaves_nothing_of_it()
    {
        string[] wheels = [WheelFile.Write(_folder, "odd", "1.0", Odd), WheelFile.Write(_folder, "part", "1.0", new Dictionary<string, string> { ["part/old.py"] = "", ["part/both.py"] = "" }), WheelFile.Write(_folder, "part", "2.0", new Dictionary<string, string> { ["part/new.py"] = "", ["part/both.py"] = "x = 2\n" })];
        var environment = VirtualEnvironment.Create($"{_folder}/env", Debians, install: Plans(Debians, $"{_folder}/env", wheels[0]));
        environment.Change(Plans(Debians, environment.Root, wheels[1]), [], placement: Compiled);
        Assert.Equal(["both", "old"], Modules());
        environment.Change(Plans(Debians, environment.Root, wheels[2]), [], placement: Compiled);
        Assert.Equal(["both", "new"], Modules());
        environment.RollBack();
        Assert.Equal(["both", "old"], Modules());
        environment.Change(Plans(Debians, environment.Root, wheels[2]), []);
        Assert.Empty(Modules());
        var copied = VirtualEnvironment.Create($"{_folder}/made", Debians, install: Plans(Debians, $"{_folder}/made", wheels[2]), placement: Compiled).Copy($"{_folder}/copy");
        Assert.Empty(EnvironmentCheck.Of(copied));
        // Python sets it right that it names the first one.
        Assert.Equal($"{copied.Root}/lib/python3.11/site-packages/part/both.py\n", Run($"{copied.Root}/bin/python", "-c", "import part.both as b; print(b.__loader__.get_code('part.both').co_filename)"));

        string[] Modules() => [.. Names(environment.Root).Where(static name => name.EndsWith(".pyc", StringComparison.Ordinal)).Select(static name => Path.GetFileName(name).Split('.')[0])];
    }

    public static TheoryData<string> Interpreters => [.. (string[])["/usr/bin/python3", .. (Directory.Exists(Pyenv) ? Directory.GetFiles(Pyenv, "python3", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }) : []).Order(StringComparer.Ordinal)]];

    private static string Pyenv => $"{Environment.GetEnvironmentVariable("PYENV_ROOT") ?? $"{Environment.GetEnvironmentVariable("HOME")}/.pyenv"}/versions";

    [Theory, MemberData(nameof(Interpreters))]
    public void Byte_code_of_the_same_files_at_the_same_path_is_the_same(string program)
    {
        var (python, root) = (Interpreter.Ask(program), $"{_folder}/env");
        string[] wheels = [.. Directory.GetFiles("/usr/share/python-wheels", "pip-*.whl"), WheelFile.Write(_folder, "odd", "1.0", Odd)];
        var first = Make(wheels);
        Assert.True(first.Count > 300, $"{first.Count} modules are no real test");
        // In another order, in other company, an interpreter compiles them to the same.
        var second = Make([.. wheels.Reverse()]);
        Assert.Equal(first.Keys.Order(), second.Keys.Order());
        if (python.Minor > 6)
            Assert.Equal([], first.Keys.Where(name => first[name] != second[name]).ToArray());
        var alone = Make(wheels[^1..]);
        if (python.Minor > 6)
            Assert.Equal([], alone.Keys.Where(name => first[name] != alone[name]).ToArray());
        var said = Run(program, "-c", Say, root).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(alone.Count, said.Length);
        // 3: known by the digest of its source, which is compared.
        Assert.All(said, line => Assert.True(line.StartsWith($"{(python.Minor > 6 ? "3" : "-")} {root}/", StringComparison.Ordinal) && File.Exists(line[2..]), line));

        Dictionary<string, string> Make(string[] these)
        {
            if (Directory.Exists(root))
                VirtualEnvironment.Delete(root);
            VirtualEnvironment.Create(root, python, install: Plans(python, root, these), placement: Compiled);
            return Names(root).Where(static name => name.EndsWith(".pyc", StringComparison.Ordinal)).ToDictionary(static name => name, name => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes($"{root}/{name}"))));
        }
    }

    [Fact]
    public void An_interpreter_that_fails_leaves_the_environment_as_it_was()
    {
        var environment = VirtualEnvironment.Create($"{_folder}/env", Debians);
        var plans = Plans(Debians, environment.Root, WheelFile.Write(_folder, "odd", "1.0", Odd));
        var broken = $"{_folder}/broken";
        File.WriteAllText(broken, "#!/bin/sh\necho oh >&2\nexit 7\n");
        File.SetUnixFileMode(broken, (UnixFileMode)0b111_101_101);
        var refused = Assert.Throws<MayflyException>(() => VirtualEnvironment.Create($"{_folder}/other", Debians with { Executable = broken }, install: Plans(Debians, $"{_folder}/other", WheelFile.Write(_folder, "odd", "1.0", Odd)), placement: Compiled));
        Assert.Equal((($"{broken} cannot compile modules: it ended with exit code 7\n  oh"), "leave out --compile: Python compiles modules as it first loads them"), (refused.Message, refused.Hint));
        Assert.False(Path.Exists($"{_folder}/other"));
        // What is behind a link is somebody else's.
        Directory.CreateSymbolicLink($"{Directory.CreateDirectory($"{environment.PackagesFolder}/odd").FullName}/__pycache__", Directory.CreateDirectory($"{_folder}/elsewhere").FullName);
        var behind = Assert.Throws<MayflyException>(() => environment.Change(plans, [], placement: Compiled));
        Assert.Equal($"{environment.SitePackages}/odd/__pycache__ in {environment.Root} is a link to {_folder}/elsewhere, and what is behind it is not changed", behind.Message);
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder}/elsewhere"));
        Directory.Delete($"{environment.PackagesFolder}/odd", recursive: true);
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => environment.Change(plans, [], placement: Compiled, cancellationToken: ended.Token));
        Assert.Empty(environment.Installed());
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_folder), static path => path.Contains(".new-", StringComparison.Ordinal));
    }

    private IReadOnlyList<WheelPlan> Plans(Interpreter interpreter, string root, params string[] wheels) =>
        [.. UnpackedWheel.All(_store, [.. wheels.Select(path => WheelFile.Keep(_store, path))]).Select(wheel => WheelPlan.Of(wheel, interpreter, root, isRequested: true))];

    private static string[] Names(string root) => [.. Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Select(path => path[(root.Length + 1)..]).Where(static name => !name.StartsWith("lib64/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }
}
