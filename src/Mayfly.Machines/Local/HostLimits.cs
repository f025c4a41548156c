using System.Globalization;

namespace Mayfly.Machines.Local;

/// <summary>The limits that this process, and so what it starts, cannot exceed: /proc/self/limits.</summary>
internal static class HostLimits
{
    private const ulong Unlimited = ulong.MaxValue;

    public static ulong OpenFiles(string limits)
    {
        // "Max open files            1024                 20000                files"
        var line = limits.Split('\n').First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var hard = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return hard == "unlimited" ? Unlimited : ulong.Parse(hard, CultureInfo.InvariantCulture);
    }
}
