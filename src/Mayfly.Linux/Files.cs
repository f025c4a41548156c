using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>Calls on files that .NET does not offer: owners, links, locks, whole-file-system sync.</summary>
public static partial class Files
{
    /// <summary>link(2): a second name for a file on the same mount.</summary>
    public static void Link(string existing, string created)
    {
        if (link(existing, created) != 0)
            throw LinuxException.Last("link", $"{existing} -> {created}");
    }

    /// <summary>lchown(2): owner and group of the name itself, never of what a link points to.</summary>
    public static void ChangeOwner(string path, int user, int group)
    {
        if (lchown(path, user, group) != 0)
            throw LinuxException.Last("lchown", path);
    }

    /// <summary>chmod(2) with all twelve mode bits.</summary>
    public static void ChangeMode(string path, int mode)
    {
        if (chmod(path, mode) != 0)
            throw LinuxException.Last("chmod", path);
    }

    /// <summary>rename(2): atomic on one file system.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
            throw LinuxException.Last("rename", $"{from} -> {to}");
    }

    /// <summary>renameat2(2) with RENAME_EXCHANGE: the two names change places at once, whatever they are.</summary>
    public static void Exchange(string one, string other)
    {
        const int CurrentFolder = -100, Exchanged = 2;
        if (renameat2(CurrentFolder, one, CurrentFolder, other, Exchanged) != 0)
            throw LinuxException.Last("exchange", $"{one} <-> {other}");
    }

    /// <summary>syncfs(2): what has been written to the file system that holds <paramref name="path"/> is on the disk afterwards.</summary>
    public static void SyncFileSystem(string path)
    {
        // .NET refuses to open folders.
        using var handle = FileHandles.OpenFolder(path);
        if (syncfs(handle) != 0)
            throw LinuxException.Last("syncfs", path);
    }

    /// <summary>fsync(2) of a folder: the names that were made and removed in it are on the disk afterwards.</summary>
    public static void SyncFolder(string path)
    {
        using var handle = FileHandles.OpenFolder(path);
        if (fsync(handle) != 0)
            throw LinuxException.Last("fsync", path);
    }

    /// <summary>Flock of a whole file; see flock(2). False when it is held by another and <paramref name="wait"/> is false.</summary>
    public static bool Lock(SafeHandle file, bool exclusive, bool wait)
    {
        const int Shared = 1, Exclusive = 2, NonBlocking = 4, WouldBlock = 11, Interrupted = 4;
        while (flock(file, (exclusive ? Exclusive : Shared) | (wait ? 0 : NonBlocking)) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == WouldBlock)
                return false;
            if (errno != Interrupted)
                throw new LinuxException("flock", "lock file", errno);
        }

        return true;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string created);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, int user, int group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeHandle descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeHandle descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeHandle descriptor, int operation);
}
