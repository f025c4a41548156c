using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;

namespace Mayfly.Packages.Tests.Depots;

/// <summary>What is done to a depot behind its back, and what its check says of it; and the dates of its suites.</summary>
public sealed class VerifyingTests : IDisposable
{
    private readonly DepotGround _ground = new();

    public void Dispose() => _ground.Dispose();

    [Theory]
    [InlineData("dists/Depot", "unsigned")]
    [InlineData("dists/Depot", "removed")]
    [InlineData("dists/bookworm/InRelease", "unsigned")]
    [InlineData("dists/bookworm/InRelease", "changed")]
    [InlineData("dists/bookworm/Release", "changed")]
    [InlineData("dists/bookworm/Release.gpg", "changed")]
    [InlineData("dists/bookworm/main/binary-amd64/Packages", "changed")]
    [InlineData("dists/bookworm/main/binary-amd64/Packages.gz", "removed")]
    [InlineData("dists/bookworm/main/binary-amd64/by-hash/SHA256/*", "changed")]
    [InlineData("dists/bookworm/main/binary-amd64/by-hash/SHA256/*", "removed")]
    [InlineData("dists/locks/*", "changed")]
    [InlineData("dists/locks/*", "removed")]
    [InlineData("pool/main/h/hello/hello_1.0_all.deb", "changed")]
    [InlineData("pool/main/h/hello/hello_1.0_all.deb", "shortened")]
    [InlineData("pool/main/h/hello/hello_1.0_all.deb", "lengthened")]
    [InlineData("depot.asc", "of another")]
    public async Task Every_kind_of_damage_is_found(string pattern, string damage)
    {
        await _ground.PublishAsync(await _ground.LockAsync("world"));
        Assert.Empty((await _ground.CheckAsync()).Faults);
        var folder = Path.GetDirectoryName(Path.Combine(_ground.Depot.Root, pattern))!;
        foreach (var path in Directory.GetFiles(folder, Path.GetFileName(pattern)))
            Damage(path, damage);

        // Without a key of one's own the one in the depot counts, so another one there is found out too.
        var faults = (pattern == "depot.asc" ? await DepotCheck.RunAsync(new Uri($"file://{_ground.Depot.Root}/"), []) : await _ground.CheckAsync()).Faults;

        Assert.NotEmpty(faults);
        if (pattern != "depot.asc")
            Assert.All(faults, fault => Assert.StartsWith(Path.GetDirectoryName(pattern)!, fault.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_index_of_another_lock_by_the_same_key_is_found()
    {
        var other = new DepotFolder(Path.Combine(_ground.Folder, "other"));
        await _ground.PublishAsync(await _ground.LockAsync("hello"), depot: other);
        await _ground.PublishAsync(await _ground.LockAsync("world"));
        CopyOver(Path.Combine(other.Root, "dists/bookworm"), Path.Combine(_ground.Depot.Root, "dists/bookworm"));

        var faults = (await _ground.CheckAsync()).Faults;

        Assert.Contains(faults, static fault => fault.Path == "dists/bookworm/InRelease");
    }

    [Fact]
    public async Task A_suite_is_of_the_day_of_the_newest_lock_so_that_images_are_too()
    {
        var locked = await _ground.LockAsync("hello");
        await _ground.PublishAsync(Dated(locked, 40), "first");
        Assert.Equal(Dated(locked, 40).Releases.Max(static release => release.Date), await NewestAsync());

        await _ground.PublishAsync(Dated(locked, 20), "second");
        Assert.Equal(Dated(locked, 20).Releases.Max(static release => release.Date), await NewestAsync());

        // It never goes back, or who has read it would take this for a replay.
        await _ground.PublishAsync(Dated(locked, 30), "third");
        Assert.Equal(Dated(locked, 20).Releases.Max(static release => release.Date), await NewestAsync());
        await new DepotPruning(_ground.Depot, _ground.Key).RunAsync(1);
        Assert.Equal(Dated(locked, 20).Releases.Max(static release => release.Date), await NewestAsync());
        Assert.Empty((await _ground.CheckAsync()).Faults);
    }

    private static StackLock Dated(StackLock locked, int days) => locked with { Releases = [.. locked.Releases.Select(release => release with { Date = release.Date.AddDays(-days) })] };

    /// <summary>What an image without a lock is dated by, for somebody who knows the depot alone.</summary>
    private async Task<DateTimeOffset> NewestAsync()
    {
        using var other = new TemporaryStore();
        return (await IndexFetch.ReadAsync(other.Store, _ground.OnlyDepot)).Releases.Max(static release => release.Date);
    }

    private static void Damage(string path, string damage)
    {
        var bytes = File.ReadAllBytes(path);
        // The store's own file may be the same one.
        File.Delete(path);
        switch (damage)
        {
            case "removed":
                return;
            case "changed":
                bytes[bytes.Length / 2] ^= 1;
                break;
            case "shortened":
                bytes = bytes[..^1];
                break;
            case "lengthened":
                bytes = [.. bytes, 0];
                break;
            case "unsigned":
                var text = System.Text.Encoding.UTF8.GetString(bytes);
                bytes = System.Text.Encoding.UTF8.GetBytes(text[(text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..text.IndexOf("-----BEGIN PGP SIGNATURE", StringComparison.Ordinal)]);
                break;
            case "of another":
                bytes = KeyFile.Create(path + ".secret", "another").PublicKey;
                break;
        }

        File.WriteAllBytes(path, bytes);
    }

    private static void CopyOver(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, Path.GetRelativePath(from, file)))!).FullName, Path.GetFileName(file)), overwrite: true);
    }
}
