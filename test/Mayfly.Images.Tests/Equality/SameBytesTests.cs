using System.Globalization;
using System.Text.RegularExpressions;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Tests.Shared;

namespace Mayfly.Images.Tests.Equality;

/// <summary>One lock gives the same layers, byte for byte, whoever builds and wherever.</summary>
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed partial class SameBytesTests(PackageArchive archive, TwoMachines machines) : IClassFixture<TwoMachines>
{
    /// <summary>Another host's name, one processor, a mask that hides everything, a language in which i is not the small letter of I, and the other side of the date line.</summary>
    private static readonly string[] Elsewhere =
    [
        "unshare", "--uts", "sh", "-c", "hostname elsewhere.example.org && umask 077 && cd / && exec \"$@\"", "sh",
        "taskset", "-c", "0", "env", "LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8", "TZ=Pacific/Kiritimati", "HOME=/nonexistent", "TMPDIR=/var/tmp", "PYTHONHASHSEED=1",
    ];

    private static readonly string? Named = Environment.GetEnvironmentVariable("MAYFLY_SAME_BYTES");

    /// <summary>
    /// Of three releases, most with packages that make accounts, and TeX, whose scripts write what they find in no order; or any that <c>MAYFLY_SAME_BYTES</c> names: those of <see cref="PackageSets"/>, or packages with a comma
    /// after each. What differs is then kept in the folder of <c>MAYFLY_REFERENCES</c>.
    /// </summary>
    public static TheoryData<string> Sets => [.. (Named ?? "shop mariadb kernel trixie noble texlive-base,").Split(' ')];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Another_machine_gives_the_same_layers(string set)
    {
        var (packages, stack) = set.Contains(',') ? await LockAsync(set.Split(',', StringSplitOptions.RemoveEmptyEntries)) : await KnownAsync(set);
        var (here, there) = (machines.Here, machines.There);
        foreach (var (store, package) in stack.Packages.SelectMany(package => ((Store[])[here, there]).Select(store => (store, package))).Where(static pair => !pair.store.Has(StoreArea.Artifacts, pair.package.Sha256)))
            File.Copy(packages.PathOf(StoreArea.Artifacts, package.Sha256), store.PathOf(StoreArea.Artifacts, package.Sha256));

        var begun = DateTimeOffset.UtcNow;
        // Here accounts get the numbers that scripts choose, which the lock's table then has; there scripts are given them.
        var (images, completed) = await new ImageBuilder(here).BuildAllAsync(stack, [new ImageRecipe { Name = "child", PackageSet = "set" }]);
        Assert.Empty(stack.Ids);
        Assert.True(set.Contains(',') || completed.Ids.Count > 0);
        var lockPath = $"{machines.Folder}/stack.lock";
        LockFile.Write(lockPath, completed);
        using var child = ChildBuilder.Start(there.Root, lockPath, "set", Elsewhere);
        await child.WaitForExitAsync();
        Assert.Equal(0, child.ExitCode);
        var (ours, theirs) = (images[0], new ImageStore(there).Get("child"));
        Assert.Equal(ours.Layers.Select(static layer => layer.Key), theirs.Layers.Select(static layer => layer.Key));
        foreach (var ((layer, other), at) in ours.Layers.Zip(theirs.Layers).Select(static (pair, at) => (pair, at)))
            Assert.True(layer.Digest == other.Digest, layer.Digest == other.Digest ? ""
                : $"the layer '{layer.Origin}' of '{set}' differs: {Differences(set, new ImageStore(here).LayerFolders(ours)[at], new ImageStore(there).LayerFolders(theirs)[at])}");
        Assert.Equal(ours.Digest, theirs.Digest);
        if (Named is not null)
        {
            Assert.Empty(stack.Releases.Max(static release => release.Date).UtcDateTime.Date < begun.UtcDateTime.Date ? new ImageStore(here).LayerFolders(ours).SelectMany(tree => Dated(tree, begun)) : []);
            AssertMadeAgain(here, ours);
        }

        machines.Forget(stack, ours);
    }

    /// <summary>What the image leaves out is made by a first start, once for each instance.</summary>
    private void AssertMadeAgain(Store store, Image image)
    {
        var first = new FirstStart(store);
        string[] keys = [.. image.Layers.Select(static layer => layer.Key)];
        var missing = first.Missing(keys);
        if (missing.Count == 0)
            return;
        var (one, other) = (Make("one"), Make("other"));
        Assert.All(missing.SelectMany(static thing => thing.Paths.Where(path => thing.Before is null && !path.Contains('*'))), path => Assert.True(one.ContainsKey($"/{path}"), $"{path} is not made again"));
        Assert.DoesNotContain(one.Values, static name => name.Kind == NodeKind.File && TreeReader.Text(name).Contains("left-out-", StringComparison.Ordinal));
        Assert.All(missing.Where(static thing => !thing.IsDatabase && !thing.Sign.Contains('*')), thing => Assert.NotEqual(TreeReader.Text(one[$"/{thing.Sign}"]), TreeReader.Text(other[$"/{thing.Sign}"])));

        Dictionary<string, TreeName> Make(string name) => TreeReader.Read(first.Make(missing, keys, name, "test.internal", Directory.CreateDirectory($"{store.Root}/{name}-{keys[^1]}").FullName, CancellationToken.None));
    }

    /// <summary>What scripts made, and names the day or a second of the build: tomorrow it would be another. Other files are linked: the packages' own.</summary>
    private static IEnumerable<string> Dated(string tree, DateTimeOffset begun)
    {
        string[] texts = [.. ((string[])["yyyy-MM-dd", "yyyyMMdd", "d MMM yyyy", "MMM d, yyyy", "dd/MM/yyyy", "MM/dd/yyyy"]).Select(format => begun.ToString(format, CultureInfo.InvariantCulture))];
        var seconds = (First: begun.ToUnixTimeSeconds(), Last: DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return TreeReader.Read(tree).Where(name => name.Value.Kind == NodeKind.File && Nodes.Read(name.Value.Real).Links == 1).Select(name => (name.Key, Text: TreeReader.Text(name.Value)))
            .Where(name => texts.Any(text => name.Text.Contains(text, StringComparison.Ordinal)) || Seconds().Matches(name.Text).Any(match => long.Parse(match.Value, CultureInfo.InvariantCulture) is var second && second >= seconds.First && second <= seconds.Last))
            .Select(name => $"{name.Key} holds the time of the build");
    }

    [GeneratedRegex("(?<![0-9])1[0-9]{9}(?![0-9])")]
    private static partial Regex Seconds();

    private async Task<(Store, StackLock)> KnownAsync(string set)
    {
        if (PackageSets.All.Single(known => known.Name == set).NeedsUbuntu)
            UbuntuMirror.SkipWithout();
        var contents = await archive.ContentsAsync;
        return (contents.Store, contents.Locks[set]);
    }

    /// <summary>Of packages that no other test needs, in the store that tests of instances keep from run to run, or another.</summary>
    private static async Task<(Store, StackLock)> LockAsync(string[] packages)
    {
        var store = Store.Open(Environment.GetEnvironmentVariable("MAYFLY_STORE") ?? "/var/cache/mayfly-tests/store");
        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
        var made = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new SetRequest(SetRequest.Base, []), new SetRequest("set", packages)]);
        await Fetch.AllAsync(store, sources, made.Packages);
        return (store, made);
    }

    private static string Differences(string set, string ours, string theirs)
    {
        var (one, other) = (TreeReader.Read(ours), TreeReader.Read(theirs));
        var found = TreeComparison.Differences(one, other, static path => path);
        if (PackageArchive.Kept is { Length: > 0 } kept)
        {
            ReferenceImage.Run("mkdir", "-p", kept);
            foreach (var (tree, name) in ((string, string)[])[(ours, "here"), (theirs, "there")])
                ReferenceImage.Run("cp", "-a", tree, $"{kept}/{set.Replace(',', '-')}-{name}");
        }

        return string.Join('\n', found.Take(20));
    }
}
