using System.Diagnostics;
using Mayfly.Linux;

namespace Mayfly.Packages.Tests;

public sealed class StoreTests : IDisposable
{
    private readonly TemporaryStore _temporary = new();
    private readonly Words _told = new();

    [Fact]
    public void Work_of_a_dead_process_goes_though_another_has_its_number_by_now()
    {
        var tmp = _temporary.Store.Folder(StoreArea.Tmp);
        using var own = _temporary.Store.BeginWork("layer");
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        Assert.StartsWith($"{self.Id}.{self.StartTime}-layer-", Path.GetFileName(own.Path), StringComparison.Ordinal);
        // This process's own number, and that of one which never ends, at times at which others had them.
        string[] dead = [$"{self.Id}.{self.StartTime - 1}-layer-0a1b2c3d", $"1.{ulong.MaxValue}-unpack-0a1b2c3d", $"{int.MaxValue}.5-layer-0a1b2c3d"];
        string[] kept = [Path.GetFileName(own.Path), $"1.{ProcessIdentity.Of(1)!.Value.StartTime}-layer-0a1b2c3d", "partial-0a1b", "1-layer-0a1b2c3d"];
        foreach (var name in dead.Concat(kept))
            Directory.CreateDirectory(Path.Combine(tmp, name, "tree"));
        Store.Open(_temporary.Store.Root);
        Assert.Equal(kept.Order(StringComparer.Ordinal), Directory.EnumerateFileSystemEntries(tmp).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_turn_that_nobody_has_any_more_goes_and_one_that_somebody_has_stays()
    {
        File.WriteAllText(_temporary.Store.TurnOf("left"), "");
        using var held = FileHandles.OpenOrCreate(_temporary.Store.TurnOf("held"));
        Assert.True(Files.Lock(held, exclusive: true, wait: false));
        Store.Open(_temporary.Store.Root);
        Assert.Equal([_temporary.Store.TurnOf("held")], Directory.EnumerateFileSystemEntries(_temporary.Store.Folder(StoreArea.Tmp)));
    }

    [Fact]
    public async Task Who_prunes_and_who_uses_it_wait_for_each_other_and_are_told_for_whom()
    {
        var store = _temporary.Store;
        var (first, second) = (store.LockShared(), store.LockShared());
        var alone = Task.Run(() => store.LockExclusive(_told, TestContext.Current.CancellationToken));
        Assert.Matches($"^the store {store.Root} is in use by process {Environment.ProcessId} since [0-9:]{{8}}$", _told.Take());
        first.Dispose();
        await Assert.ThrowsAsync<TimeoutException>(() => alone.WaitAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));
        second.Dispose();
        var held = await alone;
        Assert.Equal($"the store {store.Root} is free", _told.Take());
        using var tired = new CancellationTokenSource();
        var shared = Task.Run(() => store.LockShared(_told, tired.Token));
        Assert.Matches($"^the store {store.Root} is being pruned by process {Environment.ProcessId} since [0-9:]{{8}}$", _told.Take());
        await tired.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => shared);
        held.Dispose();
        store.LockShared(_told, TestContext.Current.CancellationToken).Dispose();
        Assert.Empty(_told.Said);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Who_has_a_lock_of_the_same_number_on_another_file_system_is_not_named()
    {
        var places = new[] { "one", "other" }.Select(name => Directory.CreateDirectory($"{_temporary.Folder}/{name}").FullName).ToArray();
        Process? sleeper = null;
        try
        {
            foreach (var place in places)
                Mounts.Mount("tmpfs", place, "tmpfs");
            var store = Store.Open(places[0]);
            using var held = store.LockShared();
            var meant = Nodes.Read($"{places[0]}/lock").Inode;
            // A file system of its own counts from its own beginning.
            var number = 0;
            for (string path; Nodes.Find(path = $"{places[1]}/{number}") is not { } node || node.Inode != meant; number++)
            {
                Assert.True(number < 1000);
                await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
                if (Nodes.Read(path).Inode == meant)
                    break;
            }

            var ready = $"{_temporary.Folder}/ready";
            sleeper = Process.Start("flock", [$"{places[1]}/{number}", "sh", "-c", "touch \"$1\"; exec sleep 600", "-", ready])!;
            while (!File.Exists(ready))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            using var tired = new CancellationTokenSource();
            var alone = Task.Run(() => store.LockExclusive(_told, tired.Token));
            Assert.Matches($"^the store {store.Root} is in use by process {Environment.ProcessId} since [0-9:]{{8}}$", _told.Take());
            await tired.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => alone);
        }
        finally
        {
            sleeper?.Kill(entireProcessTree: true);
            sleeper?.WaitForExit();
            // What flock had started may take a moment to end.
            foreach (var place in places.Where(static place => Directory.EnumerateFileSystemEntries(place).Any()))
                Mounts.Detach(place);
        }
    }

    public void Dispose() => _temporary.Dispose();

    private sealed class Words : IProgress<Activity>
    {
        public System.Collections.Concurrent.BlockingCollection<string> Said { get; } = [];

        public string Take() => Said.Take(TestContext.Current.CancellationToken);

        public void Report(Activity value) => Said.Add(value.Detail!);
    }
}
