using Mayfly.Deploying;
using Mayfly.Packages;
using Mayfly.Packages.Tools;
using Mayfly.Spec;

namespace Mayfly.Tests.Deploying;

/// <summary>A stack as of a day: which lock fits it, and what is said where no service keeps that day.</summary>
public sealed class SnapshotOfAStackTests : IDisposable
{
    private static readonly DateTimeOffset Day = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_lock_of_that_day_holds_and_one_of_no_day_does_not()
    {
        LockFile.Write(Path.Combine(_folder.FullName, LockFile.Name), LockOf(Day));
        Assert.Null((await LockedAsync()).Reason);

        LockFile.Write(Path.Combine(_folder.FullName, LockFile.Name), LockOf(null));
        var refusal = await Assert.ThrowsAsync<MayflyException>(LockedAsync);

        Assert.Equal("the snapshot 2026-09-01 is asked for, but no service that keeps snapshots is known", refusal.Message);
        Assert.Contains("snapshots = \"http://…/archive/{archive}/{date}\"", refusal.Hint, StringComparison.Ordinal);
    }

    private Task<Locked> LockedAsync()
    {
        var shop = new Stack("shop", Debian.Trixie.At("2026-09-01"), Path.Combine(_folder.FullName, "stack.cs"));
        File.WriteAllText(Path.Combine(_folder.FullName, "stack.cs"), "");
        var component = shop.Component("web").Run("true");
        shop.Machine("box").Hosts(component);
        var store = Store.Open(Path.Combine(_folder.FullName, "store"));
        return new PackageSource(StackReader.Read(shop), store).LockAsync(write: true, new Progress<Activity>(), CancellationToken.None);
    }

    private static StackLock LockOf(DateTimeOffset? snapshot) => new()
    {
        Architecture = Mayfly.Packages.Debian.HostArchitecture.Name,
        Releases =
        [
            new LockedRelease
            {
                Id = "trixie", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "trixie",
                Date = Day.AddDays(-3), Snapshot = snapshot, Digest = new string('a', 64), Components = ["main"],
            },
        ],
        Packages = [],
        Sets = [new LockedSet { Name = "base", Requests = [], Stages = [] }, new LockedSet { Name = ToolSet.SetName, Requests = ToolSet.Request.Requests, Stages = [] }],
    };
}
