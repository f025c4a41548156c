using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>Environments whose files are hard links of the store's.</summary>
[Trait("needs", "oracle")]
public sealed class LinkedFilesTests : IDisposable
{
    private const int Data = 0b100_100_100, Runs = 0b101_101_101;
    private static readonly Placement Linked = new() { Links = LinkMode.Hardlink };

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-linked-").FullName;
    private readonly Store _store;
    private readonly Said _said = new();

    public LinkedFilesTests() => _store = Store.Open($"{_folder}/store");

    public void Dispose()
    {
        if (File.ReadLines("/proc/self/mounts").Any(line => line.Contains($" {_folder}/disk ", StringComparison.Ordinal)))
            Mounts.Detach($"{_folder}/disk");
        Trees.Remove(_folder);
    }

    private static Interpreter Python => field ??= Interpreter.Ask("/usr/bin/python3");

    private string Part => field ??= WheelFile.Write(_folder, "part", "1.0", new Dictionary<string, string>
    {
        ["part/__init__.py"] = "def main():\n    print('runs')\n",
        ["part/same.txt"] = "the same\n",
        ["+part-1.0.data/scripts/part-sh"] = "#!/bin/sh\necho shell\n",
        ["+part-1.0.data/scripts/part-py"] = "#!python\nimport part\npart.main()\n",
        ["part-1.0.dist-info/entry_points.txt"] = "[console_scripts]\npart = part:main\n",
    });

    private string Other => field ??= WheelFile.Write(_folder, "other", "1.0", new Dictionary<string, string> { ["other/text.txt"] = "the same\n", ["other/__init__.py"] = "x = 1\n" });

    [Fact]
    public void Two_have_the_same_files_which_who_writes_in_place_cannot_change_and_who_replaces_them_changes_in_one()
    {
        var (one, two) = (Create("one", Part), Create("two", Part, Other));
        foreach (var (path, mode) in ((string, int)[])[("part/__init__.py", Data), ("part/same.txt", Data), ("part-1.0.dist-info/METADATA", Data), ("../../../bin/part-sh", Runs)])
        {
            var (first, second) = (Node(one, path), Node(two, path));
            Assert.Equal((first.Inode, mode, mode), (second.Inode, first.Mode, second.Mode));
        }

        // What two wheels have is there once; what is made for one environment is its own.
        Assert.Equal(Node(one, "part/same.txt").Inode, Node(two, "other/text.txt").Inode);
        foreach (var own in (string[])["part-1.0.dist-info/RECORD", "part-1.0.dist-info/INSTALLER", "../../../bin/part", "../../../bin/part-py"])
            Assert.Equal((1, true), (Node(one, own).Links, (Node(one, own).Mode & 0b010_000_000) != 0));
        // Every file of the store is what its name says.
        foreach (var file in Directory.GetFiles(_store.Folder(StoreArea.Files), "*", SearchOption.AllDirectories))
            Assert.StartsWith(Path.GetRelativePath(_store.Folder(StoreArea.Files), file).Replace("/", "", StringComparison.Ordinal).Replace("-x", "", StringComparison.Ordinal), Run("sha256sum", file).Output, StringComparison.Ordinal);
        Assert.Equal("runs\nruns\nshell\n", Run("sh", "-c", $"{one.Root}/bin/part && {one.Root}/bin/part-py && {one.Root}/bin/part-sh").Output);

        // The same user, without root's right to write anything.
        var written = Run("setpriv", "--bounding-set=-all", "--inh-caps=-all", "/usr/bin/python3", "-c", $"open('{one.PackagesFolder}/part/__init__.py', 'w')");
        Assert.Contains("PermissionError", written.Output);
        Assert.Equal(0, Run("sed", "-i", "s/runs/one/", $"{one.PackagesFolder}/part/__init__.py").Code);
        Assert.Equal("one\n", Run($"{one.Root}/bin/part").Output);
        Assert.Equal("runs\n", Run($"{two.Root}/bin/part").Output);
        Assert.Equal(["part/__init__.py of part 1.0 was changed"], EnvironmentCheck.Of(one));
        Assert.Empty(EnvironmentCheck.Of(two));
    }

