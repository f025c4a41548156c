using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Linux;

namespace Mayfly.Cli.Tests;

/// <summary>Plain pip is the judge of a depot's wheels: Debian's and newer ones, by HTTP of <c>depot serve</c>, of a static server, and from the folder.</summary>
[Trait("needs", "oracle")]
public sealed class PythonDepots(HardDepot hard) : IClassFixture<HardDepot>, IDisposable
{
    /// <summary>What the kills come from; another one tries other moments.</summary>
    private const int Seed = 20261126;

    /// <summary>Few in every run; <c>MAYFLY_KILLS=60</c> tries as many as one has patience for.</summary>
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_KILLS"), out var given) ? given : 3;

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_pip_installs_hard_names_by_http_with_digests_and_reaches_nothing_else()
    {
        using var server = ServingADepot.Serve(hard.Depot, out var address);
        try
        {
            foreach (var pip in PlainPip.All)
            {
                var target = $"{_folder.Path}/target-{Path.GetFileName(pip.Name)}";
                var ended = Pip(pip.Command, $"install --target {target} --index-url {address}simple/ --require-hashes -r {hard.Folder.Path}/exact.txt");
                Assert.True(ended.ExitCode == 0, $"{pip.Name}: {ended.Output}{ended.Error}");
                Assert.Equal(HardDepot.Names, PlainPip.Installed(target));
                // Of what an extra needs pip learns from the metadata alone; what was withdrawn is taken only by its exact version.
                var chosen = Pip(pip.Command, $"download --no-deps --dest {target}-chosen --index-url {address}simple/ 'A.B_C' local yanked 'fast.extra[speed]'");
                Assert.True(chosen.ExitCode == 0, $"{pip.Name}: {chosen.Output}{chosen.Error}");
                Assert.Equal(["A.b_c-1.0-py3-none-any.whl", "fast_extra-3-py3-none-any.whl", "local-1.0+deb.1-py3-none-any.whl", "yanked-1.0-py3-none-any.whl"], Directory.GetFiles($"{target}-chosen").Select(Path.GetFileName).Order(StringComparer.Ordinal));
                var withdrawn = Pip(pip.Command, $"download --no-deps --dest {target}-chosen --index-url {address}simple/ yanked==2.0");
                Assert.True(withdrawn.ExitCode == 0, withdrawn.Output + withdrawn.Error);
                Assert.Contains("Reason for being yanked: broken <there>", withdrawn.Output + withdrawn.Error, StringComparison.Ordinal);
                var unfit = Pip(pip.Command, $"download --no-deps --dest {target}-chosen --index-url {address}simple/ future");
                Assert.True(pip.Name == "debian" ? unfit.ExitCode == 0 : unfit.Error.Contains("No matching distribution found for future", StringComparison.Ordinal), $"{pip.Name}: {unfit.Output}{unfit.Error}");
            }
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }

        var log = server.StandardOutput.ReadToEnd();
        Assert.Matches(@"GET /simple/fast-extra/fast_extra-3-py3-none-any\.whl 200", log);
        Assert.Matches(@"GET /simple/fast-extra/fast_extra-3-py3-none-any\.whl\.metadata 200", log);
        Assert.DoesNotMatch(" 404 ", log);
    }

