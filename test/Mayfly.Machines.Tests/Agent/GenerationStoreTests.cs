using Mayfly.Machines.Agent;
using Mayfly.Packages;

namespace Mayfly.Machines.Tests.Agent;

public sealed class GenerationStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-generations-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_generation_comes_back_whole()
    {
        var store = new GenerationStore(Store.Open(_folder));
        Assert.Null(store.Read("shop"));
        Assert.Empty(store.Stacks());
        var spec = PretendAgent.Spec("orders") with
        {
            Environment = new Dictionary<string, string> { ["A"] = "b" },
            Secrets = [new SecretUse("password", "DATABASE_URL", null, "postgres://shop:{secret}@orders.shop.internal/orders")],
            Volumes = [new VolumeUse("orders-1", "/var/lib/postgresql", "postgres:postgres", 0b111_000_000)],
            RuntimeDirectories = [new RuntimeDirectory("/run/postgresql", "postgres:postgres")],
            Prepare = [["/bin/true"], ["/bin/echo", "x"]],
            StopTimeout = TimeSpan.FromSeconds(33),
            Capabilities = ["CAP_CHOWN"],
        };
        store.Write(PretendAgent.Generation(1, spec), ["shop-orders-1-aaaa"]);
        store.Write(PretendAgent.Generation(2, spec, PretendAgent.Spec("web")), ["shop-orders-1-aaaa", "shop-web-1-bbbb"]);
        var read = store.Read("shop")!.Value;
        Assert.Equivalent(PretendAgent.Generation(2, spec, PretendAgent.Spec("web")), read.Generation, strict: true);
        Assert.Equal(["shop-orders-1-aaaa", "shop-web-1-bbbb"], read.Instances);
        Assert.Equal(["shop"], store.Stacks());
        Assert.True(File.Exists(Path.Combine(_folder, "stacks/shop/generations/1.json")));
        store.Clear("shop");
        Assert.Null(store.Read("shop"));
        store.Clear("never-live");
    }

    [Fact]
    public void A_damaged_record_is_an_error_with_a_remedy()
    {
        var store = new GenerationStore(Store.Open(_folder));
        store.Write(PretendAgent.Generation(1, PretendAgent.Spec("web")), []);
        File.WriteAllText(Path.Combine(_folder, "stacks/shop/generations/1.json"), "{ \"number\": ");
        Assert.Contains("'up'", Assert.Throws<MayflyException>(() => store.Read("shop")).Hint, StringComparison.Ordinal);
    }
}
