using System.Diagnostics;
using System.Globalization;

namespace Mayfly.Benchmarks;

/// <summary>The most memory that any one process of a command ever had. The kernel knows it of all children together, so each command has a process of this program's to itself.</summary>
internal static class PeakMemory
{
    /// <summary>The first argument with which this program runs the others as a command and prints the peak.</summary>
    public const string Alone = "peak-memory";

    /// <summary>In megabytes.</summary>
    public static async Task<double> OfAsync(IReadOnlyList<string> command, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null) =>
        double.Parse(await Outside.RunAsync([Environment.ProcessPath!, Alone, .. command], cancellationToken, environment), CultureInfo.InvariantCulture);

    public static async Task<int> RunAloneAsync(IReadOnlyList<string> command)
    {
        // What it prints is not what is asked for.
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == 0)
            Console.Out.WriteLine(ResourceUsage.OfChildren.PeakMegabytes.ToString(CultureInfo.InvariantCulture));
        return process.ExitCode;
    }
}
