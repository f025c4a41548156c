using Mayfly.Environments.Tests;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python.Locking;
using static Mayfly.Images.Tests.ReferenceImage;

namespace Mayfly.Images.Tests;

/// <summary>The layer of an environment is what venv and pip make in the same image, and nothing but its wheels bears on it.</summary>
[Collection("reference")]
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class EnvironmentLayerTests(ReferenceImage reference)
{
    private const string Into = "/srv/app/env";

    private static readonly Dictionary<string, string> Odd = new()
    {
        ["odd/__init__.py"] = "def main():\n    import sys\n    print('odd', sys.prefix, *sys.argv[1:])\n",
        ["odd/old.py"] = "print 'of another Python'\n",
        ["odd-1.0.data/data/share/odd/page.txt"] = "page\n",
        ["+odd-1.0.data/scripts/odd-script"] = "#!python\nimport odd\n",
        ["odd-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nodd = odd:main\n",
    };

    private static string RealWheel(string project) => Directory.GetFiles("/usr/share/python-wheels", $"{project}-*.whl").Single();

    private StackLock With(params string[] wheels)
    {
        var stack = reference.Lock;
        return stack with
        {
            Environments =
            [
                new LockedEnvironment
                {
                    Set = "shop", Into = Into, Requests = [.. wheels.Select(static path => Path.GetFileName(path).Split('-')[0])], Answers = new string('a', 64), Interpreter = ImagePython.Of(stack, "shop").ToString(),
                    Wheels = [.. wheels.Select(path => (Path: path, Kept: WheelFile.Keep(reference.Store, path))).Select(static one => new LockedWheel { File = one.Kept.Name, Sha256 = one.Kept.Sha256, Size = new FileInfo(one.Path).Length, Index = "links" })],
                },
            ],
        };
    }

    private static ImageRecipe Recipe(string name, params RecipeStep[] steps) => new() { Name = name, PackageSet = "shop", Environments = [new ImageEnvironment(Into)], Steps = steps };

    private string Top(Image image, int below = 0) => new ImageStore(reference.Store).LayerFolders(image)[^(1 + below)];

    [Fact]
    public async Task It_is_what_pip_installs_into_what_venv_makes()
    {
        var folder = reference.NewFolder();
        string[] wheels = [RealWheel("setuptools"), RealWheel("wheel"), WheelFile.Write(folder, "odd", "1.0", Odd)];
        var run = new CommandStep(["sh", "-c", $"{Into}/bin/odd a b > /odd.txt; {Into}/bin/python -c 'import odd, setuptools; print(setuptools.__version__, odd.__cached__)' >> /odd.txt"]);
        var builder = new ImageBuilder(reference.Store);
        var ours = await builder.BuildAsync(With(wheels), Recipe("env/ours", run));
        Assert.Equal($"odd {Into} a b\n66.1.1 {Into}/lib/python3.11/site-packages/odd/__pycache__/__init__.cpython-311.pyc\n", await File.ReadAllTextAsync($"{Top(ours)}/odd.txt"));

        var script = $"import sys; sys.path.insert(0, '/wheels/{Path.GetFileName(RealWheel("pip"))}')\nfrom pip._internal.cli.main import main\nsys.exit(main(['--isolated', '--disable-pip-version-check', '--no-cache-dir', 'install', '--no-index', '--find-links', '/wheels', '--no-compile', *sys.argv[1:]]))\n";
        var theirs = await builder.BuildAsync(With(wheels), new ImageRecipe
        {
            Name = "env/theirs",
            PackageSet = "shop",
            Steps =
            [
                new FileStep([.. wheels.Append(RealWheel("pip")).Select(static path => new ImageFile { Path = $"/wheels/{Path.GetFileName(path)}", Source = path })]),
                new CommandStep(["sh", "-c", $"python3 -m venv --without-pip {Into} && {Into}/bin/python -B -c \"$1\" odd setuptools wheel", "sh", script]),
            ],
        });
        // What only one of both has is known: theirs says how venv was called, and has scripts for PowerShell.
        Assert.Equal(Listed($"{Top(theirs)}{Into}"), Listed($"{Top(ours, 1)}{Into}"));
        Assert.Equal("mayfly\n", await File.ReadAllTextAsync($"{Top(ours, 1)}{Into}/lib/python3.11/site-packages/odd-1.0.dist-info/INSTALLER"));
        Assert.All(Directory.EnumerateFileSystemEntries($"{Top(ours, 1)}{Into}", "*", SearchOption.AllDirectories).Select(Nodes.Read), static node => Assert.Equal((0, 0), (node.User, node.Group)));
        Assert.True(File.Exists($"{Top(ours, 1)}{Into}/lib/python3.11/site-packages/setuptools/__pycache__/__init__.cpython-311.pyc"));

        // Made again it has the same bytes.
        var digest = ours.Layers[^2];
        Trees.Remove(reference.Store.PathOf(StoreArea.Layers, digest.Key));
        Assert.Equal(digest, (await builder.BuildAsync(With(wheels), Recipe("env/ours", run))).Layers[^2]);
    }

    [Fact]
    public async Task A_wheel_more_makes_that_layer_anew_and_no_files()
    {
        var folder = reference.NewFolder();
        var (odd, even) = (WheelFile.Write(folder, "odd", "1.0", Odd), WheelFile.Write(folder, "even", "2.0", new Dictionary<string, string> { ["even.py"] = "" }));
        var files = new FileStep([new ImageFile { Path = "/srv/app/main.py", Text = "import odd\n" }]);
        var command = new CommandStep([$"{Into}/bin/python", "-c", "import odd"]);
        var builder = new ImageBuilder(reference.Store);
        var before = await builder.BuildAsync(With(odd), Recipe("env/more", files, command));
        var plan = builder.Plan(With(odd, even), Recipe("env/more", files, command));
        Assert.Equal([$"python packages {Into}", $"run {Into}/bin/python -c import odd"], plan.Layers.Where(static layer => !layer.IsBuilt).Select(static layer => layer.Origin));
        var after = await builder.BuildAsync(With(odd, even), Recipe("env/more", files, command));
        Assert.Equal(before.Layers[^2].Digest, after.Layers[^2].Digest);
        Assert.NotEqual(before.Digest, after.Digest);

        var inside = await Assert.ThrowsAsync<MayflyException>(() => builder.BuildAsync(With(odd), Recipe("env/inside", new FileStep([new ImageFile { Path = $"{Into}/more.py", Text = "" }]))));
        Assert.Equal($"{Into}/more.py is copied into the environment of Python packages at {Into}", inside.Message);
    }

    [Fact]
    public async Task Wheels_that_cannot_be_together_or_are_not_whole_leave_no_layer()
    {
        var folder = reference.NewFolder();
        var (odd, same) = (WheelFile.Write(folder, "odd", "1.0", Odd), WheelFile.Write(folder, "same", "1.0", new Dictionary<string, string> { ["odd/__init__.py"] = "" }));
        var builder = new ImageBuilder(reference.Store);
        var before = Directory.GetDirectories(reference.Store.Folder(StoreArea.Layers)).Length;
        var twice = await Assert.ThrowsAsync<MayflyException>(() => builder.BuildAsync(With(odd, same), Recipe("env/twice")));
        Assert.Equal("same 1.0 and odd 1.0 both have lib/python3.11/site-packages/odd/__init__.py", twice.Message);

        var changed = WheelFile.Write(folder, "changed", "1.0", new Dictionary<string, string> { ["changed.py"] = "x = 1\n" });
        var stack = With(changed);
        await File.AppendAllTextAsync(reference.Store.PathOf(StoreArea.Artifacts, stack.Environments[0].Wheels[0].Sha256), "x", TestContext.Current.CancellationToken);
        var damaged = await Assert.ThrowsAsync<MayflyException>(() => builder.BuildAsync(stack, Recipe("env/changed")));
        Assert.Equal(("the wheel changed-1.0-py3-none-any.whl was damaged in the store", "it was removed: run the command again, and it is fetched anew"), (damaged.Message, damaged.Hint));
        Assert.InRange(Directory.GetDirectories(reference.Store.Folder(StoreArea.Layers)).Length, before, before + 2);
        Assert.DoesNotContain(new ImageStore(reference.Store).List(), static image => image.Name is "env/twice" or "env/changed");
    }

    [Fact]
    public async Task A_library_that_nothing_has_is_told_before_anybody_imports_it()
    {
        var folder = reference.NewFolder();
        await File.WriteAllTextAsync($"{folder}/empty.c", "int nothing;\n", TestContext.Current.CancellationToken);
        foreach (var (name, file) in (IEnumerable<(string, string)>)[("libpcap.so.0.8", "libpcap.so"), ("libown.so.3", "libown.so"), ("libz.so.1", "libz.so")])
            Run("gcc", "-shared", $"-Wl,-soname,{name}", "-o", $"{folder}/{file}", $"{folder}/empty.c");
        Run("gcc", "-shared", "-o", $"{folder}/module.so", $"{folder}/empty.c", "-Wl,--no-as-needed", $"-L{folder}", "-lpcap", "-lown", "-lz", "-lc");
        byte[] module = await File.ReadAllBytesAsync($"{folder}/module.so", TestContext.Current.CancellationToken), own = await File.ReadAllBytesAsync($"{folder}/libown.so", TestContext.Current.CancellationToken);
        var wheel = WheelFile.Write(folder, "native", "1.0", new Dictionary<string, byte[]> { ["native/module.cpython-311-x86_64-linux-gnu.so"] = module, ["native.libs/libown-1234.so.3"] = own, ["native/notelf.so"] = "\u007fELF\u0002\u0001"u8.ToArray() }, "", pure: false);
        var failure = await Assert.ThrowsAsync<MissingLibrariesException>(() => new ImageBuilder(reference.Store).BuildAsync(With(wheel), Recipe("env/native")));
        Assert.Equal("Python packages of shop want shared libraries that the image does not have: libpcap.so.0.8 (native 1.0)", failure.Message);
        Assert.Equal("install the Debian packages that have libpcap.so.0.8, or take other versions of what wants it", failure.Hint);
        Assert.Equal("add .Install(\"libpcap0.8\") to shop", new MissingLibrariesException(failure.Component, failure.Wanted, new Dictionary<string, string> { ["libpcap.so.0.8"] = "libpcap0.8" }).Hint);
    }

    /// <summary>Name, mode and contents of each; byte code aside, and what is known to differ: who installed, the words of scripts that activate (they are our own), and the name by which python3.11 is linked to.</summary>
    private static IEnumerable<string> Listed(string root) => Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        .Where(static path => !path.Contains("__pycache__", StringComparison.Ordinal) && Path.GetFileName(path) is not ("Activate.ps1" or "INSTALLER"))
        .Where(path => path != $"{root}/include/python3.11")
        .Order(StringComparer.Ordinal).Select(path => (Path: path[root.Length..], Node: Nodes.Read(path), Full: path)).Select(static one => $"{one.Path} {Convert.ToString(one.Node.Mode, 8)} {one.Node.Kind switch
        {
            _ when one.Path.StartsWith("/bin/activate", StringComparison.Ordinal) || one.Path.StartsWith("/bin/python", StringComparison.Ordinal) => "",
            NodeKind.Link => Nodes.ReadLink(one.Full),
            NodeKind.File => string.Join('\n', InNoOrder(one.Path, File.ReadLines(one.Full).Where(static line => !line.Contains("INSTALLER,", StringComparison.Ordinal) && !line.StartsWith("command = ", StringComparison.Ordinal)))),
            _ => "",
        }}");

    /// <summary>The lines of a RECORD say the same in any order.</summary>
    private static IEnumerable<string> InNoOrder(string path, IEnumerable<string> lines) => path.EndsWith("/RECORD", StringComparison.Ordinal) ? lines.Order(StringComparer.Ordinal) : lines;
}