    [Fact]
    public void What_root_writes_in_place_is_told_and_comes_as_it_was()
    {
        var (one, two) = (Create("one", Part), Create("two", Part));
        File.AppendAllText($"{one.PackagesFolder}/part/__init__.py", "# edited\n");
        var damaged = Node(one, "part/__init__.py").Inode;
        string[] told = ["part/__init__.py of part 1.0 was changed in place, and so in every environment that shares it"];
        Assert.Equal(told, EnvironmentCheck.Of(one));
        Assert.Equal(told, EnvironmentCheck.Of(two));
        var three = Create("three", Part);
        Assert.Empty(EnvironmentCheck.Of(three));
        Assert.Equal(["changed: part/__init__.py of part 1.0, which environments share, was changed in place, or given to somebody else; here it comes as it was, and mayfly env doctor tells of the others"], _said.Lines);
        Assert.Equal((damaged, damaged), (Node(one, "part/__init__.py").Inode, Node(two, "part/__init__.py").Inode));
        // What is told is mended by installing it anew.
        two.Change(Plans(two.Root, Part), []);
        Assert.Empty(EnvironmentCheck.Of(two));
        Assert.Equal(Node(three, "part/__init__.py").Inode, Node(two, "part/__init__.py").Inode);
        // One that may be written is not what it was, either.
        Files.ChangeMode($"{two.PackagesFolder}/part/same.txt", 0b110_100_100);
        Assert.Equal(["part/same.txt of part 1.0 may be written, which would change every environment that shares it"], EnvironmentCheck.Of(three));
        Assert.Equal(Data, Node(Create("four", Part), "part/same.txt").Mode);
    }

    [Fact]
    [Trait("needs", "root")]
    public void What_was_given_to_somebody_else_is_shared_with_nobody_further()
    {
        var one = Create("one", Part);
        Files.ChangeOwner($"{one.PackagesFolder}/part/__init__.py", 65534, 65534);
        var given = Node(one, "part/__init__.py").Inode;
        var two = Create("two", Part);
        Assert.NotEqual(given, Node(two, "part/__init__.py").Inode);
        Assert.StartsWith("changed: part/__init__.py of part 1.0", Assert.Single(_said.Lines));
        // A change of the environment itself, and a copy of it, share it no further either.
        one.Change(Plans(one.Root, Other), []);
        Assert.NotEqual(given, Node(one, "part/__init__.py").Inode);
    }

    [Fact]
    public void Where_it_ends_files_of_the_same_bytes_are_several_again_and_may_be_written()
    {
        var one = Create("one", Part, Other);
        Assert.Equal(Node(one, "part/same.txt").Inode, Node(one, "other/text.txt").Inode);
        var copy = one.Copy($"{_folder}/copy", links: LinkMode.Copy);
        one.Change([], [ProjectName.Parse("none")], placement: new Placement { Links = LinkMode.Copy });
        foreach (var apart in (VirtualEnvironment[])[one, copy])
        {
            Assert.NotEqual(Node(apart, "part/same.txt").Inode, Node(apart, "other/text.txt").Inode);
            Assert.Equal((1, Data | 0b010_000_000), (Node(apart, "part/same.txt").Links, Node(apart, "part/same.txt").Mode));
            Assert.Empty(EnvironmentCheck.Of(apart));
        }
    }

