using System.Diagnostics;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>The files of an environment, spoilt by whoever may write there, and what the store keeps of interpreters.</summary>
[Trait("needs", "oracle")]
public sealed class EnvironmentNoiseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-env-").FullName;
    private readonly Store _store;

    public EnvironmentNoiseTests() => _store = Store.Open($"{_folder}/store");

    public void Dispose() => Trees.Remove(_folder);

    private static Interpreter Python => field ??= Interpreter.Ask("/usr/bin/python3");

    /// <summary>What it is read by: that of all of it, and what is wrong in it.</summary>
    private static VirtualEnvironment Looked(VirtualEnvironment environment)
    {
        _ = EnvironmentCheck.Of(environment);
        _ = EnvironmentRecord.Origins(environment);
        foreach (var one in environment.Installed())
            _ = (one.Metadata.Requires.Count, one.Files.Count, one.RecordFault, one.Origin?.Requirement());
        return environment;
    }

    private VirtualEnvironment Made()
    {
        string[] wheels = [.. Directory.GetFiles("/usr/share/python-wheels", "wheel-*.whl"), WheelFile.Write(_folder, "report", "1.4", new Dictionary<string, string> { ["report.py"] = "", ["report-1.4.dist-info/entry_points.txt"] = "[console_scripts]\nreport = report:main\n" }, true, "wheel>=0.30; python_version > '3'")];
        return VirtualEnvironment.Create($"{_folder}/env", Python, install: [.. UnpackedWheel.All(_store, [.. wheels.Select(path => WheelFile.Keep(_store, path))]).Select(wheel => WheelPlan.Of(wheel, Python, $"{_folder}/env", isRequested: true, wheel.Name.Project.Text == "wheel" ? new DirectUrl { Url = "file:///srv/wheel", IsFolder = true, IsEditable = true } : null) with { Index = new Uri("https://index.test/simple/") })]);
    }

    [Theory]
    [InlineData(".mayfly", 4_000)]
    [InlineData("RECORD", 2_000)]
    [InlineData("METADATA", 2_000)]
    [InlineData("INSTALLER", 500)]
    [InlineData("direct_url.json", 2_000)]
    public void Files_of_an_environment(string name, int cases)
    {
        var made = Made();
        var path = name == ".mayfly" ? $"{made.Root}/.mayfly" : Directory.GetFiles(made.PackagesFolder, name, SearchOption.AllDirectories).First(static path => path.Contains("wheel-", StringComparison.Ordinal));
        Noise.Each(cases, [File.ReadAllBytes(path)], bytes =>
        {
            File.WriteAllBytes(path, bytes);
            Looked(made);
            return name switch
            {
                ".mayfly" => EnvironmentRecord.Read(made.Root) is not null,
                "direct_url.json" => DirectUrl.Read(Encoding.UTF8.GetString(bytes)) is not null,
                "RECORD" => made.Installed().All(static one => one.RecordFault is null),
                "METADATA" => made.Installed().All(static one => one.Metadata.Sha256.Length > 0),
                _ => bytes.Length > 3,
            };
        });
    }

    [Fact]
    public void Settings_of_an_environment()
    {
        var made = Made();
        Noise.Each(2_000, [File.ReadAllBytes($"{made.Root}/pyvenv.cfg"), "home = /usr/bin\nimplementation = CPython\nversion_info = 3.11.2.final.0\nvirtualenv = 20.17.1\ninclude-system-site-packages = false\nbase-prefix = /usr\nprompt = 'a \"b\"'\n"u8.ToArray()], bytes =>
        {
            File.WriteAllBytes($"{made.Root}/pyvenv.cfg", bytes);
            var read = Looked(VirtualEnvironment.Read(made.Root, _store));
            Assert.Equal(["report", "wheel"], read.Installed().Select(static one => one.Project.Text));
            return read.Loss is null;
        });
    }

    [Fact]
    public void Programs_that_a_distribution_wants() => Noise.Each(10_000, [.. Directory.GetFiles("/usr/lib/python3/dist-packages", "entry_points.txt", SearchOption.AllDirectories).Select(File.ReadAllBytes), "[console_scripts]\nodd = odd:main\nodd2=odd.more:Main.run [extra]\n; no\n[gui_scripts]\nwindow = odd:window\n"u8.ToArray()], static bytes =>
    {
        foreach (var point in EntryPoint.Read(Encoding.UTF8.GetString(bytes), "odd 1.0"))
        {
            Assert.DoesNotContain('/', point.Name);
            Assert.NotEmpty(point.Script("/srv/env/bin/python"));
        }

        return true;
    });

    [Fact]
    public void Answers_of_interpreters()
    {
        var answer = Answer();
        Noise.Each(20_000, [answer, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(answer).Replace("cpython", "pypy", StringComparison.Ordinal).Replace("\"flags\": \"\"", "\"flags\": \"td\"", StringComparison.Ordinal))], static bytes =>
        {
            if (Interpreter.TryRead(Encoding.UTF8.GetString(bytes)) is not { } read)
                return false;
            Assert.StartsWith("/", read.Executable, StringComparison.Ordinal);
            Assert.NotEmpty(read.Target.Tags);
            Assert.NotEmpty($"{read.Name}{read.Library}{string.Join(' ', read.Programs)}");
            return true;
        });
    }

    /// <summary>What is damaged in the store is asked anew.</summary>
    [Fact]
    public void Kept_answers()
    {
        var path = $"{_folder}/answer";
        Interpreter.Keep(path, Encoding.UTF8.GetString(Answer()));
        Noise.Each(5_000, [File.ReadAllBytes(path)], bytes =>
        {
            File.WriteAllBytes(path, bytes);
            if (Interpreter.Kept(path) is not { } read)
                return false;
            Assert.Equal((Python.Executable, Python.SitePackages, Python.Name), (read.Executable, read.SitePackages, read.Name));
            return true;
        }, isSealed: true);
        Assert.Equal(Python.Name, Interpreter.Ask("/usr/bin/python3", _store).Name);
        foreach (var kept in Directory.GetFiles(_store.Folder(StoreArea.Indexes), "interpreter-*"))
            File.WriteAllText(kept, File.ReadAllText(kept).Replace("site-packages", "side-packages", StringComparison.Ordinal));
        Assert.Equal(Python.SitePackages, Interpreter.Ask("/usr/bin/python3", _store).SitePackages);
    }

    [Fact]
    public void A_record_that_names_devices_and_pipes_is_looked_at_and_nothing_waits()
    {
        var made = Made();
        Assert.Empty(EnvironmentCheck.Of(made));
        Run("mkfifo", $"{made.PackagesFolder}/pipe", $"{made.Root}/bin/pipe");
        File.AppendAllText($"{made.PackagesFolder}/report-1.4.dist-info/RECORD", "/dev/zero,sha256=x,1\npipe,sha256=x,1\n\0,sha256=x,1\nreport-1.4.dist-info,sha256=x,1\n");
        Assert.Equal(["/dev/zero", "pipe", "\0", "report-1.4.dist-info"], EnvironmentCheck.Of(made).Where(static one => one.StartsWith("report 1.4 lacks its file ", StringComparison.Ordinal)).Select(static one => one["report 1.4 lacks its file ".Length..]));
    }

    [Fact]
    public void An_interpreter_that_is_a_link_to_itself_is_told()
    {
        var made = Made();
        File.Delete($"{made.Root}/bin/python");
        Nodes.MakeLink("python", $"{made.Root}/bin/python");
        var refusal = Assert.Throws<MayflyException>(() => VirtualEnvironment.Open(made.Root));
        Assert.StartsWith($"{made.Root}/bin/python is a link that leads nowhere: ", refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Hint!);
        Assert.Equal(["report", "wheel"], VirtualEnvironment.Read(made.Root).Installed().Select(static one => one.Project.Text));
        // Nor does such a one on PATH keep others from being found.
        var search = new InterpreterSearch(_store, new Dictionary<string, string> { ["PATH"] = $"{made.Root}/bin:/usr/bin" }, _folder);
        Assert.Equal(Python.Executable, search.Find().Executable);
    }

    private static byte[] Answer()
    {
        using var question = new StreamReader(typeof(Interpreter).Assembly.GetManifestResourceStream("Mayfly.Environments.interpreter.py")!);
        return Encoding.UTF8.GetBytes(Run("/usr/bin/python3", "-I", "-S", "-c", question.ReadToEnd()));
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
