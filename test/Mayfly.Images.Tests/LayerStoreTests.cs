using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

public sealed class LayerStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-layers-");

    [Fact]
    public async Task A_layer_that_another_process_builds_is_waited_for()
    {
        var store = Store.Open(_folder.FullName);
        var layers = new LayerStore(store);
        Task<LayerRecord> waiting;
        // As another process holds it.
        using (var other = FileHandles.OpenOrCreate(store.TurnOf("key")))
        {
            Assert.True(Files.Lock(other, exclusive: true, wait: false));
            waiting = layers.GetAsync("key", null, "test", 0, Build, TestContext.Current.CancellationToken);
            await Task.Delay(200, TestContext.Current.CancellationToken);
            Assert.False(waiting.IsCompleted);
        }

        Assert.Equal("key", (await waiting).Key);
        Assert.True(layers.Has("key"));

        static LayerContents Build(string work)
        {
            Directory.CreateDirectory($"{work}/tree");
            return new LayerContents($"{work}/tree");
        }
    }

    [Fact]
    public async Task Layers_of_packages_are_found_by_what_they_are_made_of_and_by_their_accounts()
    {
        LockedId own = new("own", LockedIdKind.User, 100), other = new("other", LockedIdKind.User, 998);
        var layers = new LayerStore(Store.Open(_folder.FullName));
        var inputs = new string('5', 64);
        var built = 0;
        var first = await MakeAsync();
        Assert.Equal(IdTable.KeyOf(inputs, [own]), first.Key);
        Assert.Equal(first.Key, layers.Find(inputs, [])!.Key);
        // Whatever else a table has; but a name that it lacks may get another number with another table, and then it must be tried.
        Assert.Equal(first.Key, layers.Find(inputs, [other, own])!.Key);
        Assert.Null(layers.Find(inputs, [own with { Id = 101 }]));
        Assert.Null(layers.Find(inputs, [other]));
        Assert.Null(layers.Find(new string('6', 64), []));

        var second = await MakeAsync(other);
        Assert.Equal((first.Key, first.Digest, 2), (second.Key, second.Digest, built));
        Assert.Equal(first.Key, layers.Find(inputs, [other])!.Key);
        Assert.Equal(first.Key, layers.Find(inputs, [])!.Key);
        await MakeAsync(other);
        Assert.Equal(2, built);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder.FullName, "tmp")));
        Assert.Equal([first.Key], layers.Keys());

        async Task<LayerRecord> MakeAsync(params IReadOnlyList<LockedId> table)
        {
            using var made = await layers.MakeAsync(inputs, null, "test", 0, Build, Task.CompletedTask, table, TestContext.Current.CancellationToken);
            return await made.Committed;
        }

        LayerContents Build(string work)
        {
            built++;
            Directory.CreateDirectory($"{work}/tree");
            return new LayerContents($"{work}/tree") { Ids = [own] };
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
