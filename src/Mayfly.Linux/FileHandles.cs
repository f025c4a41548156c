using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// Files made and finished through their descriptor: no name is looked up twice, so nothing can be slipped in between,
/// and a small file costs six system calls (.NET's own opening adds fstat, flock and more).
/// </summary>
public static partial class FileHandles
{
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
    /// Copies a file's bytes into one that must not exist yet, sharing blocks where the file system can (FICLONE), else within the kernel; five system calls for a small one, where .NET's own
    /// copying takes thirteen and keeps the time and the mode too.
    /// </summary>
    /// <param name="from">The file.</param>
    /// <param name="to">What it becomes.</param>
    /// <param name="mode">As for open(2): the process's mask is taken off it.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <param name="sharing">Whether sharing is worth trying; false once the file system has refused.</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    /// <exception cref="EndOfStreamException">It has fewer bytes.</exception>
    public static unsafe void Copy(string from, string to, int mode, long size, ref bool sharing)
    {
        const nuint Clone = 0x40049409;
        const int CrossDevice = 18, Invalid = 22, NoSuchCall = 38, NotSupported = 95;
        using var source = OpenFile(from);
        var descriptor = open(to, WriteOnly | Create | Exclusive | CloseOnExec, mode);
        using var made = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("create", to);
        if (sharing && ioctl(made, Clone, (int)source.DangerousGetHandle()) == 0)
        {
            if (RandomAccess.GetLength(made) != size)
                throw new EndOfStreamException($"{from} has another length than it should have");
            return;
        }

        sharing = false;
        for (long done = 0; done < size;)
        {
            var copied = copy_file_range(source, null, made, null, (nint)Math.Min(size - done, 1 << 30), 0);
            if (copied < 0 && Marshal.GetLastPInvokeError() is CrossDevice or Invalid or NoSuchCall or NotSupported)
            {
                var buffer = new byte[(int)Math.Min(size - done, 1 << 18)];
                copied = RandomAccess.Read(source, buffer, done);
                Write(made, buffer.AsSpan(0, (int)copied), to);
            }

            if (copied < 0)
                throw LinuxException.Last("copy_file_range", to);
            if (copied == 0)
                throw new EndOfStreamException($"{from} has {done} bytes, and should have {size}");
            done += copied;
        }
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
    private static partial int ioctl(SafeFileHandle file, nuint request, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint copy_file_range(SafeFileHandle from, long* fromOffset, SafeFileHandle to, long* toOffset, nint length, uint flags);
}
