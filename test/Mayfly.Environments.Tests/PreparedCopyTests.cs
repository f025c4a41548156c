using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>What was made before an environment asked for it: it has the same as by copying, has it alone, and copies where there is none.</summary>
[Trait("needs", "oracle")]
public sealed class PreparedCopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-prepared-").FullName;
    private readonly Store _store;

    public PreparedCopyTests() => _store = Store.Open($"{_folder}/store");

    public void Dispose()
    {
        if (File.ReadLines("/proc/self/mounts").Any(line => line.Contains($" {_folder}/disk ", StringComparison.Ordinal)))
            Mounts.Detach($"{_folder}/disk");
        Trees.Remove(_folder);
    }

    private static Interpreter Python => field ??= Interpreter.Ask("/usr/bin/python3");

    private static Dictionary<string, string> Many(string folder) => Enumerable.Range(0, PreparedCopy.Least + 100).ToDictionary(number => $"{(number % 7 == 0 ? "+" : "")}{folder}/p{number % 13}/m{number}.py", static number => $"x = '{new string('x', number * 3)}'\n");

    private string Large => field ??= WheelFile.Write(_folder, "large", "1.0", new Dictionary<string, string>(Many("large"))
    {
        ["large/empty.txt"] = "",
        ["large.py.txt"] = "not in the folder\n",
        ["beside/__init__.py"] = "",
        ["+large-1.0.data/scripts/large-py"] = "#!python\nimport large\n",
        ["large-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nlarge = large:main\n",
    });

    [Fact]
    public void An_environment_takes_it_and_has_what_copying_gives()
    {
        var copied = Create("copied", Large);
        var copy = Prepare(Large);
        Assert.Equal("large", copy.Folder);
        var inode = Nodes.Read($"{Place(Large)}/p1/m1.py").Inode;
        var taken = Create("taken", Large);
        Assert.Equal(inode, Nodes.Read($"{taken.PackagesFolder}/large/p1/m1.py").Inode);
        Assert.False(copy.IsThere);
        Assert.Equal(Tree(copied), Tree(taken));
        Assert.Empty(EnvironmentCheck.Of(taken));

        // There is none any more, and the next one copies; its files are its own.
        var next = Create("next", Large);
        Assert.Equal(Tree(copied), Tree(next));
        Assert.NotEqual(inode, Nodes.Read($"{next.PackagesFolder}/large/p1/m1.py").Inode);
        File.AppendAllText($"{taken.PackagesFolder}/large/p1/m1.py", "# edited\n");
        Assert.Empty(EnvironmentCheck.Of(next));

        // One that is there already takes it too, goes back, and removes it.
        var later = VirtualEnvironment.Create($"{_folder}/later", Python);
        inode = Nodes.Read(Prepared(Large, "p1/m1.py")).Inode;
        later.Change(Plans(later.Root, Large), []);
        Assert.Equal(inode, Nodes.Read($"{later.PackagesFolder}/large/p1/m1.py").Inode);
        Assert.Equal(Tree(copied), Tree(later));
        later.RollBack();
        Assert.Empty(later.Installed());
        later.RollBack();
        later.Change([], [ProjectName.Parse("large")]);
        Assert.False(Directory.Exists($"{later.PackagesFolder}/large"));
    }

    [Fact]
    [Trait("needs", "root")]
    public void It_is_left_where_it_is_not_what_copying_would_give()
    {
        var copied = Tree(Create("copied", Large));
        Prepare(Large);

        // Another mask.
        using (var other = ChangeChild.Start(_store.Root, VirtualEnvironment.Create($"{_folder}/masked", Python).Root, Path.GetFileName(Large), Sha256(Large), mask: "077"))
        {
            other.WaitForExit();
            Assert.True(other.ExitCode == 0, other.StandardError.ReadToEnd());
        }

        Assert.Equal(0b110_000_000, Nodes.Read($"{_folder}/masked/{Python.SitePackages}/large/p1/m1.py").Mode);
        Assert.True(Directory.Exists(Place(Large)));

        // Another group, by a folder that hands its own down.
        Directory.CreateDirectory($"{_folder}/grouped");
        Files.ChangeOwner($"{_folder}/grouped", Inheritance.EffectiveUser, 65534);
        Files.ChangeMode($"{_folder}/grouped", 0b010_111_101_101);
        var grouped = Create("grouped/env", Large);
        Assert.Equal(65534, Nodes.Read($"{grouped.PackagesFolder}/large/p1/m1.py").Group);
        Assert.True(Directory.Exists(Place(Large)));

        // Somebody more who may read, by a list that a folder hands down (acl(5); a version, then kind, rights and id of each).
        Directory.CreateDirectory($"{_folder}/listed");
        Nodes.SetAttribute($"{_folder}/listed", "system.posix_acl_default", [2, 0, 0, 0, .. Entry(1, 7, -1), .. Entry(2, 5, 33), .. Entry(4, 5, -1), .. Entry(16, 5, -1), .. Entry(32, 5, -1)]);
        var listed = Create("listed/env", Large);
        Assert.NotNull(Nodes.ReadAttribute($"{listed.PackagesFolder}/large", "system.posix_acl_access"));
        Assert.True(Directory.Exists(Place(Large)));

        // Links, and a folder that another distribution has begun.
        VirtualEnvironment.Create($"{_folder}/linked", Python, install: Plans($"{_folder}/linked", Large), placement: new Placement { Links = LinkMode.Hardlink });
        var shared = WheelFile.Write(_folder, "shared", "1.0", new Dictionary<string, string> { ["large/shared.py"] = "" });
        var both = Create("both", shared);
        both.Change(Plans(both.Root, Large), []);
        Assert.Empty(EnvironmentCheck.Of(both));
        Assert.True(File.Exists($"{both.PackagesFolder}/large/shared.py") && File.Exists($"{both.PackagesFolder}/large/p1/m1.py"));
        Assert.True(Directory.Exists(Place(Large)));

        // Images have their own owners and modes.
        VirtualEnvironment.Write($"{_folder}/written", "/srv/env", Python, Plans("/srv/env", Large));
        Assert.True(Directory.Exists(Place(Large)));
        Assert.Equal(copied, Tree(Create("taken", Large)));
        Assert.False(Directory.Exists(Place(Large)));

        static byte[] Entry(byte kind, byte rights, int id) => [kind, 0, rights, 0, .. BitConverter.GetBytes(id)];
    }

    [Fact]
    [Trait("needs", "root")]
    public void It_is_left_on_another_file_system()
    {
        Directory.CreateDirectory($"{_folder}/disk");
        Mounts.Mount("tmpfs", $"{_folder}/disk", "tmpfs");
        Assert.Empty(PreparedCopy.Wanted([Unpacked(Large)], VirtualEnvironment.Create($"{_folder}/disk/before", Python)));
        Prepare(Large);
        var elsewhere = Create("disk/env", Large);
        Assert.Empty(EnvironmentCheck.Of(elsewhere));
        Assert.True(Directory.Exists(Place(Large)));
        Assert.Equal(Tree(Create("here", Large)), Tree(elsewhere));
    }

    [Fact]
    public void What_a_wheel_brings_there_by_other_ways_is_not_forgotten()
    {
        var wheel = WheelFile.Write(_folder, "twofold", "1.0", new Dictionary<string, string>(Many("twofold")) { ["twofold-1.0.data/purelib/twofold/late.py"] = "late = True\n" });
        Prepare(wheel);
        var environment = Create("env", wheel);
        Assert.Empty(EnvironmentCheck.Of(environment));
        Assert.Equal("late = True\n", File.ReadAllText($"{environment.PackagesFolder}/twofold/late.py"));
        // Few files, files without a folder, and data are made as they are needed.
        Assert.Null(PreparedCopy.Of(Unpacked(WheelFile.Write(_folder, "small", "1.0", Many("small").Take(PreparedCopy.Least - 10).ToDictionary()))));
        Assert.Null(PreparedCopy.Of(Unpacked(WheelFile.Write(_folder, "flat", "1.0", Many("flat").ToDictionary(static file => Path.GetFileName(file.Key), static file => file.Value)))));
        Assert.Null(PreparedCopy.Of(Unpacked(WheelFile.Write(_folder, "data", "1.0", Many("data-1.0.data/data").ToDictionary()))));
    }

    [Fact]
    public void Of_many_at_once_one_has_it_and_all_are_whole()
    {
        var copied = Tree(Create("copied", Large));
        for (var round = 0; round < 5; round++)
        {
            var inode = Nodes.Read(Prepared(Large, "p1/m1.py")).Inode;
            string[] roots = [.. Enumerable.Range(0, 6).Select(number => $"{_folder}/env-{round}-{number}")];
            var plans = roots.Select(root => Plans(root, Large)).ToArray();
            var made = new VirtualEnvironment[roots.Length];
            Parallel.For(0, made.Length, number => made[number] = VirtualEnvironment.Create(roots[number], Python, install: plans[number]));
            Assert.All(made, one => Assert.Equal(copied, Tree(one)));
            Assert.Single(made, one => Nodes.Read($"{one.PackagesFolder}/large/p1/m1.py").Inode == inode);
        }
    }

    [Fact]
    public void It_is_wanted_where_it_would_be_taken_and_a_few_are_kept()
    {
        var (name, sha256) = WheelFile.Keep(_store, Large);
        var environment = VirtualEnvironment.Create($"{_folder}/env", Python);
        Assert.Equal(sha256, Assert.Single(Wanted(environment)).Sha256);
        Assert.Empty(Wanted(VirtualEnvironment.Create($"{_folder}/linked", Python, placement: new Placement { Links = LinkMode.Hardlink })));
        Prepare(Large);
        Assert.Empty(Wanted(environment));

        var others = Enumerable.Range(0, PreparedCopy.Most).Select(number => WheelFile.Write(_folder, $"other{number}", "1.0", Many($"other{number}"))).ToArray();
        foreach (var (other, age) in others.Select(static (other, at) => (other, at)))
        {
            Prepare(other);
            Nodes.SetTime(Place(other), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1000 + age);
        }

        Assert.Equal(PreparedCopy.Most, PreparedCopy.All(_store).Count);
        Prepare(WheelFile.Write(_folder, "last", "1.0", Many("last")));
        Assert.Equal(PreparedCopy.Most, PreparedCopy.All(_store).Count);
        Assert.DoesNotContain(Sha256(others[0]), PreparedCopy.All(_store));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Folder(StoreArea.Tmp)));

        IReadOnlyList<PreparedCopy> Wanted(VirtualEnvironment environment) => PreparedCopy.Wanted(UnpackedWheel.All(_store, [(name, sha256)]), environment);
    }

    [Fact]
    public void A_damaged_wheel_is_not_prepared()
    {
        var wheel = Unpacked(Large);
        var bytes = File.ReadAllBytes(wheel.Place);
        bytes[bytes.AsSpan().IndexOf("xxxxxxxxxxxx"u8)] ^= 1;
        File.WriteAllBytes(wheel.Place, bytes);
        Assert.Contains("large-1.0-py3-none-any.whl was damaged in the store", Assert.Throws<MayflyException>(() => PreparedCopy.Of(wheel)!.Make()).Message, StringComparison.Ordinal);
        Assert.Empty(PreparedCopy.All(_store));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Folder(StoreArea.Tmp)));
    }

    private PreparedCopy Prepare(string wheel)
    {
        var copy = PreparedCopy.Of(Unpacked(wheel))!;
        copy.Make(TestContext.Current.CancellationToken);
        Assert.True(copy.IsThere);
        return copy;
    }

    private string Prepared(string wheel, string path)
    {
        Prepare(wheel);
        return $"{Place(wheel)}/{path}";
    }

    private string Sha256(string wheel) => WheelFile.Keep(_store, wheel).Sha256;

    private string Place(string wheel) => _store.PathOf(StoreArea.Prepared, Sha256(wheel));

    private UnpackedWheel Unpacked(string wheel) => UnpackedWheel.All(_store, [WheelFile.Keep(_store, wheel)]).Single();

    private IReadOnlyList<WheelPlan> Plans(string root, string wheel) => [WheelPlan.Of(Unpacked(wheel), Python, root, isRequested: true)];

    private VirtualEnvironment Create(string name, string wheel) => VirtualEnvironment.Create($"{_folder}/{name}", Python, prompt: "env", install: Plans($"{_folder}/{name}", wheel));

    /// <summary>Every node of its packages and programs: path, mode, owner, contents. What names the environment itself is left out.</summary>
    private static string Tree(VirtualEnvironment environment)
    {
        using var find = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "cd \"$1\" && find lib -printf '%P %m %U %G ' \\( -type f -exec sha256sum {} \\; -o -printf '%y %l\\n' \\) | sed \"s:^.*/RECORD .*::\" | LC_ALL=C sort", "sh", environment.Root]) { RedirectStandardOutput = true })!;
        return find.StandardOutput.ReadToEnd();
    }
}
