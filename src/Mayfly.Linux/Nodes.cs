using System.Runtime.InteropServices;
using System.Text;

namespace Mayfly.Linux;

/// <summary>What a name in a file system is.</summary>
public enum NodeKind
{
    File,
    Directory,
    Link,
    CharacterDevice,
    BlockDevice,
    Pipe,
    Socket,
}

/// <summary>A name's own facts, as lstat(2) tells them; links are not followed.</summary>
public readonly record struct Node
{
    public required NodeKind Kind { get; init; }

    /// <summary>The twelve mode bits.</summary>
    public required int Mode { get; init; }

    public required int User { get; init; }

    public required int Group { get; init; }

    public required long Size { get; init; }

    /// <summary>Whole seconds since 1970.</summary>
    public required long Time { get; init; }

    public required ulong Inode { get; init; }

    public required int Links { get; init; }

    /// <summary>The number of the file system that it is on (<c>st_dev</c>): names of two cannot be renamed into each other.</summary>
    public ulong FileSystem { get; init; }

    /// <summary>Of a device.</summary>
    public int DeviceMajor { get; init; }

    public int DeviceMinor { get; init; }

    /// <summary>An overlay's sign that a name of the layers below is gone: a character device 0/0.</summary>
    public bool IsWhiteout => Kind == NodeKind.CharacterDevice && DeviceMajor == 0 && DeviceMinor == 0;
}

/// <summary>Names in file systems: reading what they are and making any kind of them, never following the last link.</summary>
public static partial class Nodes
{
    private const int AtCurrent = -100, NoFollow = 0x100;

    /// <summary>Null when there is no such name, or a parent of it is no directory.</summary>
    public static unsafe Node? Find(string path)
    {
        const int NoEntry = 2, NotDirectory = 20;
        Statx found;
        if (statx(AtCurrent, path, NoFollow, Statx.Basic, &found) != 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotDirectory ? null : throw LinuxException.Last("stat", path);
        }

        return Of(found);
    }

    public static Node Read(string path) => Find(path) ?? throw new LinuxException("stat", path, 2);

