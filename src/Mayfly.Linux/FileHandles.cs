using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// Files made and finished through their descriptor: no name is looked up twice, so nothing can be slipped in between,
/// and a small file costs six system calls (.NET's own opening adds fstat, flock and more).
/// </summary>
public static partial class FileHandles
{
    /// <summary>What file systems share is a multiple of this long; none of today's has larger blocks unless it was told to.</summary>
    public const int ShareUnit = 4096;

    private const int WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000;

    // O_DIRECTORY is one of the few flags whose value depends on the processor.
    private static readonly int FolderOnly = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    /// <summary>open(2) for writing a file that must not exist yet, readable by its owner alone until it is finished.</summary>
    public static SafeFileHandle CreateNew(string path)
    {
        var descriptor = open(path, WriteOnly | Create | Exclusive | CloseOnExec, 0x180 /* 0600 */);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("create", path);
    }

    /// <summary>
    /// open(2) for reading and writing, created when missing. For files that flock(2) guards: .NET's own opening takes a lock
    /// by itself and fails where we want to wait.
    /// </summary>
    public static SafeFileHandle OpenOrCreate(string path, int mode = 0x1A4 /* 0644 */)
    {
        var descriptor = open(path, ReadWrite | Create | CloseOnExec, mode);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("open", path);
    }

    /// <summary>open(2) of a file for reading. It takes no lock, as .NET's own opening does, and does not look whether it is a folder.</summary>
    public static SafeFileHandle OpenFile(string path)
    {
        var descriptor = open(path, CloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("open", path);
    }

    /// <summary>open(2) of a folder, for calls that work on a file system or relative to a folder.</summary>
    public static SafeFileHandle OpenFolder(string path)
    {
        var descriptor = open(path, FolderOnly | CloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("open", path);
    }

    /// <summary>
    /// Makes an empty file have a part of another's bytes by sharing blocks (FICLONERANGE). False where that cannot be: the file system does not share, or they are on two.
    /// </summary>
    /// <param name="from">The other file, of which the part and what fills its last block up must be there.</param>
    /// <param name="offset">Where the part begins: a multiple of <see cref="ShareUnit"/>.</param>
    /// <param name="length">How long it is.</param>
    /// <param name="to">The empty file.</param>
    /// <param name="subject">Its name, for errors.</param>
    /// <exception cref="LinuxException">Sharing was done and the file could not be cut to its length.</exception>
    public static unsafe bool TryShare(SafeFileHandle from, long offset, long length, SafeFileHandle to, string subject)
    {
        const nuint CloneRange = 0x4020940d;
        var range = stackalloc long[] { from.DangerousGetHandle(), offset, (length + ShareUnit - 1) & -ShareUnit, 0 };
        if (ioctl(to, CloneRange, range) != 0)
            return false;
        return ftruncate(to, length) == 0 ? true : throw LinuxException.Last("truncate", subject);
    }

    /// <summary>
    /// Opens a file below a folder for reading, part by part with openat(2) and O_NOFOLLOW: no link anywhere on the way is followed, so nothing
    /// outside of the folder can be reached, whoever changes the tree meanwhile. Null when there is none, or a part is a link or may not be read.
    /// </summary>
    /// <param name="parts">Names, each without a slash and none of them <c>..</c>.</param>
    public static SafeFileHandle? OpenBelow(SafeFileHandle folder, IReadOnlyList<string> parts)
    {
        const int NonBlocking = 0x800;
        var noFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
        var at = folder;
        for (var part = 0; part < parts.Count; part++)
        {
            // A named pipe must not hold up whoever opens it.
            var descriptor = openat(at, parts[part], noFollow | CloseOnExec | (part < parts.Count - 1 ? FolderOnly : NonBlocking), 0);
            if (!ReferenceEquals(at, folder))
                at.Dispose();
            if (descriptor < 0)
                return null;
            at = new SafeFileHandle(descriptor, ownsHandle: true);
        }

        return ReferenceEquals(at, folder) ? null : at;
    }

    /// <summary>write(2) until everything is written.</summary>
    public static unsafe void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, string subject)
    {
        const int Interrupted = 4;
        fixed (byte* start = bytes)
        {
            var done = 0;
            while (done < bytes.Length)
            {
                var written = write(file, start + done, bytes.Length - done);
                if (written >= 0)
                    done += (int)written;
                else if (Marshal.GetLastPInvokeError() != Interrupted)
                    throw LinuxException.Last("write", subject);
            }
        }
    }

    /// <summary>fchown(2); before <see cref="ChangeMode"/>, because it clears the set-user-id bits.</summary>
    public static void ChangeOwner(SafeFileHandle file, int user, int group, string subject)
    {
        if (fchown(file, user, group) != 0)
            throw LinuxException.Last("chown", subject);
    }

    /// <summary>fchmod(2) with all twelve mode bits.</summary>
    public static void ChangeMode(SafeFileHandle file, int mode, string subject)
    {
        if (fchmod(file, mode) != 0)
            throw LinuxException.Last("chmod", subject);
    }

    /// <summary>futimens(2): both times become this whole second.</summary>
    public static unsafe void SetTime(SafeFileHandle file, long seconds, string subject)
    {
        var times = stackalloc long[] { seconds, 0, seconds, 0 };
        if (futimens(file, times) != 0)
            throw LinuxException.Last("utimens", subject);
    }

    /// <summary>fsetxattr(2).</summary>
    public static unsafe void SetAttribute(SafeFileHandle file, string name, ReadOnlySpan<byte> value, string subject)
    {
        fixed (byte* start = value)
        {
            if (fsetxattr(file, name, start, value.Length, 0) != 0)
                throw LinuxException.Last($"setxattr {name}", subject);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(SafeHandle folder, string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(SafeFileHandle descriptor, byte* start, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle descriptor, int user, int group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle descriptor, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int futimens(SafeFileHandle descriptor, long* times);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int fsetxattr(SafeFileHandle descriptor, string name, byte* value, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int ioctl(SafeFileHandle file, nuint request, long* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle file, long length);
}
