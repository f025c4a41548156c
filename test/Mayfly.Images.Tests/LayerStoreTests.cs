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
        using (var other = FileHandles.OpenOrCreate(store.PathOf(StoreArea.Layers, "key.lock")))
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

    public void Dispose() => _folder.Delete(recursive: true);
}
