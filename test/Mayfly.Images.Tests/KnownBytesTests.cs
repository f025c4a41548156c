using Mayfly.Images.Tests.Crash;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

/// <summary>
/// The bytes that belong to the lock's format. When this fails, an image of the same lock has become another one: either that was not meant, or
/// <see cref="StackLock.CurrentFormat"/> goes up, and with it what is known here.
/// </summary>
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class KnownBytesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-bytes-");

    [Fact]
    public void A_lock_of_this_format_gives_these_layers()
    {
        using var tiny = new TinyDistribution();
        var image = TinyDistribution.Build(Store.Open(_folder.FullName), tiny.Lock, tiny.Mirror);
        // The base has this host's own dpkg; what is over it does not depend on the host.
        Assert.Equal("""
            format 9
            sha256:6bb92525e5c8bb3b38ef11d81ce8409350c158aeec147fa16bcf6435da93fd37
            sha256:4085d3318697b8cb14d06324e3be412141b2ccd9eda672eef7b4960b364a0811
            sha256:52dc5908bc2b2373d855d1fe8b012d090c484512617ad41bb13b9670fa27f2c5
            """, $"format {StackLock.CurrentFormat}\n{string.Join('\n', image.Layers.Skip(1).Select(static layer => layer.Digest))}");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