    [Fact]
    public void It_stays_so_through_changes_copies_and_the_way_back_until_another_mode_is_said()
    {
        var one = Create("one", Part);
        var (inode, own) = (Node(one, "part/__init__.py").Inode, $"{one.Root}/own.txt");
        File.WriteAllText(own, "mine\n");
        one.Change(Plans(one.Root, Other), []);
        Assert.Equal((inode, 0), (Node(one, "part/__init__.py").Inode, Run($"{one.Root}/bin/python", "-c", "import part, other").Code));
        Assert.Equal(2, Node(one, "other/__init__.py").Links);
        Assert.Equal(1, Nodes.Read(own).Links);
        one.RollBack();
        Assert.Equal((inode, false), (Node(one, "part/__init__.py").Inode, Path.Exists($"{one.PackagesFolder}/other")));
        one.RollBack();
        var copy = one.Copy($"{_folder}/copy");
        Assert.Equal(inode, Node(copy, "part/__init__.py").Inode);
        Assert.Equal("runs\n", Run($"{copy.Root}/bin/part-py").Output);
        copy.Change([], [ProjectName.Parse("other")]);
        Assert.Equal((inode, false), (Node(copy, "part/__init__.py").Inode, Path.Exists($"{copy.PackagesFolder}/other")));
        Assert.Equal(["part"], copy.Installed().Select(static part => part.Project.Text));
        var apart = one.Copy($"{_folder}/apart", links: LinkMode.Copy);
        apart.Change(Plans(apart.Root, Other), []);
        Assert.Equal((1, 1), (Node(apart, "part/__init__.py").Links, Node(apart, "other/__init__.py").Links));
        one.Change([], [ProjectName.Parse("other")], placement: new Placement { Links = LinkMode.Copy });
        Assert.NotEqual(inode, Node(one, "part/__init__.py").Inode);
        foreach (var all in (VirtualEnvironment[])[one, copy, apart])
            Assert.Empty(EnvironmentCheck.Of(all));
        // Plain pip takes away what is linked, and in one alone.
        Run("/usr/bin/python3", "-m", "venv", $"{_folder}/pip");
        Assert.Equal((0, ""), Run($"{_folder}/pip/bin/pip", "--python", $"{copy.Root}/bin/python", "--disable-pip-version-check", "uninstall", "--quiet", "-y", "part"));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(copy.PackagesFolder), static path => path.Contains("part", StringComparison.Ordinal));
        // What nobody has any more goes when the store is pruned.
        VirtualEnvironment.Delete(copy.Root);
        Assert.DoesNotContain(UnpackedWheel.UnusedFiles(_store), key => Nodes.Read(_store.PathOf(StoreArea.Files, key)).Inode == inode);
        VirtualEnvironment.Delete(one.Root);
        Assert.Equal(Directory.GetFiles(_store.Folder(StoreArea.Files), "*", SearchOption.AllDirectories).Length, UnpackedWheel.UnusedFiles(_store).Count);
    }

    [Fact]
    [Trait("needs", "root")]
    public void Another_file_system_is_told_and_nothing_is_made()
    {
        Mounts.Mount("tmpfs", Directory.CreateDirectory($"{_folder}/disk").FullName, "tmpfs", MountFlags.None, "size=20m");
        var refused = Assert.Throws<MayflyException>(() => Create("disk/one", Part));
        Assert.Equal(($"an environment cannot have files of the store {_store.Root} as hard links: they are on two file systems, or two mounts of one", "say --link-mode copy, or have the store under the environment's mount, and your own (MAYFLY_STORE)"), (refused.Message, refused.Hint));
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder}/disk"));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Folder(StoreArea.Tmp)));
        var wish = Assert.Throws<MayflyException>(() => Create("two", Part).Copy($"{_folder}/disk/two", links: LinkMode.Hardlink));
        Assert.Equal(($"{_folder}/disk/two cannot have files of {_folder}/two as hard links: they are on two file systems, or two mounts of one", "say --link-mode copy, or name a place under the same mount"), (wish.Message, wish.Hint));
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder}/disk"));
        // A copy there has files of its own, and goes on so.
        var copy = Create("one", Part).Copy($"{_folder}/disk/copy");
        copy.Change(Plans(copy.Root, Other), []);
        Assert.Equal((1, 1), (Node(copy, "part/__init__.py").Links, Node(copy, "other/__init__.py").Links));
    }

    [Fact]
    public void Where_a_file_may_have_no_more_names_there_is_a_second_one()
    {
        var one = Create("one", Part);
        var (first, many) = ($"{one.PackagesFolder}/part/__init__.py", Directory.CreateDirectory($"{_folder}/many").FullName);
        var made = Run("/usr/bin/python3", "-c", $"import os, errno\ntry:\n    for n in range(100000): os.link('{first}', '{many}/%d' % n)\nexcept OSError as e: print(errno.errorcode[e.errno])").Output;
        Assert.SkipWhen(made != "EMLINK\n", "files may have more than 100,000 names on this file system");
        var two = Create("two", Part);
        Assert.NotEqual(Node(one, "part/__init__.py").Inode, Node(two, "part/__init__.py").Inode);
        Assert.Equal(Node(two, "part/__init__.py").Inode, Node(Create("three", Part), "part/__init__.py").Inode);
        // What stays is copied then.
        one.Change(Plans(one.Root, Other), []);
        Assert.Empty(EnvironmentCheck.Of(one));
    }

    private VirtualEnvironment Create(string name, params string[] wheels) => VirtualEnvironment.Create($"{_folder}/{name}", Python, install: Plans($"{_folder}/{name}", wheels), placement: Linked, progress: _said);

    private IReadOnlyList<WheelPlan> Plans(string root, params string[] wheels) =>
        [.. UnpackedWheel.All(_store, [.. wheels.Select(path => WheelFile.Keep(_store, path))]).Select(wheel => WheelPlan.Of(wheel, Python, root, isRequested: true))];

    private static Node Node(VirtualEnvironment environment, string path) => Nodes.Read(Path.GetFullPath($"{environment.PackagesFolder}/{path}"));

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + (process.ExitCode == 0 ? "" : error.Result));
    }

    private sealed class Said : IProgress<Activity>
    {
        public List<string> Lines { get; } = [];

        public void Report(Activity value) => Lines.Add($"{value.Name}: {value.Detail}");
    }
}
