using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>How many characters a terminal shows; see ioctl_tty(2).</summary>
public readonly partial record struct TerminalSize(int Rows, int Columns)
{
    /// <summary>Null when the descriptor is no terminal, or one that has not been told its size.</summary>
    public static unsafe TerminalSize? Of(SafeHandle descriptor)
    {
        const nuint Get = 0x5413;
        var size = stackalloc ushort[4];
        return ioctl(descriptor, Get, size) == 0 && size[0] != 0 && size[1] != 0 ? new TerminalSize(size[0], size[1]) : null;
    }

    /// <summary>Gives a terminal this size, if it is still there. When that is another one, the programs in its foreground are told (SIGWINCH).</summary>
    internal unsafe void Set(SafeHandle terminal)
    {
        const nuint Set = 0x5414;
        var size = stackalloc ushort[] { (ushort)Rows, (ushort)Columns, 0, 0 };
        _ = ioctl(terminal, Set, size);
    }

    [LibraryImport("libc")]
    private static unsafe partial int ioctl(SafeHandle descriptor, nuint request, ushort* size);
}
