namespace Mayfly.Images.Tests.Crash;

/// <summary>When and how a build is killed; all of it follows from the seed.</summary>
/// <param name="Start">What the store holds at the beginning.</param>
/// <param name="Part">Of the time that an undisturbed build takes from there; null for an event.</param>
/// <param name="Call">The n-th of these system calls of a thread, be it Mayfly's or that of a program inside.</param>
/// <param name="Number">The n of it.</param>
/// <param name="Group">With Mayfly everything that it started, else Mayfly alone.</param>
internal sealed record KillPoint(StartingStore Start, double? Part, string Call, int Number, bool Group)
{
    /// <summary>Calls that change something, or begin to, with how often at most a thread makes them in a build from nothing.</summary>
    private static readonly (string Call, int Most)[] Events =
    [
        ("rename,renameat,renameat2", 24), ("link,linkat", 120), ("symlink,symlinkat", 25), ("mkdir,mkdirat", 110), ("unlink,unlinkat,rmdir", 60),
        ("mount", 40), ("umount2", 30), ("write", 120), ("pwrite64", 130), ("syncfs", 6), ("fchmod,fchmodat", 110), ("utimensat", 120),
        ("execve", 2), ("vfork,clone,clone3,fork", 16), ("flock", 20), ("unshare", 8), ("exit_group", 1), ("recvmsg,recvfrom,sendto,sendmsg", 20), ("openat", 220), ("ftruncate", 3),
    ];

    public static KillPoint Choose(Random random)
    {
        var start = (StartingStore)random.Next(6);
        if (random.Next(2) == 0)
            return new KillPoint(start, 0.12 + (0.9 * random.NextDouble()), "", 0, random.Next(2) == 0);
        var (call, most) = random.GetItems(Events, 1)[0];
        // Few threads make as many as the busiest: mostly early ones, or most points would never be reached.
        return new KillPoint(start, null, call, 1 + (int)(most * random.NextDouble() * random.NextDouble() * random.NextDouble()), false);
    }

    public override string ToString() => Part is { } part ? $"from {Start}, at {part:0.000} of the time, {(Group ? "the group" : "Mayfly alone")}" : $"from {Start}, at {Call} number {Number}";
}

/// <summary>What an earlier command has left done, so that points fall into every phase.</summary>
internal enum StartingStore
{
    Empty,
    Fetched,
    Unpacked,
    BaseBuilt,
    AsTheLastOneLeftIt,

    /// <summary>Half of each package is there, and a note of which answer of the mirror that was.</summary>
    BrokenOff,
}
