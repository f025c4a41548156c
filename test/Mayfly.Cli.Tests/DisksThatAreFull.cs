using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>A disk that is full, or has room for no more files, at whatever moment: one message, the environment as it was, and the next run with room goes well.</summary>
[Trait("needs", "oracle"), Trait("needs", "root")]
public sealed class DisksThatAreFull : IDisposable
{
    private const string Wheel = "big-1.0-py3-none-any.whl";

    private readonly Folder _folder = new();
    private readonly FaultyServer _index = new() { ContentType = "application/vnd.pypi.simple.v1+json", Tag = "\"1\"" };

    public DisksThatAreFull()
    {
        // Of bytes that do not become fewer when they are packed, so that it is known how many the store takes: some 640 kB packed, and as much when it is apart.
        var random = new Random(20261126);
        var files = Enumerable.Range(0, 40).ToDictionary(static number => $"big/m{number}.bin", _ =>
        {
            var bytes = new byte[16_000];
            random.NextBytes(bytes);
            return bytes;
        });
        Offer("big", WheelFile.Write(_folder.Path, "big", "1.0", files, ""), sized: true);
        Offer("one", WheelFile.Write(_folder.Path, "one", "1.0", new Dictionary<string, string> { ["one.py"] = "#\n" }), sized: true);
        Directory.CreateDirectory(Disk);
    }

    private string Disk => $"{_folder.Path}/disk";