    [Fact]
    public void A_static_server_and_the_folder_itself_will_do()
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", hard.Depot, "0"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var server = Process.Start(start)!;
        try
        {
            var address = Regex.Match(server.StandardOutput.ReadLine()!, @"http://[^/]+/").Value;
            _ = server.StandardError.ReadToEndAsync();
            foreach (var (number, place) in ((string[])[$"{address}simple/", $"{address}dists/simple/", $"file://{hard.Depot}/simple/"]).Index())
            {
                var target = $"{_folder.Path}/static-{number}";
                var ended = Pip(PlainPip.All[0].Command, $"install --target {target} --index-url {place} --require-hashes -r {hard.Folder.Path}/exact.txt");
                Assert.True(ended.ExitCode == 0, $"{place}: {ended.Output}{ended.Error}");
                Assert.Equal(HardDepot.Names, PlainPip.Installed(target));
            }
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    [Fact]
    public void Mayfly_chooses_from_it_and_fetches_from_it_what_locks_name()
    {
        using var server = ServingADepot.Serve(hard.Depot, out var address);
        try
        {
            var chosen = Mayfly(new() { ["PIP_INDEX_URL"] = $"{address}simple/", ["MAYFLY_STORE"] = $"{_folder.Path}/.other" }, "env", "create", "./ours", "fast-extra[speed]", "local", "epoch", "a.b.c");
            Assert.True(chosen.ExitCode == 0, chosen.Output + chosen.Error);
            Assert.Equal(["a-b-c", "epoch", "fast-extra", "local", "numbered"], Directory.GetDirectories($"{_folder.Path}/ours/lib", "*.dist-info", SearchOption.AllDirectories).Select(static path => Regex.Replace(Path.GetFileName(path).Split('-')[0].ToLowerInvariant(), "[._]", "-")).Order());

            // The index that the lock was made from is gone; a store knows nothing.
            _folder.With("pylock.toml", hard.Folder.Read("pylock.toml").Replace($"{hard.Folder.Path}/wheels", $"{_folder.Path}/gone", StringComparison.Ordinal));
            var alone = Mayfly(new() { ["MAYFLY_DEPOT"] = address, ["MAYFLY_STORE"] = $"{_folder.Path}/.third", ["PIP_NO_INDEX"] = "1" }, "env", "create", "./synced");
            Assert.True(alone.ExitCode == 0, alone.Error);
            var without = Mayfly(new() { ["MAYFLY_STORE"] = $"{_folder.Path}/.third", ["PIP_NO_INDEX"] = "1" }, "env", "sync", "--env", "./synced", "--lock", "pylock.toml");
            Assert.NotEqual(0, without.ExitCode);
            var synced = Mayfly(new() { ["MAYFLY_DEPOT"] = address, ["MAYFLY_STORE"] = $"{_folder.Path}/.third", ["PIP_NO_INDEX"] = "1" }, "env", "sync", "--env", "./synced", "--lock", "pylock.toml");
            Assert.True(synced.ExitCode == 0, synced.Error);
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    [Fact]
    public void What_does_not_fit_or_fails_is_told_and_nothing_is_published()
    {
        Wheel("first", "1.0", new() { ["shared.py"] = "", ["first.py"] = "" });
        Wheel("second", "1.0", new() { ["shared.py"] = "" });
        Wheel("needy", "1.0", new() { ["needy.py"] = "" }, "Requires-Dist: first>=2\n");
        Wheel("broken", "1.0", new() { ["broken/__init__.py"] = "raise RuntimeError('no library')\n" });
        Wheel("newer", "1.0", new() { ["newer.py"] = "" }, "Requires-Python: >=99\n");
        foreach (var (lines, said) in ((string[], string)[])[
            (["first", "second"], "shared.py"),
            (["first", "needy"], "pylock.toml does not fit together:\n  needy 1.0 needs first>=2, and first 1.0 is there\nhint: lock it anew, with all that it needs: mayfly env lock, or mayfly lock for a stack\n"),
            (["broken", "first"], "error: broken 1.0 of pylock.toml cannot be imported (broken), with exit code 1:\n"),
            (["newer"], "newer-1.0-py3-none-any.whl is for Python >=99, and ")])
        {
            _folder.With("pylock.toml", Pylock(lines));
            var ended = Publish("pylock.toml");
            Assert.True((ended.ExitCode, ended.Output) == (1, ""), ended.Output + ended.Error);
            Assert.Contains(said, ended.Error, StringComparison.Ordinal);
            Assert.Matches("(?m)^hint: ", ended.Error);
        }

        Assert.Contains("RuntimeError: no library\nhint: mend the wheel, or lock what it needs with it; where importing is no fair test, give another one with --test 'COMMAND'; all that it said is in ", (Again(["broken"])).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"{_folder.Path}/depot"), "refused, and published all the same");
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/.store/tmp"));

        // Another test in the place of importing, with what the environment has.
        var tested = Again(["broken"], "--test", "test \"$(python -c 'import sys; print(sys.prefix)')\" = \"$VIRTUAL_ENV\"", "--test", "pip --version >&2; exit 3");
        Assert.Contains("error: the test of pylock.toml failed: `pip --version >&2; exit 3`, with exit code 3:\n", tested.Error, StringComparison.Ordinal);
        var passed = Again(["broken"], "--test", "python -c 'import importlib.metadata as m; m.version(\"broken\")'");
        Assert.True(passed.ExitCode == 0, passed.Error);

        Invocation Again(string[] lines, params string[] options)
        {
            _folder.With("pylock.toml", Pylock(lines));
            return Publish("pylock.toml", options);
        }
    }

    [Fact]
    public void Requirements_with_digests_are_a_lock_and_others_are_not()
    {
        var index = new Dictionary<string, string?> { ["PIP_INDEX_URL"] = $"file://{hard.Folder.Path}/index/" };
        _folder.With("loose.txt", "local\n").With("exact.txt", hard.Folder.Read("exact.txt"));

        var loose = Publish("loose.txt");
        Assert.Equal((1, "error: loose.txt is no lock: its lines have no --hash\nhint: mayfly env lock -r loose.txt writes a pylock.toml, which can be published; or write the digests: mayfly env export\n"), (loose.ExitCode, loose.Error));
        var published = Mayfly(index, "depot", "publish", "exact.txt", "--to", "depot", "--key", "depot.key");
        Assert.True(published.ExitCode == 0, published.Error);
        Assert.Contains($".exact: {HardDepot.Names.Length} wheels, ", published.Output, StringComparison.Ordinal);
        var target = $"{_folder.Path}/exact";
        Assert.Equal(0, Pip(PlainPip.All[0].Command, $"install --target {target} --index-url file://{_folder.Path}/depot/simple/ --require-hashes -r {hard.Folder.Path}/exact.txt").ExitCode);
        Assert.Equal(HardDepot.Names, PlainPip.Installed(target));
    }

    [Fact]
    public void A_list_is_told_in_words_and_in_json()
    {
        var listed = Mayfly([], "depot", "list", hard.Depot, "--json");
        Assert.True(listed.ExitCode == 0, listed.Error);
        using var json = JsonDocument.Parse(listed.Output);
        var wheels = json.RootElement.GetProperty("wheels").EnumerateArray().ToDictionary(static wheel => wheel.GetProperty("file").GetString()!);
        Assert.Equal(11, wheels.Count);
        Assert.Equal(("broken <there>", true), (wheels["yanked-2.0-py3-none-any.whl"].GetProperty("yankedReason").GetString(), wheels["yanked-2.0-py3-none-any.whl"].GetProperty("yanked").GetBoolean()));
        Assert.Equal("MIT", wheels["setuptools-66.1.1-py3-none-any.whl"].GetProperty("licence").GetString() is var licence && licence == "Expat" ? "MIT" : licence);
        Assert.All(json.RootElement.GetProperty("locks").EnumerateArray(), static one => Assert.Equal("python", one.GetProperty("kind").GetString()));
        var one = Mayfly([], "depot", "list", hard.Depot, "Yanked");
        Assert.Matches(@"^yanked-1\.0-py3-none-any\.whl\n(.*\n)+yanked-2\.0-py3-none-any\.whl\n(.*\n)*  withdrawn by its project: broken <there>\n$", one.Output);
        var none = Mayfly([], "depot", "list", hard.Depot, "nothing");
        Assert.Equal((1, "error: the depot has no wheel of nothing\nhint: mayfly depot list DEPOT shows all that it has\n"), (none.ExitCode, none.Error));
    }

    [Fact]
    public async Task Killed_at_any_moment_it_shows_the_former_state_or_the_new_one()
    {
        var random = new Random(Seed);
        hard.CopyTo(_folder);
        Wheel("more", "1.0", new() { ["more.py"] = "" });
        _folder.With("more/pylock.toml", Pylock(["more"]));
        string[] command = ["depot", "publish", "more", "--to", "killed", "--key", "depot.key"];
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, Mayfly([], "depot", "publish", "more", "--to", "usual", "--key", "depot.key").ExitCode);
        var usual = (int)watch.ElapsedMilliseconds;
        for (var kill = 0; kill < Kills; kill++)
        {
            Shell.Run(_folder.Path, [], "rm -rf killed; cp -al depot killed");
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll"), .. command]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var (name, value) in HardDepot.Usual)
                start.Environment[name] = value;
            start.Environment["MAYFLY_STORE"] = $"{_folder.Path}/.store";
            using (var publishing = Process.Start(start)!)
            {
                await Task.Delay(random.Next(usual / 3, usual * 11 / 10));
                publishing.Kill();
                await publishing.WaitForExitAsync();
            }

            var found = await RealDepot.CheckAsync($"{_folder.Path}/killed");
            Assert.True(found.Faults.Count == 0 && (found.Locks, found.Wheels) is (3, 11) or (4, 12), $"seed {Seed}, kill {kill}: {found.Locks} locks, {found.Wheels} wheels; {string.Join("; ", found.Faults)}");
            var again = Mayfly([], command);
            Assert.True(again.ExitCode == 0, again.Error);
            found = await RealDepot.CheckAsync($"{_folder.Path}/killed");
            Assert.Equal((4, 12, 0), (found.Locks, found.Wheels, found.Faults.Count));
            Assert.Equal(["lock"], Directory.GetFileSystemEntries($"{_folder.Path}/killed/.mayfly").Select(Path.GetFileName));
        }
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_disk_that_becomes_full_while_it_is_published_leaves_the_former_state()
    {
        hard.CopyTo(_folder);
        var random = new Random(Seed);
        WheelFile.Write(Directory.CreateDirectory($"{_folder.Path}/wheels").FullName, "more", "1.0", Enumerable.Range(0, 20).ToDictionary(static number => $"more/m{number}.bin", _ =>
        {
            var bytes = new byte[16_000];
            random.NextBytes(bytes);
            return bytes;
        }).Append(KeyValuePair.Create("more/__init__.py", Array.Empty<byte>())).ToDictionary(), "");
        _folder.With("more/pylock.toml", Pylock(["more"]));
        var disk = Directory.CreateDirectory($"{_folder.Path}/disk").FullName;
        string[] command = ["depot", "publish", "more", "--to", "disk/depot", "--key", "depot.key"];
        var failures = 0;
        // The wheel is 320 kB, and what the former lists have comes beside them.
        foreach (var room in (int[])[0, 12, 100, 300, 328, 360, 440, 600, 1200, 3000, 8000])
        {
            Mounts.Mount("tmpfs", disk, "tmpfs", MountFlags.None, "size=64m");
            try
            {
                Shell.Run(_folder.Path, [], "cp -a depot disk/depot");
                var used = new DriveInfo(disk) is var drive ? (drive.TotalSize - drive.TotalFreeSpace) / 1024 : 0;
                Mounts.Mount("tmpfs", disk, "tmpfs", MountFlags.Remount, $"size={used + room}k");
                var published = Mayfly([], command);
                var found = await RealDepot.CheckAsync($"{disk}/depot");
                Assert.True(found.Faults.Count == 0 && (found.Locks, found.Wheels) == (published.ExitCode == 0 ? (4, 12) : (3, 11)), $"{room} kB: {found.Locks} locks, {found.Wheels} wheels; {string.Join("; ", found.Faults)}; {published.Error}");
                if (published.ExitCode != 0)
                {
                    Assert.Equal((1, ""), (published.ExitCode, published.Output));
                    Assert.Matches("(?m)^error: .*disk is full.*\nhint: .*room.*\n$", published.Error);
                    failures++;
                }

                Mounts.Mount("tmpfs", disk, "tmpfs", MountFlags.Remount, "size=64m");
                var again = Mayfly([], command);
                Assert.True(again.ExitCode == 0, again.Error);
                found = await RealDepot.CheckAsync($"{disk}/depot");
                Assert.Equal((4, 12, 0), (found.Locks, found.Wheels, found.Faults.Count));
                Assert.Equal(["lock"], Directory.GetFileSystemEntries($"{disk}/depot/.mayfly").Select(Path.GetFileName));
            }
            finally
            {
                Mounts.Detach(disk);
            }
        }

        Assert.InRange(failures, 5, 10);
    }

    [Fact]
    public async Task Those_that_publish_at_once_queue_and_all_is_there()
    {
        hard.CopyTo(_folder);
        foreach (var name in (string[])["one", "two", "three"])
        {
            Wheel(name, "1.0", new() { [$"{name}.py"] = "" });
            _folder.With($"{name}/pylock.toml", Pylock([name]));
        }

        var ended = await Task.WhenAll(((string[])["one", "two", "three"]).Select(name => Task.Run(() => Mayfly([], "depot", "publish", name, "--to", "depot", "--key", "depot.key"))));

        Assert.All(ended, static one => Assert.True(one.ExitCode == 0, one.Error));
        var found = await RealDepot.CheckAsync($"{_folder.Path}/depot");
        Assert.Equal((6, 14, 0), (found.Locks, found.Wheels, found.Faults.Count));
    }

    [Fact]
    public void What_the_licence_policy_refuses_is_not_published()
    {
        Wheel("free", "1.0", new() { ["free.py"] = "" }, "License-Expression: MIT\n");
        Wheel("viral", "1.0", new() { ["viral.py"] = "" }, "Classifier: License :: OSI Approved :: GNU Affero General Public License v3\n");
        _folder.With("shop/pylock.toml", Pylock(["free", "viral"])).With("shop/Directory.Build.props", $"<Project><ItemGroup><Reference Include=\"{AppContext.BaseDirectory}Mayfly.dll\" /></ItemGroup></Project>").With("shop/stack.cs", """
            using Mayfly;
            var shop = new Stack("shop", Debian.Bookworm);
            shop.Machine("box").Hosts(shop.Memcached("cache"));
            shop.Licences.Deny("AGPL-*");
            return await shop.RunAsync(args);
            """);

        var refused = Publish("shop");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Matches(@"error: the licence policy of shop refuses 1 package:\n  viral 1\.0: AGPL-3\.0-only.* in /viral-1\.0\.dist-info/METADATA line \d+, for the package as a whole; Deny\(""AGPL-\*""\)\nhint: ", refused.Error);
        Assert.False(Directory.Exists($"{_folder.Path}/depot"), "refused, and published all the same");

        // One that lies elsewhere counts when it is named.
        _folder.With("pylock.toml", Pylock(["viral"]));
        Assert.Contains("the licence policy of shop refuses 1 package", Publish("pylock.toml", "--policy", "shop").Error, StringComparison.Ordinal);
        Assert.Equal(0, Publish("pylock.toml").ExitCode);
    }

    private (int ExitCode, string Output, string Error) Pip(string pip, string words) => PlainPip.Run(_folder, pip, words);

    private Invocation Publish(string named, params string[] options)
    {
        if (!File.Exists($"{_folder.Path}/depot.key"))
            Assert.Equal(0, Mayfly([], "depot", "key", "depot.key").ExitCode);
        return Mayfly([], ["depot", "publish", named, "--to", "depot", "--key", "depot.key", .. options]);
    }

    private void Wheel(string project, string version, Dictionary<string, string> files, string metadata = "") => HardDepot.Wheel(_folder, project, version, files, metadata);

    private string Pylock(string[] projects) => HardDepot.Pylock(_folder, projects);

    private Invocation Mayfly(Dictionary<string, string?> environment, params string[] words) => HardDepot.Mayfly(_folder, environment, words);
}
