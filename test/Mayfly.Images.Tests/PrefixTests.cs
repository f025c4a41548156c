using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

/// <summary>What is configured once is begun with wherever the same comes first: only new scripts run, and the bytes are those of a build from nothing.</summary>
[Collection("reference")]
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class PrefixTests(ReferenceImage reference) : IDisposable
{
    /// <summary>A script that cannot write the same twice.</summary>
    private const string ByChance = "#!/bin/sh\nset -e\ncat /proc/sys/kernel/random/uuid > /var/NAME.chance\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-prefixes-").FullName;

    [Fact]
    public async Task A_second_set_that_begins_alike_runs_its_own_scripts_alone_and_so_does_a_newer_package()
    {
        var store = await FreshAsync("one");
        LockedPackage[] common = [Package(store, "low", ByChance), Package(store, "middle", ByChance, "Pre-Depends: low\n")];
        var (upper, other, newer) = (Package(store, "upper", ByChance, "Pre-Depends: middle\n"), Package(store, "other", ByChance, "Pre-Depends: middle\n"), Package(store, "upper", $"{ByChance}# newer\n", "Pre-Depends: middle\n"));
        var first = await BuildAsync(store, [.. common, upper]);
        var second = await BuildAsync(store, [.. common, other]);
        var third = await BuildAsync(store, [.. common, newer]);
        foreach (var name in (string[])["low", "middle"])
        {
            Assert.Equal(37, Text(first, name).Length);
            Assert.Equal((Text(first, name), Text(first, name)), (Text(second, name), Text(third, name)));
        }

        Assert.NotEqual(Text(first, "upper"), Text(third, "upper"));
        Assert.False(File.Exists($"{first}/var/other.chance"));
        Assert.False(File.Exists($"{second}/var/upper.chance"));
        // Where something below is new, or came on another day, all is.
        var changed = await BuildAsync(store, [Package(store, "low", $"{ByChance}# newer\n"), common[1], upper]);
        Assert.NotEqual(Text(first, "middle"), Text(changed, "middle"));
        var later = await BuildAsync(store, [.. common, other], DateTimeOffset.UnixEpoch.AddDays(20_000));
        Assert.NotEqual(Text(first, "low"), Text(later, "low"));
        Assert.Empty(Crash.StoreInvariants.Broken(store.Root, atRest: true));

        string Text(string tree, string name) => File.ReadAllText($"{tree}/var/{name}.chance");
    }

    [Fact]
    public async Task The_bytes_are_those_of_a_build_from_nothing()
    {
        const string Awkward = """
            #!/bin/sh
            set -e
            # An account, a file by two names, one changed in place, a folder with another owner, one in a file's place and one in another folder's, removed ones.
            echo NAME:x:9NUMBER:9NUMBER::/:/bin/false >> /etc/passwd
            mkdir -p /var/shared/NAME
            echo NAME > /var/shared/NAME/one
            ln /var/shared/NAME/one /var/shared/NAME/two
            chmod 2750 /var/shared
            chgrp mail /var/shared
            echo NAME >> /usr/share/low/0
            rm -rf /usr/share/NAME/gone /var/NAME/replaced /var/replaced
            mkdir /var/NAME/replaced /var/replaced
            echo NAME > /var/NAME/replaced/x
            echo NAME > /var/replaced/NAME
            ln -sf ../etc/NAME /var/link
            mknod -m 600 /var/NAME.fifo p
            ln -s one /var/shared/NAME/link
            # What mandb and others look at: how many names there are (of folders overlayfs says what suits it).
            find /var/shared /var/link /var/*.fifo ! -type d -printf '%p %n\n' 2>/dev/null | sort > /var/NAME.names
            rm -f /usr/share/doc/dash/copyright

            """;
        var fresh = await FreshAsync("fresh");
        LockedPackage[] packages = [.. ((string[])["low", "middle", "upper"]).Select((name, at) => Package(fresh, name, Awkward.Replace("NUMBER", $"{at}", StringComparison.Ordinal), at == 0 ? "" : "Pre-Depends: low\n"))];
        var wanted = (await ImageAsync(fresh, packages, keeping: int.MaxValue)).Digest;
        Assert.Empty(Prefixes(fresh));
        Assert.Equal(wanted, (await ImageAsync(await FreshAsync("keeping", fresh), packages)).Digest);

        var begun = await FreshAsync("begun", fresh);
        await ImageAsync(begun, [packages[0], packages[2]]);
        await ImageAsync(begun, [packages[0], packages[1], Package(begun, "last", ByChance, "Pre-Depends: low\n")]);
        // The very same stages, each from its own script's point of view.
        var before = Prefixes(begun).Length;
        Assert.Equal(wanted, (await ImageAsync(begun, packages)).Digest);
        Assert.Equal(before, Prefixes(begun).Length);
        Assert.Empty(Crash.StoreInvariants.Broken(begun.Root, atRest: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_tells_the_day_of_a_build(bool added)
    {
        // A batch, or a layer, is of an earlier lock than the one over it, whose scripts look at what the first wrote, and change its owner.
        const string Writes = """
            #!/bin/sh
            set -e
            echo NAME > /var/NAME.made
            ln -s NAME.made /var/NAME.link
            mkdir -p /var/NAME.folder/inner
            ln /var/NAME.made /var/NAME.folder/made
            echo "NAME:*:$(( $(date +%s) / 86400 )):0:99999:7:::" >> /etc/shadow
            find /var/low.* -printf '%p %T@\n' | sort > /var/NAME.times

            """;
        var (first, second) = (new DateTimeOffset(2025, 1, 1, 5, 0, 0, TimeSpan.Zero), new DateTimeOffset(2025, 12, 1, 5, 0, 0, TimeSpan.Zero));
        var fresh = await FreshAsync("fresh");
        LockedPackage[] packages =
        [
            Package(fresh, "low", Writes.Replace("find /var/low.* -printf '%p %T@\\n' | sort >", ":", StringComparison.Ordinal)),
            Package(fresh, "upper", $"{Writes}chmod 600 /var/low.made\nchown -h mail /var/low.link\nchmod 700 /var/low.folder\n", "Pre-Depends: low\n"),
        ];
        var wanted = await DatedAsync(fresh, 2);
        var begun = await FreshAsync("begun", fresh);
        if (added)
            await DatedAsync(begun, 1);
        else
            await ImageAsync(begun, [packages[0], Package(begun, "other", ByChance, "Pre-Depends: low\n")], first);
        var image = await DatedAsync(begun, 2);
        Assert.Equal(wanted.Layers.Select(static layer => layer.Digest), image.Layers.Select(static layer => layer.Digest));
        var layers = new ImageStore(begun).LayerFolders(image);
        var (low, day) = ($"{first.ToUnixTimeSeconds()}.0000000000", $":{second.ToUnixTimeSeconds() / 86400}:");
        Assert.Equal(["/var/low.folder", "/var/low.folder/inner", "/var/low.folder/made", "/var/low.link", "/var/low.made"], File.ReadAllLines($"{layers[^1]}/var/upper.times").Select(line => line.Replace($" {low}", "", StringComparison.Ordinal)));
        string[] shadow = [.. File.ReadAllLines($"{layers[^1]}/etc/shadow").Where(static line => line.StartsWith("low:", StringComparison.Ordinal) || line.StartsWith("upper:", StringComparison.Ordinal))];
        Assert.Equal([$"low:*:{first.ToUnixTimeSeconds() / 86400}:0:99999:7:::", $"upper:*{day}0:99999:7:::"], shadow);
        foreach (var layer in layers.Skip(1))
            Assert.Equal("", ReferenceImage.Run("find", layer, "(", "-type", "d", "-o", "-type", "l", "-o", "-links", "1", ")", "-newermt", $"@{second.ToUnixTimeSeconds()}"));
        Assert.Empty(Crash.StoreInvariants.Broken(begun.Root, atRest: true));

        async Task<Image> DatedAsync(Store store, int count)
        {
            LockedPackage[] some = packages[..count];
            var stack = reference.Lock with
            {
                Packages = [.. reference.Lock.Packages, .. some],
                Sets =
                [
                    reference.Lock.Sets[0],
                    new LockedSet
                    {
                        Name = "test",
                        Requests = [.. some.Select(static package => package.Name)],
                        Stages = [.. some.Select((package, at) => new LockedStage([package.Id]) { Configured = [package.Id], Date = at == 0 ? first : second, AddedTo = added && at > 0 ? ["low"] : null })],
                    },
                ],
            };
            return await new ImageBuilder(store) { WorthKeeping = 1 }.BuildAsync(stack, new ImageRecipe { Name = "test", PackageSet = "test" });
        }
    }

    [Fact]
    public async Task Where_another_build_was_first_nothing_is_kept_over_its_batches()
    {
        var store = await FreshAsync("two");
        var prefixes = new PrefixStore(store);
        Assert.Equal(["a"], prefixes.Commit(Made("one", "a")));
        // Its own "b" was configured over its own "a", in which scripts may have written something else.
        Assert.Equal([], prefixes.Commit(Made("two", "a", "b")));
        Assert.Equal(["a"], Prefixes(store).Select(Path.GetFileName));
        Assert.Equal("one", File.ReadAllText($"{store.PathOf(StoreArea.Prefixes, "a")}/tree-0/by"));

        MadePrefix[] Made(string by, params string[] keys)
        {
            var work = Directory.CreateDirectory($"{store.Folder(StoreArea.Tmp)}/{by}").FullName;
            return [.. keys.Select(key =>
            {
                Directory.CreateDirectory($"{work}/{key}/tree-0");
                File.WriteAllText($"{work}/{key}/tree-0/by", by);
                var made = new MadePrefix($"{work}/{key}", new PrefixRecord { Key = key, Packages = 1, Parts = [new PrefixPart("tree-0", true)] });
                PrefixStore.Complete(made);
                return made;
            })];
        }
    }

    [Fact]
    public async Task What_is_kept_is_roots_alone_is_done_without_where_it_is_damaged_and_goes_with_its_last_layer()
    {
        var store = await FreshAsync("kept");
        LockedPackage[] packages = [Package(store, "low", ByChance), Package(store, "middle", ByChance, "Pre-Depends: low\n"), Package(store, "upper", ByChance, "Pre-Depends: middle\n")];
        var image = await ImageAsync(store, packages);
        var prefixes = Prefixes(store);
        Assert.Equal(2, prefixes.Length);
        Assert.All(prefixes, static path => Assert.Equal(0x1c0, Nodes.Read(path).Mode));
        // A script may chance to make a key; what it made is in the layer and not changed there.
        var images = new ImageStore(store);
        var layers = image.Layers.Select(static layer => layer.Key).ToArray();
        foreach (var path in prefixes)
            File.WriteAllText($"{path}/prefix.json", "{");
        images.RemoveLayers([layers[^1]]);
        Assert.Empty(Prefixes(store));
        await ImageAsync(store, packages);
        Assert.Equal(2, Prefixes(store).Length);
        foreach (var path in Prefixes(store))
            File.WriteAllText($"{path}/prefix.json", "null");
        await ImageAsync(store, [.. packages, Package(store, "more", ByChance, "Pre-Depends: middle\n")]);
        images.RemoveName("test");
        images.RemoveLayers([.. new LayerStore(store).Keys()]);
        Assert.Empty(Prefixes(store));
    }

    public void Dispose() => Trees.Remove(_folder);

    private static string[] Prefixes(Store store) => [.. Directory.GetDirectories(store.Folder(StoreArea.Prefixes)).Order(StringComparer.Ordinal)];

    /// <summary>A store of its own, which has the reference's base.</summary>
    private async Task<Store> FreshAsync(string name, Store? packages = null)
    {
        var store = Store.Open($"{_folder}/{name}");
        var built = await new ImageBuilder(reference.Store).BuildAsync(reference.Lock, new ImageRecipe { Name = "base" });
        ReferenceImage.Run("cp", "-al", reference.Store.PathOf(StoreArea.Layers, built.Layers[0].Key), store.Folder(StoreArea.Layers));
        foreach (var artifact in packages is null ? [] : Directory.GetFiles(packages.Folder(StoreArea.Artifacts)))
            File.Copy(artifact, store.PathOf(StoreArea.Artifacts, Path.GetFileName(artifact)));
        return store;
    }

    private static LockedPackage Package(Store store, string name, string postinst, string fields = "") =>
        SmallPackage.Add(store, name, new Dictionary<string, string> { ["postinst"] = postinst.Replace("NAME", name, StringComparison.Ordinal), ["preinst"] = "#!/bin/sh\n" },
            new Dictionary<string, string> { [$"/usr/share/{name}/0"] = $"{name}\n", [$"/usr/share/{name}/gone/x"] = "x\n", [$"/var/{name}/replaced"] = "x\n" }, fields);

    private async Task<Image> ImageAsync(Store store, LockedPackage[] packages, DateTimeOffset? date = null, int keeping = 1)
    {
        var stack = reference.Lock with
        {
            Packages = [.. reference.Lock.Packages, .. packages],
            Sets =
            [
                reference.Lock.Sets[0],
                new LockedSet { Name = "test", Requests = [.. packages.Select(package => package.Name)], Stages = [.. packages.Select(package => new LockedStage([package.Id]) { Configured = [package.Id], Date = date })] },
            ],
        };
        return await new ImageBuilder(store) { WorthKeeping = keeping }.BuildAsync(stack, new ImageRecipe { Name = "test", PackageSet = "test" });
    }

    private async Task<string> BuildAsync(Store store, LockedPackage[] packages, DateTimeOffset? date = null) =>
        new ImageStore(store).LayerFolders(await ImageAsync(store, packages, date))[^1];
}
