using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// Whole trees, removed or copied as they are. Names are bytes here, because instances may write names that are no text,
/// and every step is relative to an open folder, so that no link swapped in meanwhile leads out of the tree.
/// </summary>
public static unsafe partial class Trees
{
    private const int NotSupported = 95, NoData = 61;
    private const int AtCurrent = -100, NoFollowFlag = 0x100;

    /// <summary>
    /// Copies what is in a folder into another, which exists: owners, modes, times, extended attributes, hard links among
    /// the copied and holes are kept, and blocks are shared where the file system can (FICLONE). Sockets are left out.
    /// </summary>
    /// <param name="from">The one folder.</param>
    /// <param name="to">The other.</param>
    /// <param name="shared">What becomes of the caller's own files that have several names and that nobody may write.</param>
    public static void CopyContents(string from, string to, SharedFileCopy shared = SharedFileCopy.AsItIs)
    {
        using var source = OpenFolder(AtCurrent, Name(from), from);
        using var destination = OpenFolder(AtCurrent, Name(to), to);
        Dictionary<(ulong Inode, uint Major, uint Minor), SafeFileHandle> linked = [];
        try
        {
            foreach (var name in Names(source, from))
                CopyEntry((int)source.DangerousGetHandle(), (int)destination.DangerousGetHandle(), name, from, linked, shared);
        }
        finally
        {
            foreach (var file in linked.Values)
                file.Dispose();
        }
    }

    /// <summary>Gives a folder the owner, mode, times and attributes of another.</summary>
    public static void CopyFolderFacts(string from, string to)
    {
        using var source = OpenFolder(AtCurrent, Name(from), from);
        using var destination = OpenFolder(AtCurrent, Name(to), to);
        CopyFacts(source, destination, Stat(AtCurrent, Name(from), from), to);
    }

    /// <summary>The bytes that a tree occupies on the disk.</summary>
    public static long Occupied(string path)
    {
        using var folder = OpenFolder(AtCurrent, Name(path), path);
        return Occupied(folder, path);
    }

    private static long Occupied(SafeFileHandle folder, string path)
    {
        long sum = 0;
        foreach (var name in Names(folder, path))
        {
            Statx found;
            fixed (byte* start = name)
            {
                if (statx((int)folder.DangerousGetHandle(), start, NoFollowFlag, Statx.Basic, &found) != 0)
                    continue;
            }

            sum += (long)found.Blocks * 512;
            if ((found.Mode & 0xf000) == 0x4000)
            {
                using var inner = OpenFolder((int)folder.DangerousGetHandle(), name, path);
                sum += Occupied(inner, path);
            }
        }

        return sum;
    }

