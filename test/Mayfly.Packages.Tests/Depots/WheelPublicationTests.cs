using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Depots;

/// <summary>Wheels go the way of Debian's packages: hashed, listed, signed, shown by one exchange.</summary>
public sealed class WheelPublicationTests : IDisposable
{
    private readonly DepotGround _ground = new();

    public void Dispose() => _ground.Dispose();

    private string Simple => Path.Combine(_ground.Depot.Root, "simple");

    [Fact]
    public async Task Pages_say_all_that_pip_asks_for_in_both_forms()
    {
        var wheel = Wheel("Some.Name_x", "1!2.0+deb.1", "Requires-Python: >=3.8, !=3.9.*\n") with { WasAsked = true, Yanked = "wrong \"licence\" <b>" };
        await PublishAsync([wheel]);

        var (digest, metadata) = (wheel.Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes($"{Simple}/some-name-x/{wheel.File}.metadata"))));
        Assert.Contains($"<a href=\"Some.Name_x-1%212.0%2Bdeb.1-py3-none-any.whl#sha256={digest}\" data-requires-python=\"&gt;=3.8,!=3.9.*\" data-core-metadata=\"sha256={metadata}\" data-yanked=\"wrong &quot;licence&quot; &lt;b&gt;\">{wheel.File}</a>",
            File.ReadAllText($"{Simple}/some-name-x/index.html"), StringComparison.Ordinal);
        Assert.Contains("<a href=\"some-name-x/\">some-name-x</a>", File.ReadAllText($"{Simple}/index.html"), StringComparison.Ordinal);
        Assert.Equal("{\"meta\":{\"api-version\":\"1.1\"},\"projects\":[{\"name\":\"some-name-x\"}]}\n", File.ReadAllText($"{Simple}/index.json"));
        // What Mayfly itself reads of either is the same, and what was said.
        var address = new Uri("http://depot.example/simple/some-name-x/");
        foreach (var page in (IndexPage[])[IndexPage.Read(File.ReadAllBytes($"{Simple}/some-name-x/index.html"), "text/html", address), IndexPage.Read(File.ReadAllBytes($"{Simple}/some-name-x/index.json"), "application/vnd.pypi.simple.v1+json", address)])
        {
            var file = Assert.Single(page.Files);
            Assert.Equal((wheel.File, digest, true, metadata, wheel.Yanked, ">=3.8,!=3.9.*"), (file.Name, file.Hashes["sha256"], file.HasMetadata, file.MetadataHashes["sha256"], file.Yanked, file.RequiresPython.ToString()));
            Assert.Equal("http://depot.example/simple/some-name-x/Some.Name_x-1%212.0%2Bdeb.1-py3-none-any.whl", file.Address.AbsoluteUri);
        }

        Assert.Contains("Mayfly-Depot: 2\n", _ground.Read("dists/Depot"), StringComparison.Ordinal);
        var found = await _ground.CheckAsync();
        Assert.Equal((1, 0, 1, 0), (found.Locks, found.Packages, found.Wheels, found.Faults.Count));
        Assert.False(File.Exists(Path.Combine(_ground.Depot.Root, "depot.sources")), "nothing is there for apt");
    }

    [Fact]
    public async Task A_depot_of_before_gets_wheels_and_keeps_what_it_has()
    {
        await _ground.PublishAsync(await _ground.LockAsync("hello"));
        Assert.Contains("Mayfly-Depot: 1\n", _ground.Read("dists/Depot"), StringComparison.Ordinal);
        var release = _ground.Read("dists/bookworm/Release");

        var one = Wheel("one", "1.0");
        await PublishAsync([one]);
        await PublishAsync([one, Wheel("two", "1.0")], "second");
        await _ground.PublishAsync(await _ground.LockAsync("world"), "third");

        Assert.NotEqual(release, _ground.Read("dists/bookworm/Release"));
        var found = await _ground.CheckAsync();
        Assert.Equal((4, 2, 2, 0), (found.Locks, found.Packages, found.Wheels, found.Faults.Count));
        Assert.Equal(["one", "two"], Directory.GetDirectories(Simple).Select(Path.GetFileName).Order());
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Path.Combine(_ground.Depot.Root, ".mayfly")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_same_lock_changes_nothing_and_a_withdrawal_is_taken_over()
    {
        var wheel = Wheel("one", "1.0") with { WasAsked = true };
        Assert.True((await PublishAsync([wheel])).Changed);
        var before = _ground.Read("dists/Depot");
        Assert.False((await PublishAsync([wheel])).Changed);
        // Who could not ask says nothing about it.
        Assert.False((await PublishAsync([wheel with { WasAsked = false }])).Changed);
        Assert.Equal(before, _ground.Read("dists/Depot"));

        Assert.True((await PublishAsync([wheel with { Yanked = "" }])).Changed);
        Assert.Contains(" data-yanked=\"\"", File.ReadAllText($"{Simple}/one/index.html"), StringComparison.Ordinal);
        Assert.False((await PublishAsync([wheel with { WasAsked = false }])).Changed);
        Assert.Contains("\"yanked\":true", File.ReadAllText($"{Simple}/one/index.json"), StringComparison.Ordinal);
        Assert.Empty((await _ground.CheckAsync()).Faults);
    }

    [Fact]
    public async Task What_a_wheel_was_built_from_is_kept()
    {
        var origin = new WheelOrigin(new WheelInput("one-1.0.tar.gz", new string('a', 64)), "cpython 3.11.2 x86_64", [new WheelInput("setuptools-66.1.1-py3-none-any.whl", new string('b', 64)), new WheelInput("wheel-0.38.4-py3-none-any.whl", new string('c', 64))]);
        var wheel = Wheel("one", "1.0");
        await PublishAsync([wheel with { Origin = origin, Licence = "MIT" }]);
        // By an index later, as it is: it is the same file.
        await PublishAsync([wheel], "other", "another lock");

        var read = Assert.Single((await DepotListing.ReadAsync(new Uri($"file://{_ground.Depot.Root}/"), [_ground.PublicKey])).Wheels);
        Assert.Equal((origin.Sources, origin.Interpreter, "MIT", 2), (read.Origin!.Sources, read.Origin.Interpreter, read.Licence, read.Locks.Count));
        Assert.Equal(origin.With, read.Origin.With);
    }

    [Fact]
    public async Task Another_file_of_a_name_that_was_published_is_refused()
    {
        await PublishAsync([Wheel("one", "1.0")]);
        var before = _ground.Read("dists/Depot");

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => PublishAsync([Wheel("two", "1.0"), Wheel("one", "1.0", "Summary: another\n")], "other"));

        Assert.Equal("one-1.0-py3-none-any.whl cannot be published: the depot has other bytes of that name, which another of its locks names", refusal.Message);
        Assert.Equal(before, _ground.Read("dists/Depot"));
        Assert.False(Directory.Exists($"{Simple}/two"));
    }

    [Theory]
    [InlineData("../../outside-1.0-py3-none-any.whl")]
    [InlineData("one-1.0-1/../../../../outside-py3-none-any.whl")]
    [InlineData("one-1.0-1\"><script>-py3-none-any.whl")]
    [InlineData("one-1.0-py3-none-any.whl\nWheel: two-1.0-py3-none-any.whl")]
    [InlineData("one-1.0.tar.gz")]
    public async Task Hostile_names_lead_nowhere(string name)
    {
        var wheel = Wheel("one", "1.0") with { File = name };
        var before = Directory.GetFileSystemEntries(_ground.Folder).Append(_ground.Depot.Root).Order();

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => PublishAsync([wheel]));

        Assert.StartsWith($"'{name}' cannot be published: it is no name of a wheel", refusal.Message, StringComparison.Ordinal);
        Assert.False(_ground.Depot.IsDepot);
        Assert.Equal(before, Directory.GetFileSystemEntries(_ground.Folder).Order());
    }

    [Fact]
    public async Task Signed_lists_with_hostile_names_are_not_read()
    {
        await PublishAsync([Wheel("one", "1.0")]);
        var list = Encoding.UTF8.GetBytes(_ground.Read("dists/Wheels"));
        Assert.Single(DepotWheel.ReadAll(list));
        foreach (var (from, to) in ((string, string)[])[("one-1.0-py3-none-any.whl", "../one-1.0-py3-none-any.whl"), ("Locks: ", "Locks: ../"), ("SHA256: ", "SHA256: x"), ("Size: ", "Size: -")])
            Assert.Throws<FormatException>(() => DepotWheel.ReadAll(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(list).Replace(from, to, StringComparison.Ordinal))));
    }

    [Fact]
    public async Task What_is_damaged_is_named_and_put_right_by_publishing()
    {
        PublishedWheel[] wheels = [Wheel("one", "1.0"), Wheel("two", "1.0"), Wheel("three", "1.0")];
        await PublishAsync(wheels);
        File.Delete($"{Simple}/one/{wheels[0].File}");
        File.Delete($"{Simple}/two/{wheels[1].File}.metadata");
        Replace($"{Simple}/two/{wheels[1].File}.metadata", "Metadata-Version: 2.1\nName: two\nVersion: 1.0\nRequires-Dist: evil\n");
        File.Delete($"{Simple}/three/index.json");
        Replace($"{Simple}/one/index.html", "<a href=\"http://elsewhere.example/one-1.0-py3-none-any.whl\">one-1.0-py3-none-any.whl</a>");

        var faults = (await _ground.CheckAsync()).Faults;

        Assert.Equal([$"dists/simple/one/index.html", $"dists/simple/one/{wheels[0].File}", "dists/simple/three/index.json", $"dists/simple/two/{wheels[1].File}.metadata"], faults.Select(static fault => fault.Path));
        Assert.Equal(("it says something else than dists/Wheels", "it is missing"), (faults[0].Why, faults[1].Why));
        Assert.StartsWith("it was altered: ", faults[3].Why, StringComparison.Ordinal);
        await PublishAsync(wheels);
        Assert.Empty((await _ground.CheckAsync()).Faults);
        File.Delete($"{Simple}/three/index.json");
        await PublishAsync(wheels);
        Assert.Empty((await _ground.CheckAsync()).Faults);
    }

    [Fact]
    public async Task Pruning_takes_what_no_lock_names_any_more()
    {
        var two = Wheel("two", "1.0");
        await PublishAsync([Wheel("one", "1.0"), two], "shop", "first");
        await _ground.PublishAsync(await _ground.LockAsync("hello"), "shop");
        await Task.Delay(1100);
        await PublishAsync([Wheel("one", "2.0"), two], "shop", "second");
        Assert.Equal(3, (await _ground.CheckAsync()).Wheels);

        var pruned = await new DepotPruning(_ground.Depot, _ground.Key).RunAsync(keep: 1);

        Assert.Equal((1, 1), (pruned.Locks, pruned.Files));
        var found = await _ground.CheckAsync();
        Assert.Equal((2, 1, 2, 0), (found.Locks, found.Packages, found.Wheels, found.Faults.Count));
        Assert.Equal(["index.html", "index.json", "one-2.0-py3-none-any.whl", "one-2.0-py3-none-any.whl.metadata"], Directory.GetFiles($"{Simple}/one").Select(Path.GetFileName).Order());
        Assert.Single((await DepotListing.ReadAsync(new Uri($"file://{_ground.Depot.Root}/"), [])).Wheels[1].Locks);
    }

    [Theory]
    [InlineData("dists/simple")]
    [InlineData("dists/simple/one")]
    public async Task A_link_in_the_depot_leads_nothing_elsewhere(string link)
    {
        var one = Wheel("one", "1.0");
        await PublishAsync([one]);
        var (path, outside) = (Path.Combine(_ground.Depot.Root, link), Path.Combine(_ground.Folder, "outside"));
        Directory.Move(path, outside);
        File.CreateSymbolicLink(path, outside);
        var before = Directory.GetFileSystemEntries(outside, "*", SearchOption.AllDirectories).Order();

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => PublishAsync([one, Wheel("one", "2.0")], "other"));

        Assert.Equal($"{path} is a symbolic link, and what is published must lie in the depot itself", refusal.Message);
        Assert.Equal(before, Directory.GetFileSystemEntries(outside, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public async Task A_folder_in_the_place_of_the_link_is_told()
    {
        Directory.CreateDirectory($"{_ground.Depot.Root}/simple");

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => PublishAsync([Wheel("one", "1.0")]));

        Assert.StartsWith($"{_ground.Depot.Root}/simple is no link of this depot's", refusal.Message, StringComparison.Ordinal);
        Assert.False(_ground.Depot.IsDepot);
    }

    [Fact]
    public async Task A_damaged_wheel_of_the_store_is_not_published()
    {
        var wheel = Wheel("one", "1.0");
        File.WriteAllText(_ground.Store.PathOf(StoreArea.Artifacts, wheel.Sha256), "damaged");

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => PublishAsync([wheel]));

        Assert.Contains($"{wheel.File} cannot be published: ", refusal.Message, StringComparison.Ordinal);
        Assert.False(_ground.Depot.IsDepot);
    }

    private PublishedWheel Wheel(string project, string version, string metadata = "")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_ground.Folder, "wheels")).FullName;
        var (name, sha256) = WheelFile.Keep(_ground.Store, WheelFile.Write(folder, project, version, new Dictionary<string, byte[]> { [$"{project.ToLowerInvariant()}.py"] = [] }, metadata));
        return new PublishedWheel(name, sha256);
    }

    /// <param name="text">Of the lock, which stands for what it names.</param>
    private Task<Publication.Result> PublishAsync(PublishedWheel[] wheels, string name = "project", string text = "lock") =>
        new Publication(_ground.Depot, _ground.Store, _ground.Key, [], _ => _ground.Sources).RunPythonAsync(name, Encoding.UTF8.GetBytes(text), null, wheels);

    private static void Replace(string path, string text)
    {
        File.Delete(path);
        File.WriteAllText(path, text);
    }
}
