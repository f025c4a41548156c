using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>What a file system still has room for, statfs(2).</summary>
/// <param name="Bytes">For who asks, without what is kept for root; <see cref="long.MaxValue"/> where the file system does not count them.</param>
/// <param name="Files">How many; <see cref="long.MaxValue"/> where the file system does not count them.</param>
public readonly partial record struct DiskRoom(long Bytes, long Files)
{
    /// <summary>Of the file system that a path is on.</summary>
    public static unsafe DiskRoom Of(string path)
    {
        // struct statfs begins with seven words on every architecture of 64 bits: type, block size, blocks, free, free for everybody, files, free files.
        var facts = stackalloc long[32];
        if (statfs(path, facts) != 0)
            throw LinuxException.Last("statfs", path);
        return new DiskRoom(facts[2] == 0 ? long.MaxValue : facts[1] * facts[4], facts[5] == 0 ? long.MaxValue : facts[6]);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, long* facts);
}
