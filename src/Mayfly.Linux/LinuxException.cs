using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>A system call that failed: which one, on what, and the kernel's reason (errno(3)).</summary>
public sealed class LinuxException(string call, string subject, int errno)
    : IOException($"{call} {subject}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public string Call { get; } = call;

    public int Errno { get; } = errno;

    /// <summary>Throws for the calling thread's last errno.</summary>
    internal static LinuxException Last(string call, string subject) => new(call, subject, Marshal.GetLastPInvokeError());
}
