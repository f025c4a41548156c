using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>The kernel's <c>struct statx</c>, statx(2): the same on every architecture, which <c>struct stat</c> is not.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    /// <summary>STATX_BASIC_STATS.</summary>
    public const uint Basic = 0x7ff;

    /// <summary>STATX_ATTR_MOUNT_ROOT, which Linux tells since 5.8.</summary>
    public const ulong MountRoot = 0x2000;

    [FieldOffset(0x08)] public ulong Attributes;
    [FieldOffset(0x10)] public uint Links;
    [FieldOffset(0x14)] public uint User;
    [FieldOffset(0x18)] public uint Group;
    [FieldOffset(0x1c)] public ushort Mode;
    [FieldOffset(0x20)] public ulong Inode;
    [FieldOffset(0x28)] public ulong Size;
    [FieldOffset(0x30)] public ulong Blocks;
    [FieldOffset(0x70)] public long ModifiedSeconds;
    [FieldOffset(0x78)] public uint ModifiedNanoseconds;
    [FieldOffset(0x80)] public uint NodeMajor;
    [FieldOffset(0x84)] public uint NodeMinor;
    [FieldOffset(0x88)] public uint DeviceMajor;
    [FieldOffset(0x8c)] public uint DeviceMinor;

    /// <summary>The kernel's encoding of a device number, makedev(3).</summary>
    public static ulong Device(uint major, uint minor) =>
        ((ulong)(major & 0xfff) << 8) | ((ulong)(major & ~0xfffu) << 32) | (minor & 0xff) | ((ulong)(minor & ~0xffu) << 12);
}