    /// <summary>The facts of an open file, whatever its name is by now.</summary>
    public static unsafe Node Of(SafeHandle file, string subject)
    {
        const int EmptyPath = 0x1000;
        Statx found;
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            return statx((int)file.DangerousGetHandle(), "", EmptyPath, Statx.Basic, &found) == 0 ? Of(found) : throw LinuxException.Last("stat", subject);
        }
        finally
        {
            if (held)
                file.DangerousRelease();
        }
    }

    private static Node Of(in Statx found) => new()
    {
        Kind = (found.Mode & 0xf000) switch
        {
            0x4000 => NodeKind.Directory,
            0xa000 => NodeKind.Link,
            0x2000 => NodeKind.CharacterDevice,
            0x6000 => NodeKind.BlockDevice,
            0x1000 => NodeKind.Pipe,
            0xc000 => NodeKind.Socket,
            _ => NodeKind.File,
        },
        Mode = found.Mode & 0xfff,
        User = (int)found.User,
        Group = (int)found.Group,
        Size = (long)found.Size,
        Time = found.ModifiedSeconds,
        Inode = found.Inode,
        Links = (int)found.Links,
        FileSystem = Statx.Device(found.DeviceMajor, found.DeviceMinor),
        DeviceMajor = (int)found.NodeMajor,
        DeviceMinor = (int)found.NodeMinor,
    };

    /// <summary>readlink(2).</summary>
    public static unsafe string ReadLink(string path)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* start = buffer)
        {
            var length = readlink(path, start, buffer.Length);
            return length >= 0 ? Encoding.UTF8.GetString(buffer[..(int)length]) : throw LinuxException.Last("readlink", path);
        }
    }

    /// <summary>mkdir(2), with exactly this mode whatever the umask.</summary>
    public static void MakeDirectory(string path, int mode)
    {
        if (mkdir(path, 0x1c0 /* 0700 */) != 0)
            throw LinuxException.Last("mkdir", path);
        Files.ChangeMode(path, mode);
    }

    /// <summary>symlink(2).</summary>
    public static void MakeLink(string target, string path)
    {
        if (symlink(target, path) != 0)
            throw LinuxException.Last("symlink", $"{path} -> {target}");
    }

    /// <summary>mknod(2) for pipes and devices.</summary>
    public static void MakeNode(string path, NodeKind kind, int mode, int major = 0, int minor = 0)
    {
        var type = kind switch
        {
            NodeKind.CharacterDevice => 0x2000,
            NodeKind.BlockDevice => 0x6000,
            NodeKind.Pipe => 0x1000,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        if (mknod(path, (uint)(type | 0x180), Statx.Device((uint)major, (uint)minor)) != 0)
            throw LinuxException.Last("mknod", path);
        Files.ChangeMode(path, mode);
    }

    /// <summary>utimensat(2): both times of the name itself become this whole second.</summary>
    public static unsafe void SetTime(string path, long seconds)
    {
        var times = stackalloc long[] { seconds, 0, seconds, 0 };
        if (utimensat(AtCurrent, path, times, NoFollow) != 0)
            throw LinuxException.Last("utimens", path);
    }

    /// <summary>utimensat(2): the name itself gets the time of another's last change, to the nanosecond.</summary>
    public static unsafe void CopyTime(string from, string to)
    {
        Statx found;
        if (statx(AtCurrent, from, NoFollow, Statx.Basic, &found) != 0)
            throw LinuxException.Last("stat", from);
        var times = stackalloc long[] { found.ModifiedSeconds, found.ModifiedNanoseconds, found.ModifiedSeconds, found.ModifiedNanoseconds };
        if (utimensat(AtCurrent, to, times, NoFollow) != 0)
            throw LinuxException.Last("utimens", to);
    }

    /// <summary>The names of the extended attributes, sorted bytewise; empty where the file system has none.</summary>
    public static unsafe IReadOnlyList<string> AttributeNames(string path)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* start = buffer)
        {
            var length = llistxattr(path, start, buffer.Length);
            if (length == 0)
                return [];
            if (length < 0)
                return Marshal.GetLastPInvokeError() == 95 ? [] : throw LinuxException.Last("listxattr", path);
            var names = Encoding.UTF8.GetString(buffer[..(int)length]).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
    }

    /// <summary>Null when there is no such attribute.</summary>
    public static unsafe byte[]? ReadAttribute(string path, string name)
    {
        const int NoData = 61, NotSupported = 95;
        Span<byte> buffer = stackalloc byte[1024];
        fixed (byte* start = buffer)
        {
            var length = lgetxattr(path, name, start, buffer.Length);
            if (length >= 0)
                return buffer[..(int)length].ToArray();
            return Marshal.GetLastPInvokeError() is NoData or NotSupported ? null : throw LinuxException.Last($"getxattr {name}", path);
        }
    }

    public static unsafe void SetAttribute(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            if (lsetxattr(path, name, start, value.Length, 0) != 0)
                throw LinuxException.Last($"setxattr {name}", path);
        }
    }

    /// <summary>Gives a name the extended attributes of another, and no more: what is made in a folder inherits its lists of access (acl(5)).</summary>
    /// <param name="from">The one name.</param>
    /// <param name="to">The other.</param>
    /// <param name="which">Those that this is about, by their names; null for all.</param>
    public static void CopyAttributes(string from, string to, Func<string, bool>? which = null)
    {
        var names = Named(from);
        foreach (var gone in Named(to).Except(names))
            RemoveAttribute(to, gone);
        foreach (var name in names)
            SetAttribute(to, name, ReadAttribute(from, name));

        string[] Named(string path) => [.. AttributeNames(path).Where(name => which?.Invoke(name) != false)];
    }

    public static void RemoveAttribute(string path, string name)
    {
        if (lremovexattr(path, name) != 0)
            throw LinuxException.Last($"removexattr {name}", path);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint readlink(string path, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int utimensat(int folder, string path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint llistxattr(string path, byte* names, nint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint lgetxattr(string path, string name, byte* value, nint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int lsetxattr(string path, string name, byte* value, nint length, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lremovexattr(string path, string name);
}
