using System.Diagnostics;
using Mayfly.Images.Layers;
using Mayfly.Packages;
using static Mayfly.Images.Tests.ReferenceImage;

namespace Mayfly.Images.Tests;

/// <summary>Layers over a real base: what packages of every awkward kind do to it, and what a recipe's steps do.</summary>
[Collection("reference")]
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class BuildTests(ReferenceImage reference)
{
    private static readonly Dictionary<string, string> Nothing = [];

    private Store Store => reference.Store;

    /// <summary>The reference's base, and a set of packages made here in stages of one.</summary>
    private StackLock With(params LockedPackage[] packages) => reference.Lock with
    {
        Packages = [.. reference.Lock.Packages, .. packages],
        Sets = [reference.Lock.Sets[0], new LockedSet { Name = "test", Requests = [.. packages.Select(package => package.Name)], Stages = [.. packages.Select(package => new LockedStage([package.Id]))] }],
    };

    private async Task<Dictionary<string, string>> BuildAsync(StackLock stack, ImageRecipe recipe)
    {
        var image = await new ImageBuilder(Store).BuildAsync(stack, recipe);
        return ReadAll(new ImageStore(Store).LayerFolders(image));
    }

    /// <summary>Texts of small files of an image's own layers, the base aside.</summary>
    private static Dictionary<string, string> ReadAll(IReadOnlyList<string> layers)
    {
        var texts = new Dictionary<string, string>();
        foreach (var layer in layers.Skip(1))
        {
            foreach (var path in Directory.EnumerateFiles(layer, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            {
                if (new FileInfo(path).Length is > 0 and < 1 << 20)
                    texts[path[layer.Length..]] = File.ReadAllText(path);
            }
        }

        return texts;
    }

    private string[] Layers() => [.. Directory.GetDirectories(Store.Folder(StoreArea.Layers)).Order(StringComparer.Ordinal)];

    private static ImageRecipe Recipe(string name) => new() { Name = name, PackageSet = "test" };

    [Fact]
    public async Task Preinsts_diversions_configuration_files_triggers_and_overrides_are_dpkgs()
    {
        var first = SmallPackage.Add(Store, "first", new Dictionary<string, string>
        {
            ["preinst"] = "#!/bin/sh\nset -e\ntest -f /var/lib/dpkg/tmp.ci/extra\ntest \"$1 $DPKG_MAINTSCRIPT_NAME $DPKG_MAINTSCRIPT_PACKAGE\" = 'install preinst first'\n"
                + "dpkg-divert --quiet --package first --rename --divert /usr/bin/tool.real --add /usr/bin/tool\n",
            ["postinst"] = "#!/bin/sh\nset -e\necho \"$@\" >> /var/first.log\ntest \"$1\" = triggered || dpkg-statoverride --add root mail 2750 /usr/bin/guarded\n",
            ["conffiles"] = "/etc/first.conf\n",
            ["triggers"] = "interest-noawait /usr/share/watched\ninterest-noawait named\n",
            ["extra"] = "x",
        }, new Dictionary<string, string> { ["/etc/first.conf"] = "as packaged\n", ["/usr/bin/tool"] = "first's\n" });
        var second = SmallPackage.Add(Store, "second", new Dictionary<string, string> { ["triggers"] = "activate-noawait named\n" },
            new Dictionary<string, string> { ["/usr/bin/tool"] = "second's\n", ["/usr/bin/guarded"] = "x\n", ["/usr/share/watched/x"] = "x\n" });
        var texts = await BuildAsync(With(first, second), Recipe("awkward") with { Steps = [new CommandStep(["sh", "-c", "dpkg --audit > /etc/audit; dpkg --verify | grep -v /sbin/start-stop-daemon >> /etc/audit; echo end >> /etc/audit"])] });
        Assert.Equal("end\n", texts["/etc/audit"]);
        Assert.Equal("as packaged\n", texts["/etc/first.conf"]);
        Assert.DoesNotContain("/etc/first.conf.dpkg-new", texts.Keys);
        Assert.Equal(("first's\n", "second's\n"), (texts["/usr/bin/tool"], texts["/usr/bin/tool.real"]));
        Assert.Equal(["configure ", "triggered named /usr/share/watched"], texts["/var/first.log"].TrimEnd('\n').Split('\n'));
        Assert.Contains("/usr/bin/guarded", texts["/var/lib/dpkg/statoverride"]);
        Assert.Contains("Package: second\nStatus: install ok installed\n", texts["/var/lib/dpkg/status"]);
        var folder = new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("awkward"))[1];
        var node = Mayfly.Linux.Nodes.Read($"{folder}/usr/bin/guarded");
        Assert.Equal((0b010_111_101_000, 8), (node.Mode, node.Group));
    }

    [Theory]
    [InlineData("preinst")]
    [InlineData("postinst")]
    [InlineData("trigger")]
    [InlineData("step")]
    public async Task A_failing_script_is_shown_leaves_the_store_as_it_was_and_fails_again_where_it_is_kept(string script)
    {
        await new ImageBuilder(Store).BuildAsync(reference.Lock, new ImageRecipe { Name = "base" });
        var before = Layers();
        // Far more than is shown; the reason, the shell's own words, comes last.
        const string Text = "seq 1 1000\necho the reason is here: $0 $1 $HOME \"${DPKG_MAINTSCRIPT_PACKAGE:-$WORD}\" $(id -u) >&2\nls /sys/class/net /dev\nexit 3\n";
        var (stack, recipe) = (reference.Lock, Recipe("bad"));
        if (script == "step")
        {
            recipe = new ImageRecipe { Name = "bad", Steps = [new CommandStep(["sh", "-c", Text, "it's", "odd"]) { Environment = new Dictionary<string, string> { ["WORD"] = "a 'word'" }, WorkingDirectory = "/srv" }] };
        }
        else
        {
            var control = script == "trigger"
                ? new Dictionary<string, string> { ["triggers"] = "interest-noawait /usr/share/watched\n", ["postinst"] = $"#!/bin/sh\ntest \"$1\" = triggered || exit 0\n{Text}" }
                : new Dictionary<string, string> { [script] = $"#!/bin/sh\n{Text}" };
            var bad = SmallPackage.Add(Store, "bad", control, Nothing, "Multi-Arch: foreign\n");
            // A trigger runs when what it waits for comes; what comes after the failure has no part in the message.
            stack = With(bad, SmallPackage.Add(Store, "fires", Nothing, new Dictionary<string, string> { ["/usr/share/watched/x"] = "x\n" }));
        }

        var failure = await Assert.ThrowsAsync<MayflyException>(() => new ImageBuilder(Store).BuildAsync(stack, recipe));
        Assert.Contains("the reason is here", failure.Message);
        Assert.Contains("earlier lines)\n", failure.Message);
        Assert.DoesNotContain("Setting up fires", failure.Message);
        Assert.InRange(failure.Message.Split('\n').Length, 10, 70);
        Assert.Contains("--keep-failed", failure.Hint);
        Assert.Empty(Directory.GetFileSystemEntries(Store.Folder(StoreArea.Failed)));
        AssertAsBefore();

        var kept = await Assert.ThrowsAsync<MayflyException>(() => new ImageBuilder(Store) { KeepFailed = true }.BuildAsync(stack, recipe));
        Assert.Contains("mayfly prune", kept.Hint);
        AssertAsBefore();
        var command = kept.Message.Split("fails in it again:\n  ")[1];
        var folder = Assert.Single(Directory.GetDirectories(Store.Folder(StoreArea.Failed)));
        Assert.StartsWith($"{folder}/enter ", command);
        // As often as one likes, from anywhere, and the same words as the build's own; the last of the package's lines is dpkg's.
        var reason = failure.Message.Split('\n').Single(line => line.StartsWith("the reason", StringComparison.Ordinal));
        foreach (var _ in (int[])[1, 2])
        {
            var again = Shell(command);
            Assert.Equal(script is "preinst" or "step" ? 3 : 1, again.ExitCode);
            Assert.Contains(reason, again.Output.Split('\n'));
            Assert.Contains("\nlo\n", again.Output);
            Assert.Contains("\nurandom\n", again.Output);
            if (script is not ("preinst" or "step"))
                Assert.Contains("error processing package bad (--configure)", again.Output);
        }

        Assert.Equal("/ bad\n", Shell($"{folder}/enter sh -c 'echo $(pwd) $(cat /var/tmp/mark)'", $"{folder}/enter sh -c 'cd / && echo bad > /var/tmp/mark'").Output.Replace("/srv", "/", StringComparison.Ordinal));
        Assert.DoesNotContain(folder, File.ReadAllText("/proc/self/mounts"));
        Store.Remove(StoreArea.Failed, Path.GetFileName(folder));
        Assert.False(Directory.Exists(folder));

        void AssertAsBefore()
        {
            Assert.Equal(before, Layers());
            Assert.Empty(Directory.GetFiles(Store.Folder(StoreArea.Layers)));
            Assert.Null(new ImageStore(Store).Find("bad"));
            Assert.DoesNotContain(Directory.GetFileSystemEntries(Store.Folder(StoreArea.Tmp)), path => path.Contains($"/{Environment.ProcessId}.", StringComparison.Ordinal));
        }
    }

    /// <summary>What a shell prints of the last command, both streams in one.</summary>
    private static (int ExitCode, string Output) Shell(string command, string before = ":")
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{before} || exit 99; cd /usr && exec 2>&1 </dev/null; {command}"]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    [Fact]
    public async Task Scripts_have_no_network_no_services_and_no_way_to_change_the_store()
    {
        var package = SmallPackage.Add(Store, "prober", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                set -e
                ls /sys/class/net > /var/probe
                policy-rc.d ssh start || echo "policy $?" >> /var/probe
                start-stop-daemon --start --exec /bin/false && echo "daemon $?" >> /var/probe
                echo $$ > /var/probe.pid
                chmod 0700 /usr/bin/env && echo changed >> /usr/share/prober/data

                """,
        }, new Dictionary<string, string> { ["/usr/share/prober/data"] = "as packaged\n" });
        var stack = With(package);
        var texts = await BuildAsync(stack, Recipe("prober"));
        Assert.Equal("lo\npolicy 101\ndaemon 0\n", texts["/var/probe"]);
        Assert.InRange(int.Parse(texts["/var/probe.pid"]), 2, 200);
        Assert.Equal("as packaged\nchanged\n", texts["/usr/share/prober/data"]);
        var base1 = new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("prober"))[0];
        Assert.Equal(0b111_101_101, Mayfly.Linux.Nodes.Read($"{base1}/usr/bin/env").Mode);
        Assert.Equal("as packaged\n", File.ReadAllText(Store.PathOf(StoreArea.Unpacked, package.Sha256) + "/files/0"));
        Assert.False(texts.ContainsKey("/usr/sbin/policy-rc.d"));
    }

    [Fact]
    public async Task Steps_are_layers_and_an_edit_rebuilds_only_what_follows()
    {
        var folder = reference.NewFolder();
        File.WriteAllText(Path.Combine(folder, "page"), "one");
        var recipe = new ImageRecipe
        {
            Name = "steps",
            Steps =
            [
                new CommandStep(["sh", "-c", "id -un; date +%s%N > /etc/stamp; rm /etc/issue"]),
                new FileStep([new ImageFile { Path = "/srv/app", Source = folder, Owner = "www-data:www-data" }]),
                new CommandStep(["sh", "-c", "echo $HOME $WORD $(id -un) $PWD $(cat /srv/app/page) > /var/tmp/../lib/said"]) { User = "root", WorkingDirectory = "/srv", Environment = new Dictionary<string, string> { ["WORD"] = "word" } },
                new CommandStep(["sh", "-c", "id -un > /tmp/x && cp /tmp/x /srv/app/who"]) { User = "www-data" },
            ],
        };
        var builder = new ImageBuilder(Store);
        var first = await builder.BuildAsync(reference.Lock, recipe);
        var texts = ReadAll(new ImageStore(Store).LayerFolders(first));
        Assert.Equal("/root word root /srv one\n", texts["/var/lib/said"]);
        Assert.Equal("www-data\n", texts["/srv/app/who"]);
        Assert.True(builder.Plan(reference.Lock, recipe).IsBuilt);
        Assert.Equal(first.Digest, (await builder.BuildAsync(reference.Lock, recipe)).Digest);

        File.WriteAllText(Path.Combine(folder, "page"), "two");
        var plan = builder.Plan(reference.Lock, recipe);
        Assert.Equal([true, true, false, false, false], plan.Layers.Select(layer => layer.IsBuilt));
        Assert.Equal(["its contents changed", "follows 'copy /srv/app'", "follows 'copy /srv/app'"], plan.Layers.Skip(2).Select(layer => layer.Reason));
        var second = await builder.BuildAsync(reference.Lock, recipe);
        Assert.Equal(first.Layers.Take(2), second.Layers.Take(2));
        Assert.Equal("/root word root /srv two\n", ReadAll(new ImageStore(Store).LayerFolders(second))["/var/lib/said"]);
        Assert.NotNull(new ImageStore(Store).Find(first.Digest[..16]));
        Assert.Equal(first.Layers.Skip(2).Select(layer => layer.Key).Order(), new ImageStore(Store).UnreferencedLayers([]).Intersect(first.Layers.Select(layer => layer.Key)).Order());
        Assert.Empty(new ImageStore(Store).UnreferencedLayers([first.Digest]).Intersect(first.Layers.Select(layer => layer.Key)));
    }

    [Fact]
    public async Task Two_images_differ_in_packages_and_in_what_their_trees_show()
    {
        var one = SmallPackage.Add(Store, "differs", Nothing, new Dictionary<string, string> { ["/usr/share/differs/same"] = "same\n", ["/usr/share/differs/text"] = "one\n" });
        var command = (string text) => new CommandStep(["sh", "-c", text]);
        var builder = new ImageBuilder(Store);
        var before = await builder.BuildAsync(With(one), Recipe("before") with
        {
            Steps = [command("cd /srv; mkdir kept gone; echo a > kept/file; echo b > gone/file; ln -s kept link; echo t > mode; mkfifo pipe; echo over > folder-to-be; mkdir emptied; echo x > emptied/x")],
        });
        var after = await builder.BuildAsync(With(one), Recipe("after") with
        {
            Steps =
            [
                command("cd /srv; mkdir kept gone; echo a > kept/file; echo b > gone/file; ln -s kept link; echo t > mode; mkfifo pipe; echo over > folder-to-be; mkdir emptied; echo x > emptied/x"),
                command("cd /srv; rm -r gone; ln -sfn other link; chmod 600 mode; chown 1:1 pipe; rm folder-to-be; mkdir folder-to-be; echo n > folder-to-be/n; rm -r emptied; mkdir emptied; echo new > kept/new; touch kept/file; echo two > /usr/share/differs/text"),
            ],
        });
        var difference = ImageDifference.Between(Store, before, after);
        Assert.Equal(
            [
                "/srv/emptied/x removed", "/srv/folder-to-be kind", "/srv/folder-to-be/n added", "/srv/gone removed", "/srv/kept/new added", "/srv/link target",
                "/srv/mode mode", "/srv/pipe owner", "/usr/share/differs/text contents",
            ],
            difference.Names.Select(name => $"{name.Path} {name.What}"));
        Assert.Empty(difference.Packages);
        Assert.Empty(ImageDifference.Between(Store, after, after).Names);
        var bare = await builder.BuildAsync(reference.Lock with { Sets = [reference.Lock.Sets[0]] }, new ImageRecipe { Name = "bare" });
        Assert.Equal([new PackageDifference("differs:all", null, "1")], ImageDifference.Between(Store, bare, before).Packages);
    }

    [Fact]
    public async Task What_is_added_to_a_lock_is_a_layer_of_its_own_and_no_older_script_runs_again()
    {
        static Dictionary<string, string> Script(string name) => new() { ["postinst"] = $"#!/bin/sh\ndate +%N > /etc/{name}.once\nls /etc/*.once > /etc/{name}.seen\n" };
        var (early, late) = (SmallPackage.Add(Store, "early", Script("early"), Nothing), SmallPackage.Add(Store, "late", Script("late"), Nothing));
        var before = await new ImageBuilder(Store).BuildAsync(With(early), Recipe("grows"));
        // The archive has moved by a day, and what was locked before it did not.
        var (first, next) = (reference.Lock.Date, reference.Lock.Date.AddDays(1));
        var both = With(early, late) with { Releases = [reference.Lock.Releases[0] with { Date = next }] };
        both = both with { Sets = [both.Sets[0], both.Sets[1] with { Stages = [both.Sets[1].Stages[0], both.Sets[1].Stages[1] with { AddedTo = ["early"] }] }] };
        Assert.Equal([false, false, false], Planned(both));
        both = both with { Sets = [.. both.Sets.Select(set => set with { Stages = [set.Stages[0] with { Date = first }, .. set.Stages.Skip(1)] })] };
        Assert.Equal([true, true, false], Planned(both));
        var after = await new ImageBuilder(Store).BuildAsync(both, Recipe("grows"));
        Assert.Equal(before.Layers, after.Layers.Take(2));
        Assert.Equal([first, first, next], after.Layers.Select(layer => DateTimeOffset.FromUnixTimeSeconds(new LayerStore(Store).Find(layer.Key)!.Epoch)));
        var texts = ReadAll(new ImageStore(Store).LayerFolders(after));
        Assert.Equal(ReadAll(new ImageStore(Store).LayerFolders(before))["/etc/early.once"], texts["/etc/early.once"]);
        Assert.Equal("/etc/early.once\n/etc/late.once\n", texts["/etc/late.seen"]);
        Assert.Contains("Package: early\nStatus: install ok installed\n", texts["/var/lib/dpkg/status"]);
        Assert.Contains("Package: late\nStatus: install ok installed\n", texts["/var/lib/dpkg/status"]);

        IEnumerable<bool> Planned(StackLock stack) => new ImageBuilder(Store).Plan(stack, Recipe("grows")).Layers.Select(static layer => layer.IsBuilt);
    }

    [Fact]
    public async Task Accounts_get_one_number_across_images()
    {
        static Dictionary<string, string> Adding(string account) => new() { ["postinst"] = $"#!/bin/sh\nset -e\nadduser --quiet --system --group --home /var/lib/{account} {account}\ninstall -o {account} -g {account} -m 4750 /bin/true /var/lib/{account}/tool\n" };
        var (one, two) = (SmallPackage.Add(Store, "one", Adding("alpha"), Nothing), SmallPackage.Add(Store, "two", Adding("beta"), Nothing));
        var stack = WithAdduser(one, two);
        ImageRecipe[] recipes = [new() { Name = "one", PackageSet = "one" }, new() { Name = "two", PackageSet = "two", Steps = [new CommandStep(["sh", "-c", "stat -c '%U %u %a' /var/lib/beta/tool > /etc/seen"])] }];
        var (images, numbered) = await new ImageBuilder(Store).BuildAllAsync(stack, recipes);
        Assert.Equal(["User alpha 100", "User beta 102"], numbered.Ids.Where(id => id.Kind == LockedIdKind.User).Select(id => $"{id.Kind} {id.Name} {id.Id}"));
        Assert.Equal("beta 102 4750\n", ReadAll(new ImageStore(Store).LayerFolders(images[1]))["/etc/seen"]);
        var (again, same) = await new ImageBuilder(Store).BuildAllAsync(numbered, recipes);
        Assert.Equal(images.Select(image => image.Digest), again.Select(image => image.Digest));
        Assert.Same(numbered, same);
        Assert.True(new ImageBuilder(Store).Plan(numbered, recipes[1]).IsBuilt);
    }

    /// <summary>A set for each package, over adduser and what that needs.</summary>
    private StackLock WithAdduser(params LockedPackage[] packages)
    {
        var adduser = reference.Lock.Sets[1].Stages.Select(stage => stage with { Packages = [.. stage.Packages.Where(id => id is "adduser:all" or "passwd:amd64" or "libsemanage2:amd64" or "libsemanage-common:all" or "libsepol2:amd64")] }).Where(stage => stage.Packages.Count > 0).ToArray();
        return With(packages) with
        {
            Sets = [reference.Lock.Sets[0], .. packages.Select(package => new LockedSet { Name = package.Name, Requests = [package.Name], Stages = [.. adduser, new LockedStage([package.Id])] })],
        };
    }

    [Fact]
    public async Task Every_program_that_adds_accounts_gives_them_the_numbers_of_the_table_and_changes_nothing_else()
    {
        var package = SmallPackage.Add(Store, "many", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                set -e
                adduser --system --group --home /var/lib/alpha --gecos "The first" alpha
                addgroup --system beta
                /usr/sbin/useradd -r -M -d /nonexistent -s /usr/sbin/nologin gamma
                useradd -rMs/bin/false -c epsilon delta
                useradd --system --gid beta --home-dir=/nonexistent --comment "five, alpha" epsilon
                groupadd -r zeta
                groupadd --system --password x eta
                adduser --system --quiet --ingroup beta --no-create-home theta
                adduser --system --uid 64321 iota
                useradd -m -u 2000 kappa
                adduser theta eta
                chown gamma:zeta /var/lib/alpha

                """,
        }, Nothing);
        var stack = WithAdduser(package);
        var recipe = new ImageRecipe { Name = "many", PackageSet = "many" };
        var (_, chosen) = await new ImageBuilder(Store).BuildAllAsync(stack, [recipe]);
        var before = ReadAll(new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("many")));
        Assert.Equal(8, chosen.Ids.Select(id => id.Name).Distinct().Count());

        // Every number another, none as it would be chosen, and two names that the table lacks: they may have none of its numbers.
        var table = chosen.Ids.Select((id, at) => id with { Id = at % 2 == 0 ? 100 + at : 990 - (7 * at) }).Where(id => id.Name is not ("delta" or "theta")).ToArray();
        var (images, completed) = await new ImageBuilder(Store).BuildAllAsync(stack with { Ids = table }, [recipe]);
        var after = ReadAll(new ImageStore(Store).LayerFolders(images[0]));
        Assert.Equal(table, completed.Ids.Take(table.Length));
        Assert.Empty(completed.Ids.Skip(table.Length).Select(id => id.Id).Intersect(table.Select(id => id.Id)));
        Assert.Equal(["delta", "theta", "delta"], completed.Ids.Skip(table.Length).Select(id => id.Name));
        foreach (var (file, users, groups) in ((string, int, int)[])[("/etc/passwd", 2, 3), ("/etc/group", 0, 2), ("/etc/passwd-", 2, 3), ("/etc/group-", 0, 2)])
            Assert.Equal(Named(before[file], chosen.Ids, users, groups), Named(after[file], completed.Ids, users, groups));
        foreach (var file in (string[])["/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-"])
            Assert.Equal(before[file], after[file]);
        var home = Mayfly.Linux.Nodes.Read($"{new ImageStore(Store).LayerFolders(images[0])[1]}/var/lib/alpha");
        Assert.Equal((Id(LockedIdKind.User, "gamma"), Id(LockedIdKind.Group, "zeta")), (home.User, home.Group));
        // What stands before the image's own programs is no part of it.
        Assert.DoesNotContain(after.Keys, path => path.Contains("mayfly", StringComparison.Ordinal));
        Assert.DoesNotContain(after.Values, text => text.Contains("mayfly-build", StringComparison.Ordinal));

        int Id(LockedIdKind kind, string name) => completed.Ids.Single(id => id.Kind == kind && id.Name == name).Id;

        static string Named(string text, IReadOnlyList<LockedId> ids, int users, int groups) => string.Join('\n', text.Split('\n').Select(line =>
        {
            var fields = line.Split(':');
            for (var at = 1; at < fields.Length; at++)
            {
                if ((at == users || at == groups) && ids.FirstOrDefault(id => id.Kind == (at == users ? LockedIdKind.User : LockedIdKind.Group) && $"{id.Id}" == fields[at]) is { } account)
                    fields[at] = account.Name;
            }

            return string.Join(':', fields);
        }));
    }

    [Fact]
    public async Task What_a_script_changes_or_moves_is_the_real_program_and_not_what_stands_in_for_it()
    {
        var keys = SmallPackage.Add(Store, "keys", Nothing, new Dictionary<string, string> { ["/usr/sbin/make-ssl-cert"] = "#!/bin/sh\necho real\n", ["/usr/bin/fc-cache"] = "#!/bin/sh\necho real too\n" });
        var curious = SmallPackage.Add(Store, "curious", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                set -e
                chgrp mail /usr/sbin/make-ssl-cert
                chmod 2750 /usr/sbin/make-ssl-cert /usr/sbin/policy-rc.d
                dpkg-divert --quiet --package curious --rename --divert /usr/bin/fc-cache.real --add /usr/bin/fc-cache
                echo mine > /usr/bin/fc-cache
                chown -R mail: /usr/lib/mayfly-build
                chmod 700 /usr/sbin/*.stood-in-for
                cp -p /usr/bin/ischroot /usr/bin/ischroot.copy
                chmod 711 /usr/sbin

                """,
        }, Nothing);
        var texts = await BuildAsync(With(keys, curious), Recipe("curious"));
        Assert.Equal(("#!/bin/sh\necho real\n", "#!/bin/sh\necho real too\n", "mine\n"), (texts["/usr/sbin/make-ssl-cert"], texts["/usr/bin/fc-cache.real"], texts["/usr/bin/fc-cache"]));
        var layers = new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("curious"));
        var program = Mayfly.Linux.Nodes.Read($"{layers[1]}/usr/sbin/make-ssl-cert");
        Assert.Equal((0b010_111_101_000, 8), (program.Mode, program.Group));
        Assert.Equal(File.ReadAllBytes($"{layers[0]}/usr/bin/ischroot"), File.ReadAllBytes($"{layers[1]}/usr/bin/ischroot.copy"));
        Assert.Equal(0b111_001_001, Mayfly.Linux.Nodes.Read($"{layers[1]}/usr/sbin").Mode);
        Assert.False(File.Exists($"{layers[1]}/usr/sbin/policy-rc.d"));
        Assert.DoesNotContain(texts.Where(static pair => pair.Key != "/var/lib/dpkg/info/curious.postinst"), static pair => pair.Key.Contains("mayfly", StringComparison.Ordinal) || pair.Key.Contains("stood-in-for", StringComparison.Ordinal) || pair.Value.Contains("mayfly-build", StringComparison.Ordinal) || pair.Value.Contains("stood-in-for", StringComparison.Ordinal));

        var before = Layers();
        var editor = SmallPackage.Add(Store, "editor", new Dictionary<string, string> { ["postinst"] = "#!/bin/sh\nset -e\necho '# mine' >> /usr/sbin/make-ssl-cert\n" }, Nothing);
        var failure = await Assert.ThrowsAsync<MayflyException>(() => BuildAsync(With(keys, editor), Recipe("editor")));
        Assert.Equal("a script edited /usr/sbin/make-ssl-cert, in whose place a program of Mayfly's own stands while an image is built", failure.Message);
        Assert.Equal(before, Layers());
    }

    [Fact]
    public async Task Names_that_scripts_find_come_in_their_own_order()
    {
        string[] names = [.. Enumerable.Range(0, 60).Select(number => $"{(char)('a' + (number * 37 % 26))}-{number * 7919 % 61}"), "with a space"];
        string[] all = [.. names.Order(StringComparer.Ordinal).Select(static name => $"/usr/share/many/{name}")];
        var many = SmallPackage.Add(Store, "many", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                cd /usr/share/many
                mkdir /var/found
                find /usr/share/many -type f > /var/found/plain
                find /usr/share/many -type d -o -type f -print > /var/found/either
                find /usr/share/many -type f -print0 | xargs -0 -n 1 echo > /var/found/zeros
                find /usr/share/many -maxdepth 1 -type f -exec echo {} \; > /var/found/each
                find /usr/share/many -type f -exec printf '%s\n' {} + > /var/found/together
                find /usr/share/many -type f -exec sh -c 'echo "$1$2"' sh {} '' \; > /var/found/shell
                find . -name 'with*' -exec cat {} \; > /var/found/text
                echo /usr/share/many | find $(cat) -type f -exec false \; || echo failed > /var/found/code
                find /usr/share/many -type f -exec false {} + || echo "$?" > /var/found/code-together
                find /nowhere 2>/dev/null || echo "$?" > /var/found/code-nowhere
                find /usr/share/many -name 'with*' -printf '%f\n' > /var/found/real
                find /usr/share/many -name 'with*' -exec test -d {} \; -print -o -name 'with*' -exec echo {} \; > /var/found/two
                find /tmp -name 'tmp.*' > /var/found/left
                shuffle() { perl -e 'my %table = map { $_ => 1 } 1..99; print join " ", keys %table'; }
                test "$(shuffle)" = "$(shuffle)" && echo same > /var/found/tables

                """,
        }, new Dictionary<string, string>(names.Select(static name => KeyValuePair.Create($"/usr/share/many/{name}", $"{name}\n"))) { ["/usr/share/texlive/here"] = "" }); // Nowhere else it is called in that way.
        var found = (await BuildAsync(With(many), Recipe("many-names"))).Where(static pair => pair.Key.StartsWith("/var/found/", StringComparison.Ordinal)).ToDictionary(static pair => pair.Key[11..], static pair => pair.Value);
        foreach (var form in (string[])["plain", "either", "zeros", "each", "together", "shell"])
            Assert.Equal(all, found[form].TrimEnd('\n').Split('\n'));
        Assert.Equal(("with a space\n", "with a space\n", "/usr/share/many/with a space\n"), (found["text"], found["real"], found["two"]));
        Assert.Equal(("1\n", "1\n"), (found["code-together"], found["code-nowhere"]));
        Assert.Equal("same\n", found["tables"]);
        Assert.DoesNotContain("code", found.Keys);
        Assert.DoesNotContain("left", found.Keys);
        Assert.DoesNotContain(found.Values, static text => text.Contains("stood-in-for", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scripts_load_their_locale_from_an_archive_that_no_image_has()
    {
        const string Archive = "/usr/lib/locale/locale-archive", Found = "/var/found";
        var words = SmallPackage.Add(Store, "words", new Dictionary<string, string>
        {
            ["postinst"] = $$"""
                #!/bin/sh
                set -e
                mkdir {{Found}}
                tell() { locale -k LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES LC_PAPER LC_NAME LC_ADDRESS LC_TELEPHONE LC_MEASUREMENT LC_IDENTIFICATION > {{Found}}/$1; }
                localedef --list-archive > {{Found}}/list
                locale-gen
                mv /usr/lib/locale/C.utf8 /usr/lib/locale/away
                tell archive
                mv /usr/lib/locale/away /usr/lib/locale/C.utf8
                rm {{Archive}}
                tell files
                rm -r /usr/lib/locale/C.utf8/LC_TIME
                tell nothing 2> {{Found}}/error

                """,
        }, new Dictionary<string, string> { ["/usr/sbin/locale-gen"] = $"#!/bin/sh\nset -e\nrm -rf {Archive}\n" });
        var texts = await BuildAsync(With(words), Recipe("words"));
        Assert.Equal(texts[$"{Found}/files"], texts[$"{Found}/archive"]);
        Assert.Contains("charmap=\"UTF-8\"", texts[$"{Found}/archive"], StringComparison.Ordinal);
        // So it is not found at all when it is in neither.
        Assert.NotEqual("", texts[$"{Found}/error"]);
        Assert.DoesNotContain($"{Found}/list", texts.Keys); // Empty files are not among them.
        Assert.DoesNotContain(Archive, texts.Keys);

        var more = SmallPackage.Add(Store, "more-words", new Dictionary<string, string>
        {
            ["postinst"] = "#!/bin/sh\nset -e\ncp -r /usr/lib/locale/C.utf8 /tmp/zz.utf8\nlocaledef --add-to-archive /tmp/zz.utf8\nrm -r /tmp/zz.utf8\nlocaledef --list-archive > /var/list\n",
        }, Nothing);
        texts = await BuildAsync(With(more), Recipe("more-words"));
        Assert.Equal("zz.utf8\n", texts["/var/list"]);
        Assert.Contains(Archive, texts.Keys);

        var silent = SmallPackage.Add(Store, "no-words", new Dictionary<string, string> { ["postinst"] = $"#!/bin/sh\nset -e\nrm {Archive}\n" }, Nothing);
        await BuildAsync(With(silent), Recipe("no-words"));
        Assert.False(Directory.Exists($"{new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("no-words"))[1]}/usr/lib/locale"));
    }

    [Fact]
    public async Task A_service_that_a_script_has_masked_is_unmasked()
    {
        var masked = SmallPackage.Add(Store, "masked", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                set -e
                deb-systemd-helper unmask here.service
                deb-systemd-helper mask here.service
                deb-systemd-helper mask there.service
                readlink /etc/systemd/system/here.service > /var/mask
                deb-systemd-helper unmask here.service
                deb-systemd-helper unmask here.service
                test ! -e /etc/systemd/system/here.service

                """,
        }, new Dictionary<string, string> { ["/usr/lib/systemd/system/here.service"] = "[Service]\n", ["/usr/lib/systemd/system/there.service"] = "[Service]\n" });
        var texts = await BuildAsync(With(masked), Recipe("masked"));
        Assert.Equal("/dev/null\n", texts["/var/mask"]);
        var layer = new ImageStore(Store).LayerFolders(new ImageStore(Store).Get("masked"))[1];
        Assert.Equal("/dev/null", new FileInfo($"{layer}/etc/systemd/system/there.service").LinkTarget);
        Assert.Equal([$"{layer}/var/lib/systemd/deb-systemd-helper-masked/there.service"], Directory.GetFiles($"{layer}/var/lib/systemd/deb-systemd-helper-masked"));
    }

    [Fact]
    public async Task What_scripts_ask_about_a_service_is_answered_as_by_the_real_program()
    {
        var asking = SmallPackage.Add(Store, "asking", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                ask() { for program in deb-systemd-helper /usr/bin/deb-systemd-helper.stood-in-for; do
                    $program "$@" 2>> /var/answers; printf '%s ' $? >> /var/answers
                done; echo "$*" >> /var/answers; }
                ask --quiet was-enabled here.service
                ask was-enabled here.service
                ask --quiet was-enabled nowhere.service
                ask --quiet debian-installed here.service
                deb-systemd-helper enable here.service
                ask --quiet was-enabled here.service
                ask --quiet debian-installed here.service
                rm /etc/systemd/system/multi-user.target.wants/here.service
                ask --quiet was-enabled here.service
                ask --quiet was-enabled here.service nowhere.service
                DPKG_MAINTSCRIPT_PACKAGE= ask --quiet was-enabled nowhere.service
                exit 0

                """,
        }, new Dictionary<string, string> { ["/usr/lib/systemd/system/here.service"] = "[Service]\n[Install]\nWantedBy=multi-user.target\n" });
        var texts = await BuildAsync(With(asking), Recipe("asking"));
        Assert.Equal("""
            0 0 --quiet was-enabled here.service
            enabled
            0 enabled
            0 was-enabled here.service
            0 0 --quiet was-enabled nowhere.service
            1 1 --quiet debian-installed here.service
            0 0 --quiet was-enabled here.service
            0 0 --quiet debian-installed here.service
            1 1 --quiet was-enabled here.service
            0 0 --quiet was-enabled here.service nowhere.service
            /usr/bin/deb-systemd-helper.stood-in-for was not called from dpkg. Exiting.
            1 /usr/bin/deb-systemd-helper.stood-in-for was not called from dpkg. Exiting.
            1 --quiet was-enabled nowhere.service

            """, texts["/var/answers"]);
    }

    [Fact]
    public async Task A_secret_in_configuration_is_made_for_an_instance_wherever_it_stands()
    {
        var package = SmallPackage.Add(Store, "secretive", new Dictionary<string, string>
        {
            ["postinst"] = """
                #!/bin/sh
                set -e
                key=$(tr -dc a-z < /dev/urandom | head -c 12)
                mkdir -p /etc/shadowsocks-libev /var/lib/ucf/cache
                printf '{"password":"%s"}\n' $key > /etc/shadowsocks-libev/config.json
                cp /etc/shadowsocks-libev/config.json /var/lib/ucf/cache/:etc:shadowsocks-libev:config.json
                echo $key > /etc/copy
                chgrp mail /etc/copy
                chmod 640 /etc/copy

                """,
        }, Nothing);
        var image = await new ImageBuilder(Store).BuildAsync(With(package), Recipe("secretive"));
        Assert.Contains("shadowsocks-password", image.LeftOut);
        string[] keys = [.. image.Layers.Select(static layer => layer.Key)];
        var first = new FirstStart(Store);
        var missing = first.Missing(keys).Where(static thing => thing.Name == "shadowsocks-password").ToArray();
        Assert.Single(missing);
        var own = first.Make(missing, keys, "one", "test.internal", reference.NewFolder(), CancellationToken.None);
        Assert.Equal(["etc/copy", "etc/shadowsocks-libev/config.json"], Directory.EnumerateFiles(own, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(own, path)).Order(StringComparer.Ordinal));
        var key = File.ReadAllText($"{own}/etc/copy").TrimEnd('\n');
        Assert.Matches("^[A-Za-z0-9]{12}$", key);
        Assert.Equal($"{{\"password\":\"{key}\"}}\n", File.ReadAllText($"{own}/etc/shadowsocks-libev/config.json"));
        var node = Mayfly.Linux.Nodes.Read($"{own}/etc/copy");
        Assert.Equal((0b110_100_000, 8), (node.Mode, node.Group));
    }

    [Fact]
    public async Task A_script_that_names_another_number_than_the_table_has_is_told()
    {
        var package = SmallPackage.Add(Store, "insists", new Dictionary<string, string> { ["postinst"] = "#!/bin/sh\nset -e\nuseradd -r -M -u 345 fixed\n" }, Nothing);
        var before = Layers();
        var failure = await Assert.ThrowsAsync<MayflyException>(() => new ImageBuilder(Store).BuildAllAsync(WithAdduser(package) with { Ids = [new LockedId("fixed", LockedIdKind.User, 500)] }, [new ImageRecipe { Name = "insists", PackageSet = "insists" }]));
        Assert.Equal("scripts of 'packages insists' gave the user fixed the number 345, and stack.lock has 500 for it", failure.Message);
        Assert.Contains("user.\"fixed\" = 345", failure.Hint);
        Assert.Empty(Layers().Except(before));
    }

    [Fact]
    public async Task A_failing_command_and_an_unknown_owner_are_named()
    {
        var builder = new ImageBuilder(Store);
        var command = await Assert.ThrowsAsync<MayflyException>(() => builder.BuildAsync(reference.Lock, new ImageRecipe { Name = "x", Steps = [new CommandStep(["sh", "-c", "echo why; exit 9"])] }));
        Assert.Contains("exit code 9", command.Message);
        Assert.Contains("why", command.Message);
        var owner = await Assert.ThrowsAsync<MayflyException>(() => builder.BuildAsync(reference.Lock, new ImageRecipe { Name = "x", Steps = [new FileStep([new ImageFile { Path = "/x", Text = "", Owner = "stranger" }])] }));
        Assert.Contains("the user stranger", owner.Message);
    }

    [Fact]
    public async Task Builders_of_one_key_take_turns_and_cancelling_one_leaves_nothing()
    {
        var folder = reference.NewFolder();
        var recipes = Enumerable.Range(0, 4).Select(number => new ImageRecipe { Name = $"side-{number}", Steps = [new CommandStep(["sh", "-c", $"# {folder}\nsleep 0.3; date +%N > /etc/once"])] });
        var images = await Task.WhenAll(recipes.Select(recipe => Task.Run(() => new ImageBuilder(Store).BuildAsync(reference.Lock, recipe))));
        Assert.Single(images.Select(image => image.Digest).Distinct());

        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ImageBuilder(Store).BuildAsync(reference.Lock, new ImageRecipe { Name = "late", Steps = [new CommandStep(["sh", "-c", $"# {folder}\nsleep 4321"])] }, cancellationToken: soon.Token));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(Store.Folder(StoreArea.Tmp)), path => path.Contains($"/{Environment.ProcessId}.", StringComparison.Ordinal));
        Assert.Empty(Processes("sleep\04321"));
    }

    private static IEnumerable<string> Processes(string commandLine) => Directory.GetDirectories("/proc").Where(folder =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(folder), out _) && File.ReadAllText($"{folder}/cmdline").Contains(commandLine, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });

    [Fact]
    public async Task A_builder_killed_at_any_moment_leaves_a_store_that_the_next_one_finishes()
    {
        await new ImageBuilder(Store).BuildAsync(reference.Lock, new ImageRecipe { Name = "base" });
        var package = SmallPackage.Add(Store, "slow", new Dictionary<string, string> { ["preinst"] = "#!/bin/sh\nsleep 0.4\n", ["postinst"] = "#!/bin/sh\nsleep 0.61234\necho done > /var/slow\n" },
            new Dictionary<string, string> { ["/usr/share/slow/x"] = "x\n" });
        var before = Layers();
        var lockPath = Path.Combine(reference.NewFolder(), "stack.lock");
        LockFile.Write(lockPath, With(package));
        foreach (var delay in (int[])[400, 900, 1300, 1700])
        {
            using var builder = ChildBuilder.Start(Store.Root, lockPath);
            await Task.Delay(delay);
            builder.Kill();
            await builder.WaitForExitAsync();
            for (var tries = 0; Processes("sleep\00.61234").Any() && tries < 50; tries++)
                await Task.Delay(100);
            Assert.Empty(Processes("sleep\00.61234"));
            foreach (var layer in Layers())
                Assert.True(File.Exists(Path.Combine(layer, "layer.json")), layer);
        }

        var again = Store.Open(Store.Root);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(again.Folder(StoreArea.Tmp)), path => path.Contains("-layer-", StringComparison.Ordinal) && !path.Contains($"/{Environment.ProcessId}.", StringComparison.Ordinal));
        var texts = await BuildAsync(With(package), Recipe("slow"));
        Assert.Equal("done\n", texts["/var/slow"]);
        Assert.Equal(before.Length + 1, Layers().Length);
    }

    [Fact]
    public async Task Skopeo_reads_the_archive_and_the_same_image_gives_the_same_bytes()
    {
        var image = await new ImageBuilder(Store).BuildAsync(reference.Lock, new ImageRecipe
        {
            Name = "shop/web",
            Steps = [new CommandStep(["sh", "-c", "rm /etc/issue; rm -r /usr/share/doc/dash; mkdir /usr/share/doc/dash; echo new > /usr/share/doc/dash/x"])],
        });
        var folder = reference.NewFolder();
        var (first, second) = (Path.Combine(folder, "a.tar"), Path.Combine(folder, "b.tar"));
        var configuration = new ImageConfiguration { Command = ["/bin/true"], Ports = [8080], Environment = new Dictionary<string, string> { ["A"] = "b" }, User = "www-data" };
        await new ImageExport(Store).WriteOciArchiveAsync(image, first, configuration);
        await new ImageExport(Store).WriteOciArchiveAsync(image, second, configuration);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));

        var inspected = Run("skopeo", "inspect", "--config", $"oci-archive:{first}");
        Assert.All(image.Layers, layer => Assert.Contains(layer.Digest, inspected));
        Assert.Contains("8080/tcp", inspected);
        Run("skopeo", "copy", "--quiet", "--insecure-policy", $"docker-archive:{first}", $"dir:{folder}/docker");
        Run("skopeo", "copy", "--quiet", "--insecure-policy", $"oci-archive:{first}", $"dir:{folder}/oci");

        // What a runtime would unpack is what we would mount.
        var plain = Path.Combine(folder, "plain.tar");
        await new ImageExport(Store).WriteTarAsync(image, plain);
        var tree = TarTree.Read(plain);
        Assert.DoesNotContain("etc/issue", tree.Keys);
        Assert.Equal(["usr/share/doc/dash/x"], tree.Keys.Where(path => path.StartsWith("usr/share/doc/dash/", StringComparison.Ordinal)));
        Assert.Contains("etc/.wh.issue", Run("sh", "-c", $"for file in {folder}/oci/*; do tar tzf $file 2>/dev/null || true; done"));
    }

    [Fact]
    public async Task An_export_that_cannot_be_written_leaves_nothing()
    {
        var image = await new ImageBuilder(Store).BuildAsync(reference.Lock, new ImageRecipe { Name = "base" });
        var failure = await Assert.ThrowsAsync<MayflyException>(() => new ImageExport(Store).WriteTarAsync(image, "/nowhere/at/all.tar"));
        Assert.Contains("/nowhere/at/all.tar", failure.Message);
    }
}
