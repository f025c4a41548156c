using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>What a process has from its parent.</summary>
public static partial class Inheritance
{
    /// <summary>The parent's process id now; it changes when the parent ends.</summary>
    public static int ParentProcessId => getppid();

    /// <summary>The user that this process acts as.</summary>
    public static int EffectiveUser => geteuid();

    /// <summary>Keeps an inherited descriptor from being handed down further (FD_CLOEXEC, fcntl(2)).</summary>
    public static void End(SafeHandle descriptor)
    {
        const int SetFlags = 2, CloseOnExec = 1;
        if (fcntl(descriptor, SetFlags, CloseOnExec) < 0)
            throw LinuxException.Last("fcntl", "inherited descriptor");
    }

    /// <summary>Has the program that this process becomes, and its children, get a descriptor.</summary>
    public static void HandDown(SafeHandle descriptor)
    {
        const int SetFlags = 2;
        if (fcntl(descriptor, SetFlags, 0) < 0)
            throw LinuxException.Last("fcntl", "descriptor to hand down");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle descriptor, int command, int argument);

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc")]
    private static partial int geteuid();
}
