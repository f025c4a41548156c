using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Mayfly.Benchmarks;

/// <summary>The most memory that any one process of a command ever had. The kernel knows it of all children together, so each command has a process of this program's to itself.</summary>
internal static partial class PeakMemory
{
    /// <summary>The first argument with which this program runs the others as a command and prints the peak.</summary>
    public const string Alone = "peak-memory";

    /// <summary>In megabytes.</summary>
    public static async Task<double> OfAsync(IReadOnlyList<string> command, CancellationToken cancellationToken, IReadOnlyDictionary<string, string> environment) =>
        double.Parse(await Outside.RunAsync([Environment.ProcessPath!, Alone, .. command], cancellationToken, environment), CultureInfo.InvariantCulture);

    public static async Task<int> RunAloneAsync(IReadOnlyList<string> command)
    {
        // What it prints is not what is asked for.
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == 0)
            Console.Out.WriteLine((Kilobytes() * 1024 / 1e6).ToString(CultureInfo.InvariantCulture));
        return process.ExitCode;
    }

    /// <summary>ru_maxrss of getrusage(2).</summary>
    private static unsafe long Kilobytes()
    {
        const int Children = -1, MostResident = 4;
        // struct rusage: two timevals, then 14 more words, of which this is the first.
        var usage = stackalloc long[18];
        return getrusage(Children, usage) == 0 ? usage[MostResident] : throw new InvalidOperationException("getrusage(2) refuses to tell of this process's children");
    }

    [LibraryImport("libc")]
    private static unsafe partial int getrusage(int who, long* usage);
}