    private static void CopyEntry(int source, int destination, byte[] name, string subject, Dictionary<(ulong Inode, uint Major, uint Minor), SafeFileHandle> linked, SharedFileCopy shared)
    {
        const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000, Follow = 0x400;
        var found = Stat(source, name, subject);
        fixed (byte* start = name)
        {
            switch (found.Mode & 0xf000)
            {
                case 0x4000:
                    {
                        if (mkdirat(destination, start, 0x1c0) != 0)
                            throw LinuxException.Last("mkdir", subject);
                        using var from = OpenFolder(source, name, subject);
                        using var to = OpenFolder(destination, name, subject);
                        foreach (var below in Names(from, subject))
                            CopyEntry((int)from.DangerousGetHandle(), (int)to.DangerousGetHandle(), below, subject, linked, shared);
                        CopyFacts(from, to, found, subject);
                        break;
                    }

                case 0x8000:
                    {
                        var isShared = shared != SharedFileCopy.AsItIs && SharedFile.Is(found.Links, found.Mode) && found.User == Inheritance.EffectiveUser;
                        // At the file system's limit of names it is copied.
                        if (isShared && shared == SharedFileCopy.Linked && linkat(source, start, destination, start, 0) == 0)
                            break;
                        var identity = (found.Inode, found.DeviceMajor, found.DeviceMinor);
                        var isOne = found.Links > 1 && !(isShared && shared == SharedFileCopy.Apart);
                        if (isOne && linked.TryGetValue(identity, out var first))
                        {
                            fixed (byte* existing = System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{first.DangerousGetHandle()}\0"))
                            {
                                if (linkat(AtCurrent, existing, destination, start, Follow) != 0)
                                    throw LinuxException.Last("link", subject);
                            }

                            break;
                        }

                        using var from = Handle(openat(source, start, ReadOnly | NoFollow | CloseOnExec, 0), subject);
                        var to = Handle(openat(destination, start, WriteOnly | Create | Exclusive | NoFollow | CloseOnExec, 0x180), subject);
                        try
                        {
                            CopyBytes(from, to, (long)found.Size, subject);
                            CopyFacts(from, to, found, subject);
                            if (isShared && shared == SharedFileCopy.Apart)
                                FileHandles.ChangeMode(to, SharedFile.Apart(found.Mode & 0xfff), subject);
                            if (isOne)
                            {
                                linked.Add(identity, to);
                                to = null;
                            }
                        }
                        finally
                        {
                            to?.Dispose();
                        }

                        break;
                    }

                case 0xa000:
                    {
                        var target = stackalloc byte[4097];
                        var length = readlinkat(source, start, target, 4096);
                        if (length < 0)
                            throw LinuxException.Last("readlink", subject);
                        target[length] = 0;
                        if (symlinkat(target, destination, start) != 0)
                            throw LinuxException.Last("symlink", subject);
                        CopyNameFacts(destination, start, found, subject);
                        break;
                    }

                case 0xc000:
                    break;

                default:
                    if (mknodat(destination, start, found.Mode, Statx.Device(found.NodeMajor, found.NodeMinor)) != 0)
                        throw LinuxException.Last("mknod", subject);
                    CopyNameFacts(destination, start, found, subject);
                    break;
            }
        }
    }

    private static void CopyBytes(SafeFileHandle from, SafeFileHandle to, long size, string subject)
    {
        const nuint Clone = 0x40049409;
        const int SeekData = 3, SeekHole = 4, CrossDevice = 18, Invalid = 22, NoSuchCall = 38, NoSuchAddress = 6;
        if (ioctl(to, Clone, (int)from.DangerousGetHandle()) == 0)
            return;
        var byHand = false;
        for (long at = 0; at < size;)
        {
            var data = lseek(from, at, SeekData);
            if (data < 0 && Marshal.GetLastPInvokeError() == NoSuchAddress)
                break; // a hole up to the end
            if (data < 0)
                data = at;
            var end = lseek(from, data, SeekHole);
            if (end <= data)
                end = size;
            while (data < end)
            {
                long into = data, start = data;
                var copied = byHand ? -1 : copy_file_range(from, &start, to, &into, (nint)Math.Min(end - data, 1 << 30), 0);
                if (copied < 0 && (byHand || Marshal.GetLastPInvokeError() is CrossDevice or Invalid or NoSuchCall or NotSupported))
                {
                    byHand = true;
                    var buffer = new byte[(int)Math.Min(end - data, 1 << 20)];
                    copied = RandomAccess.Read(from, buffer, data);
                    RandomAccess.Write(to, buffer.AsSpan(0, (int)copied), data);
                }

                if (copied < 0)
                    throw LinuxException.Last("copy_file_range", subject);
                if (copied == 0)
                    break; // the file has become shorter
                data += copied;
            }

            at = Math.Max(end, at + 1);
        }

        if (ftruncate(to, size) != 0)
            throw LinuxException.Last("ftruncate", subject);
    }

    private static void CopyFacts(SafeFileHandle from, SafeFileHandle to, Statx found, string subject)
    {
        var names = stackalloc byte[16384];
        var value = stackalloc byte[16384];
        // The owner first: it clears the set-user-id bits and file capabilities, which follow.
        if (fchown(to, found.User, found.Group) != 0)
            throw LinuxException.Last("chown", subject);
        if (fchmod(to, (uint)(found.Mode & 0xfff)) != 0)
            throw LinuxException.Last("chmod", subject);
        var length = flistxattr(from, names, 16384);
        for (var at = 0; at < length;)
        {
            var size = fgetxattr(from, names + at, value, 16384);
            if (size >= 0 && fsetxattr(to, names + at, value, size, 0) != 0 && Marshal.GetLastPInvokeError() is not (NotSupported or NoData))
                throw LinuxException.Last("setxattr", subject);
            while (names[at] != 0)
                at++;
            at++;
        }

        var times = stackalloc long[] { found.ModifiedSeconds, found.ModifiedNanoseconds, found.ModifiedSeconds, found.ModifiedNanoseconds };
        if (futimens(to, times) != 0)
            throw LinuxException.Last("utimens", subject);
    }

    private static void CopyNameFacts(int folder, byte* name, Statx found, string subject)
    {
        var times = stackalloc long[] { found.ModifiedSeconds, found.ModifiedNanoseconds, found.ModifiedSeconds, found.ModifiedNanoseconds };
        if (fchownat(folder, name, found.User, found.Group, NoFollowFlag) != 0)
            throw LinuxException.Last("chown", subject);
        if ((found.Mode & 0xf000) != 0xa000 && fchmodat(folder, name, (uint)(found.Mode & 0xfff), 0) != 0)
            throw LinuxException.Last("chmod", subject);
        if (utimensat(folder, name, times, NoFollowFlag) != 0)
            throw LinuxException.Last("utimens", subject);
    }

    private static List<byte[]> Names(SafeFileHandle folder, string subject)
    {
        List<byte[]> names = [];
        var buffer = new byte[32 * 1024];
        fixed (byte* start = buffer)
        {
            nint length;
            while ((length = getdents64(folder, start, buffer.Length)) > 0)
            {
                // struct linux_dirent64: inode, offset, record length (16), type (18), name (19).
                for (var at = 0; at < length; at += *(ushort*)(start + at + 16))
                {
                    var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start + at + 19);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        names.Add([.. name, 0]);
                }
            }

            if (length < 0)
                throw LinuxException.Last("getdents64", subject);
        }

        return names;
    }

