using System.Diagnostics;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;

namespace Mayfly.Packages.Tests.Depots;

public sealed class PublicationTests : IDisposable
{
    private readonly DepotGround _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact]
    public async Task A_depot_says_of_packages_what_the_archive_says()
    {
        var result = await _ground.PublishAsync(await _ground.LockAsync("world"));

        Assert.Equal(["bookworm", "bookworm-security", "bookworm-updates"], result.Suites);
        Assert.Equal((0, true), (result.FromPackages, result.Changed));
        Assert.Equal($"{_ground.StanzaOf("hello")}\n{_ground.StanzaOf("world")}\n", _ground.Read("dists/bookworm/main/binary-amd64/Packages"));
        Assert.Empty((await _ground.CheckAsync()).Faults);
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Path.Combine(_ground.Depot.Root, ".mayfly")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_no_index_at_hand_has_is_told_by_the_package_itself()
    {
        var locked = await _ground.LockAsync("hello");
        foreach (var seen in Directory.GetFiles(_ground.Store.Folder(StoreArea.Indexes)))
            File.Delete(seen);

        var result = await _ground.PublishAsync(locked);

        Assert.Equal(1, result.FromPackages);
        var package = locked.Packages[0];
        Assert.Equal(
            $"Package: hello\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nPriority: extra\nDescription: made for a test\n with more to say\nFilename: {package.Path}\nSize: {package.Size}\nSHA256: {package.Sha256}\n\n",
            _ground.Read("dists/bookworm/main/binary-amd64/Packages"));
    }

    [Fact]
    public async Task Who_has_only_the_depot_locks_and_fetches_the_same()
    {
        var locked = await _ground.LockAsync("world");
        await _ground.PublishAsync(locked);
        using var other = new TemporaryStore();

        var index = await IndexFetch.ReadAsync(other.Store, _ground.OnlyDepot);
        var chosen = DebianResolution.Resolve(index, [PackageRequest.Parse("world")], []).Packages.Select(static package => package.Lock());
        await Fetch.AllAsync(other.Store, _ground.OnlyDepot, locked.Packages);

        Assert.Equal(locked.Packages, chosen.OrderBy(static package => package.Id, StringComparer.Ordinal));
        Assert.Equal(PackagePriority.Important, index.Candidate("hello")!.Priority);
        Assert.All(locked.Packages, package => Assert.True(other.Store.Has(StoreArea.Artifacts, package.Sha256)));
    }

    [Fact]
    public async Task Another_key_than_the_trusted_one_is_refused_by_who_locks()
    {
        var locked = await _ground.LockAsync("hello");
        await _ground.PublishAsync(locked, signer: KeyFile.Create(Path.Combine(_ground.Folder, "other.key"), "other"));
        using var other = new TemporaryStore();

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => IndexFetch.ReadAsync(other.Store, _ground.OnlyDepot));

        Assert.Contains("that signed it is not trusted", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("[depot] keys", refusal.Hint, StringComparison.Ordinal);
        Assert.Contains((await _ground.CheckAsync()).Faults, static fault => fault is { Path: "dists/Depot" } && fault.Why.EndsWith("is not trusted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Locks_are_added_and_the_same_one_changes_nothing()
    {
        var one = await _ground.LockAsync("hello");
        var both = await _ground.LockAsync("world");
        await _ground.PublishAsync(one, "one");
        await _ground.PublishAsync(both, "two");
        var before = _ground.Read("dists/bookworm/InRelease");

        var again = await _ground.PublishAsync(both, "two");

        Assert.False(again.Changed);
        Assert.Equal(before, _ground.Read("dists/bookworm/InRelease"));
        var found = await _ground.CheckAsync();
        Assert.Equal((2, 2, 0), (found.Locks, found.Packages, found.Faults.Count));
    }

    [Fact]
    public async Task Who_reads_while_it_changes_finds_what_the_former_release_names()
    {
        await _ground.PublishAsync(await _ground.LockAsync("hello"), "one");
        var folder = Path.Combine(_ground.Depot.Root, "dists/bookworm/main/binary-amd64/by-hash/SHA256");
        var former = Directory.GetFiles(folder);
        await _ground.PublishAsync(await _ground.LockAsync("world"), "two");

        Assert.All(former, path => Assert.True(File.Exists(path)));
        Assert.Equal(4, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public async Task Pruning_keeps_the_newest_lock_of_each_stack_and_what_it_names()
    {
        await _ground.PublishAsync(await _ground.LockAsync("hello"), "shop");
        _ground.Add("hello", "1.1");
        await _ground.PublishAsync(await _ground.LockAsync("world"), "blog");
        await Task.Delay(1100);
        await _ground.PublishAsync(await _ground.LockAsync("hello"), "shop");
        Assert.Equal(3, (await _ground.CheckAsync()).Packages);

        var pruned = await new DepotPruning(_ground.Depot, _ground.Key).RunAsync(keep: 1);

        Assert.Equal((1, 1), (pruned.Locks, pruned.Files));
        Assert.False(File.Exists(Path.Combine(_ground.Depot.Root, "pool/main/h/hello/hello_1.0_all.deb")));
        Assert.True(File.Exists(Path.Combine(_ground.Depot.Root, "pool/main/h/hello/hello_1.1_all.deb")));
        var found = await _ground.CheckAsync();
        Assert.Equal((2, 2, 0), (found.Locks, found.Packages, found.Faults.Count));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_ground.Depot.Root, "dists/bookworm/main/binary-amd64/by-hash/SHA256")).Length);
    }

    [Fact]
    public async Task A_package_that_was_pruned_from_the_store_is_fetched_again_for_the_depot()
    {
        var locked = await _ground.LockAsync("world");
        await Unpack.AllAsync(_ground.Store, locked.Packages);
        foreach (var package in locked.Packages)
            File.Delete(_ground.Store.PathOf(StoreArea.Artifacts, package.Sha256));

        await _ground.PublishAsync(locked);

        Assert.Empty((await _ground.CheckAsync()).Faults);
    }

    [Fact]
    public async Task A_damaged_package_of_the_store_is_not_published()
    {
        var locked = await _ground.LockAsync("world");
        var artifact = _ground.Store.PathOf(StoreArea.Artifacts, locked.Packages[0].Sha256);
        File.WriteAllBytes(artifact, new byte[locked.Packages[0].Size]);

        var refusal = await Assert.ThrowsAsync<MayflyException>(() => _ground.PublishAsync(locked));

        Assert.StartsWith($"hello:all 1.0 cannot be published: {artifact} has the SHA-256 ", refusal.Message, StringComparison.Ordinal);
        Assert.False(_ground.Depot.IsDepot);
    }

    [Fact]
    public async Task A_damaged_package_of_the_depot_is_put_right_by_publishing()
    {
        var locked = await _ground.LockAsync("world");
        await _ground.PublishAsync(locked);
        var path = Path.Combine(_ground.Depot.Root, locked.Packages[0].Path);
        File.Delete(path);
        File.WriteAllBytes(path, new byte[locked.Packages[0].Size]);

        await _ground.PublishAsync(locked);

        Assert.Empty((await _ground.CheckAsync()).Faults);
    }

    [Fact]
    public async Task Another_key_or_an_altered_index_is_never_signed_over()
    {
        var locked = await _ground.LockAsync("hello");
        await _ground.PublishAsync(locked);
        var other = KeyFile.Create(Path.Combine(_ground.Folder, "other.key"), "other");

        var wrongKey = await Assert.ThrowsAsync<MayflyException>(async () => await _ground.PublishAsync(await _ground.LockAsync("world"), signer: other));
        Assert.Contains("is not trusted", wrongKey.Message, StringComparison.Ordinal);
        Assert.Contains(other.Fingerprint, wrongKey.Hint, StringComparison.Ordinal);

        var index = Path.Combine(_ground.Depot.Root, "dists/bookworm/main/binary-amd64/Packages");
        File.AppendAllText(index, "\n");
        var altered = await Assert.ThrowsAsync<MayflyException>(async () => await _ground.PublishAsync(await _ground.LockAsync("world")));
        Assert.Contains("dists/bookworm/main/binary-amd64/Packages: it was altered", altered.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pool")]
    [InlineData("pool/main/h")]
    [InlineData("dists")]
    [InlineData(".mayfly")]
    [InlineData(".mayfly/work")]
    public async Task A_link_in_the_depot_leads_nothing_elsewhere(string link)
    {
        var locked = await _ground.LockAsync("world");
        await _ground.PublishAsync(await _ground.LockAsync("hello"));
        var outside = Directory.CreateDirectory(Path.Combine(_ground.Folder, "outside")).FullName;
        var path = Path.Combine(_ground.Depot.Root, link);
        if (Directory.Exists(path))
            Directory.Move(path, Path.Combine(outside, "moved"));
        var target = Directory.Exists(Path.Combine(outside, "moved")) ? Path.Combine(outside, "moved") : outside;
        File.CreateSymbolicLink(path, target);
        var before = Directory.GetFileSystemEntries(outside, "*", SearchOption.AllDirectories).Order();

        var refusal = await Record.ExceptionAsync(() => _ground.PublishAsync(locked));

        if (link == ".mayfly/work")
            Assert.Null(refusal);
        else
            Assert.Equal($"{path} is a symbolic link, and what is published must lie in the depot itself", Assert.IsType<MayflyException>(refusal).Message);
        Assert.Equal(before, Directory.GetFileSystemEntries(outside, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public async Task Two_publishers_queue_and_the_second_says_for_whom_it_waits()
    {
        var (one, two) = (await _ground.LockAsync("hello"), await _ground.LockAsync("world"));
        var turn = await _ground.Depot.TakeAsync("mayfly depot publish", null, CancellationToken.None);
        var said = new List<string>();
        var waiting = _ground.PublishAsync(one, "one", progress: new Said(said));
        var waitingToo = _ground.PublishAsync(two, "two", progress: new Said(said));
        while (said.Count < 2)
            await Task.Delay(10);
        Assert.False(waiting.IsCompleted || waitingToo.IsCompleted);

        turn.Dispose();
        await Task.WhenAll(waiting, waitingToo);

        Assert.Matches($@"^mayfly depot publish \(process {Environment.ProcessId}\) since 2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d is changing it$", said[0]);
        Assert.Equal((2, 2, 0), await _ground.CheckAsync() is var found ? (found.Locks, found.Packages, found.Faults.Count) : default);
    }

    [Fact, Trait("needs", "root"), Trait("needs", "oracle")]
    public async Task A_full_disk_leaves_the_depot_as_it_was()
    {
        _ground.Add("large", "1.0", size: 3_000_000);
        var disk = Directory.CreateDirectory(Path.Combine(_ground.Folder, "disk")).FullName;
        Mount("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
        try
        {
            var depot = new DepotFolder(Path.Combine(disk, "depot"));
            await _ground.PublishAsync(await _ground.LockAsync("hello"), depot: depot);
            var before = File.ReadAllText(Path.Combine(depot.Root, "dists/Depot"));

            var refusal = await Assert.ThrowsAsync<MayflyException>(async () => await _ground.PublishAsync(await _ground.LockAsync("large"), "large", depot: depot));

            Assert.Equal($"the depot {depot.Root} cannot be written: the disk is full", refusal.Message);
            Assert.Equal(before, File.ReadAllText(Path.Combine(depot.Root, "dists/Depot")));
            Assert.Empty((await _ground.CheckAsync(new Uri($"file://{depot.Root}/"))).Faults);
            Assert.Equal(["lock"], Directory.GetFileSystemEntries(Path.Combine(depot.Root, ".mayfly")).Select(Path.GetFileName));
        }
        finally
        {
            Mount("umount", disk);
        }
    }

    [Fact]
    public async Task Verifying_names_every_file_that_is_missing_or_altered()
    {
        await _ground.PublishAsync(await _ground.LockAsync("world"));
        File.Delete(Path.Combine(_ground.Depot.Root, "pool/main/h/hello/hello_1.0_all.deb"));
        var other = Path.Combine(_ground.Depot.Root, "pool/main/w/world/world_2.0_all.deb");
        var bytes = File.ReadAllBytes(other);
        bytes[200] ^= 1;
        File.Delete(other);
        File.WriteAllBytes(other, bytes);
        File.Delete(Path.Combine(_ground.Depot.Root, "dists/bookworm-updates/Release.gpg"));
        foreach (var path in Directory.GetFiles(Path.Combine(_ground.Depot.Root, "dists/locks")))
            File.AppendAllText(path, "#");

        var faults = (await _ground.CheckAsync()).Faults;

        Assert.Equal(4, faults.Count);
        Assert.Equal(("dists/bookworm-updates/Release.gpg", "it is missing"), faults[0]);
        Assert.StartsWith("dists/locks/", faults[1].Path, StringComparison.Ordinal);
        Assert.Equal(("pool/main/h/hello/hello_1.0_all.deb", "it is missing"), faults[2]);
        Assert.Equal("pool/main/w/world/world_2.0_all.deb", faults[3].Path);
        Assert.Matches("^it was altered: its bytes have the SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}$", faults[3].Why);
    }

    private static void Mount(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private sealed class Said(List<string> said) : IProgress<Activity>
    {
        public void Report(Activity value)
        {
            lock (said)
            {
                if (value.Name == "wait for the depot")
                    said.Add(value.Detail!);
            }
        }
    }
}
