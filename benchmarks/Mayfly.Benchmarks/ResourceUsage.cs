using System.Runtime.InteropServices;

namespace Mayfly.Benchmarks;

/// <summary>What the kernel counts of this process, or of all its children that have ended: getrusage(2).</summary>
/// <param name="ProcessorSeconds">User and system time.</param>
/// <param name="PeakMegabytes">The most memory that any one process had.</param>
internal readonly partial record struct ResourceUsage(double ProcessorSeconds, double PeakMegabytes)
{
    public static ResourceUsage Own => Of(0);

    public static ResourceUsage OfChildren => Of(-1);

    private static unsafe ResourceUsage Of(int who)
    {
        // struct rusage begins with two timevals, and has 14 more words, of which the peak in kilobytes is the first.
        var usage = stackalloc long[18];
        if (getrusage(who, usage) != 0)
            throw new InvalidOperationException("getrusage(2) refuses to tell of this process");
        return new ResourceUsage(usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6), usage[4] * 1024 / 1e6);
    }

    [LibraryImport("libc")]
    private static unsafe partial int getrusage(int who, long* usage);
}
