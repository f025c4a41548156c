using System.Globalization;
using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>A process of the host that cannot be mistaken for a later one with the same number: proc(5), field 22 of stat.</summary>
/// <param name="StartTime">Clock ticks from boot to its start.</param>
public readonly partial record struct ProcessIdentity(int Id, ulong StartTime)
{
    /// <summary>Null when there is no such process, or it is a zombie.</summary>
    public static ProcessIdentity? Of(int id)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{id}/stat");
        }
        catch (IOException)
        {
            return null;
        }

        // The second field is the program's name in parentheses, which may hold anything, parentheses too.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : new ProcessIdentity(id, ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    public bool Lives => Of(Id) == this;

    /// <summary>When it started, by the clock.</summary>
    public DateTimeOffset StartedAt
    {
        get
        {
            const double TicksPerSecond = 100; // USER_HZ, the same on every architecture that .NET runs on
            var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
            return DateTimeOffset.UtcNow - TimeSpan.FromSeconds(uptime - (StartTime / TicksPerSecond));
        }
    }

    /// <summary>Sends a signal to this process and to no later one of its number. False when it has ended.</summary>
    public bool Signal(int signal)
    {
        const int NoSuchProcess = 3;
        var descriptor = pidfd_open(Id, 0);
        if (descriptor < 0)
        {
            // Not only ESRCH: a number that a thread has by now is EINVAL, and ENOENT since Linux 6.16.
            var refusal = LinuxException.Last("pidfd_open", $"process {Id}");
            return Lives ? throw refusal : false;
        }

        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true);
        if (!Lives)
            return false;
        if (pidfd_send_signal(descriptor, signal, 0, 0) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == NoSuchProcess ? false : throw LinuxException.Last("pidfd_send_signal", $"process {Id}");
    }

    // The C library has had names for these only since glibc 2.36; the numbers are the same on every architecture of Linux.
    private static int pidfd_open(int id, uint flags) => (int)syscall(434, id, (nint)flags, 0, 0);

    private static int pidfd_send_signal(int descriptor, int signal, nint info, uint flags) => (int)syscall(424, descriptor, signal, info, (nint)flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d);
}
