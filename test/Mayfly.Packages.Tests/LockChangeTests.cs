namespace Mayfly.Packages.Tests;

public sealed class LockChangeTests
{
    [Fact]
    public void Each_package_that_differs_is_told_with_what_becomes_of_it()
    {
        var before = Lock(("gone", "1", "bookworm"), ("newer", "1.9", "bookworm"), ("fixed", "1-1", "bookworm"), ("older", "2", "bookworm"), ("rebuilt", "3", "bookworm"), ("same", "1", "bookworm-security"));
        var after = Lock(("added", "1", "bookworm-security"), ("newer", "1.10", "bookworm"), ("fixed", "1-1+deb12u1", "bookworm-security"), ("older", "1", "bookworm"), ("rebuilt", "3", "bookworm"), ("same", "1", "bookworm-security"));
        after = after with { Packages = [.. after.Packages.Select(package => package.Name == "rebuilt" ? package with { Sha256 = new string('f', 64) } : package)] };
        Assert.Equal(
            [
                ("added:all", LockChangeKind.Added, false), ("fixed:all", LockChangeKind.Upgraded, true), ("gone:all", LockChangeKind.Removed, false),
                ("newer:all", LockChangeKind.Upgraded, false), ("older:all", LockChangeKind.Downgraded, false), ("rebuilt:all", LockChangeKind.Replaced, false),
            ],
            LockChange.Between(before, after).Select(change => (change.Id, change.Kind, change.IsSecurity)));
        Assert.Empty(LockChange.Between(after, after));
        Assert.Equal("note: stack.lock: could not keep fixed:all 1-1 → 1-1+deb12u1, newer:all 1.9 → 1.10, older:all 2 → 1, rebuilt:all 3 → 3", LockChange.NotKept(before, after) is { } note ? $"{note.Name}: {note.Detail}" : "");
        Assert.Null(LockChange.NotKept(after, after));
    }

    private static StackLock Lock(params (string Name, string Version, string Release)[] packages) => new()
    {
        Architecture = "amd64",
        Releases = [Release("bookworm", "Debian"), Release("bookworm-security", "Debian-Security")],
        Packages = [.. packages.Select(package => new LockedPackage
        {
            Name = package.Name,
            Version = package.Version,
            Architecture = "all",
            Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{package}"))),
            Size = 1,
            Path = $"pool/{package.Name}",
            Release = package.Release,
        })],
        Sets = [],
    };

    private static LockedRelease Release(string id, string label) => new()
    {
        Id = id,
        Origin = "Debian",
        Label = label,
        Suite = id,
        Codename = id,
        Date = DateTimeOffset.UnixEpoch,
        Digest = new string('0', 64),
        Components = ["main"],
    };
}