    private static SafeFileHandle OpenFolder(int folder, byte[] name, string subject)
    {
        const int Directory = 0x10000, CloseOnExec = 0x80000;
        // O_DIRECTORY and O_NOFOLLOW have other numbers on arm64.
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        fixed (byte* start = name)
            return Handle(openat(folder, start, CloseOnExec | (arm ? 0x4000 : Directory) | NoFollow, 0), subject);
    }

    private static int NoFollow => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    private static Statx Stat(int folder, byte[] name, string subject)
    {
        Statx found;
        fixed (byte* start = name)
        {
            if (statx(folder, start, NoFollowFlag, Statx.Basic, &found) != 0)
                throw LinuxException.Last("stat", subject);
        }

        return found;
    }

    private static SafeFileHandle Handle(int descriptor, string subject) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("open", subject);

    private static byte[] Name(string path) => [.. System.Text.Encoding.UTF8.GetBytes(path), 0];

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, byte* path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle folder, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int folder, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(int folder, byte* path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int oldFolder, byte* oldPath, int newFolder, byte* newPath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int folder, byte* path, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, int folder, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int folder, byte* path, uint user, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int folder, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeFileHandle file, long* times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int folder, byte* path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(SafeFileHandle file, byte* names, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeFileHandle file, byte* name, byte* value, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(SafeFileHandle file, byte* name, byte* value, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle file, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(SafeFileHandle from, long* fromOffset, SafeFileHandle to, long* toOffset, nint length, uint flags);
}