    public void Dispose()
    {
        _index.Dispose();
        if (File.ReadLines("/proc/self/mounts").Any(line => line.Contains($" {Disk} ", StringComparison.Ordinal)))
            Mounts.Detach(Disk);
        _folder.Dispose();
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_store_that_is_full_is_told_whatever_was_being_written(bool sized)
    {
        Offer("big", $"{_folder.Path}/{Wheel}", sized);
        var (store, seen, folders) = ($"{Disk}/store", new List<string>(), Enum.GetValues<StoreArea>().Length);
        Assert.Equal(0, Env($"{_folder.Path}/other", "environments", "create", "shop", "--python", "/usr/bin/python3").ExitCode);
        var before = Names($"{_folder.Path}/environments");
        Assert.Contains("shop/bin/python", before);
        foreach (var (options, full) in ((string, string)[])[("size=4k", ""), ("size=40k", ""), ("size=400k", ""), ("size=800k", ""), ("size=1200k", ""), ("nr_inodes=6", "no more files"), ($"nr_inodes={folders + 4}", ""), ($"nr_inodes={folders + 6}", "")])
        {
            Mount(options);
            if (options == "size=4k")
                Fill();
            var failed = Env(store, "environments", "install", "big", "--env", "shop");
            Assert.Equal((1, "", options), (failed.ExitCode, failed.Output, options));
            var told = Told(failed);
            Assert.True(Regex.IsMatch(told, @"^error: .*FOLDER/disk/store(:| cannot be opened:) .*disk is full.*\nhint: .*room") && told.Contains(full, StringComparison.Ordinal), $"{options}: {told}");
            // What is known to be too much is told before it is written.
            Assert.True(!told.Contains($"the wheel {Wheel} cannot be unpacked", StringComparison.Ordinal) || options.StartsWith("nr_", StringComparison.Ordinal) || Regex.IsMatch(told, @"the disk is full but for 0\.\d MB, and 0\.[67] MB are needed\n"), told);
            seen.Add(told.Contains("what is known of big", StringComparison.Ordinal) ? "page" : told.Contains($"{Wheel} cannot be written", StringComparison.Ordinal) ? "wheel" : told.Contains($"the wheel {Wheel} cannot be unpacked", StringComparison.Ordinal) ? "files" : told);
            // What was transferred is gone on from, where it is known how much there is of it.
            Assert.DoesNotContain(Names(store), path => path.StartsWith("tmp/", StringComparison.Ordinal) && !(sized && path.StartsWith("tmp/partial-", StringComparison.Ordinal)));
            // The right to change it was taken before anything was looked at.
            Assert.Equal(before, Names($"{_folder.Path}/environments").Where(static path => path != ".shop.lock"));

            Room();
            Assert.Equal((0, "+ big 1.0\nshop: 1 installed\n"), Env(store, "environments", "install", "big", "--env", "shop") is var done ? (done.ExitCode, done.Output) : default);
            Assert.DoesNotContain(Names(store), static path => path.StartsWith("tmp/", StringComparison.Ordinal));
            Assert.Equal(0, Env(store, "environments", "rollback", "--env", "shop").ExitCode);
            Directory.Delete($"{_folder.Path}/environments/.shop.before", recursive: true);
            File.Delete($"{_folder.Path}/environments/.shop.lock");
            Mounts.Detach(Disk);
        }

        Assert.True(new HashSet<string> { "page", "wheel", "files" }.IsSubsetOf(seen), string.Join('\n', seen));
    }

    [Fact]
    public void An_environments_disk_that_is_full_is_told_and_leaves_what_was_there()
    {
        var store = $"{_folder.Path}/store";
        foreach (var (options, why, hint) in ((string, string, string)[])
            [
                ("size=48k", "the disk is full", @"hint: make room on the disk of FOLDER/disk/environments, about [67]\d\d kB more, which a change is made beside"),
                ("size=200k", "the disk is full", @"hint: make room on the disk of FOLDER/disk/environments, about 5\d\d kB more, which a change is made beside"),
                ("size=660k", "the disk is full", @"hint: make room on the disk of FOLDER/disk/environments, about \d?\d kB more, which a change is made beside"),
                ("nr_inodes=36", @"the disk is full: it has room for no more files, however small \(its inodes are used up\)", "hint: make room on the disk of FOLDER/disk/environments, which a change is made beside"),
                ("nr_inodes=90", @"the disk is full: it has room for no more files, however small \(its inodes are used up\)", "hint: make room on the disk of FOLDER/disk/environments, which a change is made beside"),
            ])
        {
            Mount(options);
            Assert.Equal(0, Env(store, "disk/environments", "create", "shop", "--python", "/usr/bin/python3").ExitCode);
            var before = Names($"{Disk}/environments");
            var failed = Env(store, "disk/environments", "install", "big", "--env", "shop");
            Assert.Equal((1, "", options), (failed.ExitCode, failed.Output, options));
            Assert.True(Regex.IsMatch(Told(failed), $"^error: FOLDER/disk/environments/shop cannot be changed, and is as it was: {why}\n{hint}\n$"), $"{options}: {Told(failed)}");
            Assert.Equal([".shop.lock", .. before], Names($"{Disk}/environments"));
            Assert.Equal("1\n", Env(store, "disk/environments", "run", "--env", "shop", "--", "python", "-c", "print(1)").Output);

            Room();
            Assert.Equal("+ big 1.0\nshop: 1 installed\n", Env(store, "disk/environments", "install", "big", "--env", "shop").Output);
            Mounts.Detach(Disk);
        }
    }

    [Fact]
    public void An_environment_that_has_no_room_is_not_made()
    {
        foreach (var (options, words, message) in ((string, string[], string)[])
            [
                ("size=4k", [], "the disk is full\nhint: make room on the disk of FOLDER/disk/environments, or name a place elsewhere"),
                ("nr_inodes=3", [], "the disk is full: it has room for no more files, however small (its inodes are used up)\nhint: make room on the disk of FOLDER/disk/environments, or name a place elsewhere"),
                ("nr_inodes=12", [], "the disk is full: it has room for no more files, however small (its inodes are used up)\nhint: make room on the disk of FOLDER/disk/environments, or name a place elsewhere"),
                ("size=100k", ["big"], "the disk is full\nhint: make room on the disk of FOLDER/disk/environments, about "),
            ])
        {
            Mount(options);
            var failed = Env($"{_folder.Path}/store", "disk/environments", ["create", "shop", "--python", "/usr/bin/python3", .. words]);
            Assert.Equal((1, "", options), (failed.ExitCode, failed.Output, options));
            Assert.StartsWith($"error: FOLDER/disk/environments/shop cannot be made: {message}", Told(failed));
            Assert.Equal([], Names($"{Disk}/environments"));
            Room();
            Assert.Equal(0, Env($"{_folder.Path}/store", "disk/environments", ["create", "shop", "--python", "/usr/bin/python3", .. words]).ExitCode);
            Mounts.Detach(Disk);
        }
    }

    [Fact]
    public void Byte_code_that_has_no_room_changes_nothing()
    {
        // Each is short, and 40 kB when it is compiled, for the compiler multiplies what is constant.
        Offer("code", WheelFile.Write(_folder.Path, "code", "1.0", Enumerable.Range(0, 20).ToDictionary(static number => $"code/m{number}.py", static _ => string.Concat("abcdefghij".Select(static letter => $"{letter} = '{letter}' * 4000\n")))), sized: true);
        Mount("size=400k");
        Assert.Equal(0, Env($"{_folder.Path}/store", "disk/environments", "create", "shop", "--python", "/usr/bin/python3").ExitCode);
        var before = Names($"{Disk}/environments");
        var failed = Env($"{_folder.Path}/store", "disk/environments", "install", "code", "--compile", "--env", "shop");
        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.StartsWith("error: FOLDER/disk/environments/shop cannot be changed, and is as it was: the disk is full\nhint: make room on the disk of FOLDER/disk/environments", Told(failed));
        Assert.Equal([".shop.lock", .. before], Names($"{Disk}/environments"));
        Assert.Equal("+ code 1.0\nshop: 1 installed\n", Env($"{_folder.Path}/store", "disk/environments", "install", "code", "--env", "shop").Output);
    }

    [Theory, InlineData("store"), InlineData("environments")]
    public void What_writes_nothing_works_on_a_full_disk_and_what_makes_room_too(string full)
    {
        var (store, environments) = full == "store" ? ($"{Disk}/store", "environments") : ($"{_folder.Path}/store", "disk/environments");
        Mount("size=1m");
        Assert.Equal(0, Env(store, environments, "create", "shop", "one", "--python", "/usr/bin/python3").ExitCode);
        Assert.Equal(0, Env(store, environments, "create", "fresh", "--python", "/usr/bin/python3").ExitCode);
        // What is known of the interpreter may have been pruned.
        foreach (var known in Directory.GetFiles($"{store}/indexes", "interpreter-*"))
            File.Delete(known);
        Fill();
        Assert.Equal(0, DiskRoom.Of(Disk).Bytes);
        Assert.Equal("one==1.0\n", Env(store, environments, "freeze", "--env", "shop").Output);
        Assert.Equal("1\n", Env(store, environments, "run", "--env", "shop", "--", "python", "-c", "print(1)").Output);
        foreach (var words in (string[][])[["list"], ["list", "shop"], ["show", "one", "--env", "shop"], ["which", "--env", "shop"], ["doctor", "--env", "shop"], ["export", "--env", "shop"], ["delete", "fresh"], ["delete", "shop"]])
            Assert.Equal((0, "", words[0]), Env(store, environments, words) is var done ? (done.ExitCode, done.Error, words[0]) : default);
        Assert.Equal([], Names($"{_folder.Path}/{environments}"));
    }

    private void Mount(string options) => Mounts.Mount("tmpfs", Disk, "tmpfs", MountFlags.None, options);

    private void Room() => Mounts.Mount("tmpfs", Disk, "tmpfs", MountFlags.Remount, "size=20m,nr_inodes=5000");

    private void Fill()
    {
        using var file = new FileStream($"{Disk}/filler", FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
        }
    }

    private void Offer(string project, string path, bool sized)
    {
        var (bytes, name) = (File.ReadAllBytes(path), Path.GetFileName(path));
        _index.Files[$"{project}/{name}"] = bytes;
        _index.Files[$"{project}/"] = Encoding.UTF8.GetBytes($$$"""{"meta": {"api-version": "1.1"}, "name": "{{{project}}}", "files": [{"filename": "{{{name}}}", "url": "{{{name}}}", {{{(sized ? $"\"size\": {bytes.Length}, " : "")}}}"hashes": {"sha256": "{{{Convert.ToHexStringLower(SHA256.HashData(bytes))}}}"}}]}""");
    }

    /// <summary>Everything below a folder, without what it knows of interpreters.</summary>
    private static IReadOnlyList<string> Names(string folder) => !Directory.Exists(folder) ? []
        : [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path)).Where(static path => path.Contains('/', StringComparison.Ordinal) || path[0] == '.').Order(StringComparer.Ordinal)];

    private static string Told(Invocation failed) => failed.Error[failed.Error.IndexOf("error: ", StringComparison.Ordinal)..];

    private Invocation Env(string store, string environments, params string[] words) => Invocation.Run(_folder, new Dictionary<string, string?>
    {
        ["MAYFLY_STORE"] = store,
        ["WORKON_HOME"] = $"{_folder.Path}/{environments}",
        ["PIP_INDEX_URL"] = _index.Address.AbsoluteUri,
        ["PIP_NO_INDEX"] = null,
        ["PIP_FIND_LINKS"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["VIRTUAL_ENV"] = null,
        ["HOME"] = _folder.Path,
    }, ["env", .. words]);
}
