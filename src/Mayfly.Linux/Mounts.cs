using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>The flags of mount(2) that Mayfly uses.</summary>
[Flags]
public enum MountFlags : ulong
{
    None = 0,
    ReadOnly = 1,
    NoSetUserId = 2,
    NoDevices = 4,
    NoExecute = 8,
    Remount = 32,
    Bind = 4096,
    Recursive = 16384,
    Private = 1 << 18,

    /// <summary>Changes of the mount it was copied from arrive; none of its own leave.</summary>
    Slave = 1 << 19,
}

/// <summary>mount(2) and umount2(2), as seen by the calling thread.</summary>
public static partial class Mounts
{
    public static void Mount(string source, string target, string? type, MountFlags flags = MountFlags.None, string? data = null)
    {
        if (mount(source, target, type, (ulong)flags, data) != 0)
            throw LinuxException.Last($"mount {type ?? "bind"}", target);
    }

    /// <summary>Detaches the mount: it is gone for everyone now, and freed when its last open file is closed.</summary>
    public static void Detach(string target)
    {
        const int DetachNow = 2;
        if (umount2(target, DetachNow) != 0)
            throw LinuxException.Last("umount", target);
    }

    /// <summary>Unmounts; fails with EBUSY while anything inside is in use.</summary>
    public static void Unmount(string target)
    {
        if (umount2(target, 0) != 0)
            throw LinuxException.Last("umount", target);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
