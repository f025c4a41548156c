using System.Globalization;
using System.Runtime.InteropServices;

namespace Mayfly.Benchmarks;

/// <summary>What the numbers were measured on; says nothing of whose machine it is.</summary>
internal static class ThisMachine
{
    public static string Describe()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        var kernel = string.Join('.', File.ReadAllText("/proc/sys/kernel/osrelease").Split('.', '-').Take(2));
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors, {memory:0} GiB of memory, Linux {kernel} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");
    }

    /// <summary>The load average of the last minute: what else went on.</summary>
    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    /// <summary>Resident memory of a process, in megabytes.</summary>
    public static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    /// <summary>Processes whose command line holds this.</summary>
    public static IReadOnlyList<int> ProcessesWith(string text) => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, out _) && CommandLine(name!).Contains(text, StringComparison.Ordinal)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    /// <summary>The name of the file that a process runs.</summary>
    public static string ProgramOf(int process) => Path.GetFileName(File.ResolveLinkTarget($"/proc/{process}/exe", returnFinalTarget: false)?.FullName ?? "");

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
