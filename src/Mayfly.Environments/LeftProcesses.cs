using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>What a program has started and left running. A child whose parent has ended is nobody's, and may lead a session of its own; it still has the variable that the program was started with.</summary>
internal static class LeftProcesses
{
    private const int Kill = 9;

    /// <summary>Ends every process that was given this variable.</summary>
    /// <param name="variable">As environ(7) has it, <c>NAME=VALUE</c>; the value is nobody else's.</param>
    public static void End(string variable)
    {
        // Until a look finds no other one: what was not yet ended may have started more meanwhile.
        var known = new HashSet<ProcessIdentity>();
        while (Find(variable).Where(known.Add).ToArray() is { Length: > 0 } found)
        {
            foreach (var one in found)
                one.Signal(Kill);
        }
    }

    private static IEnumerable<ProcessIdentity> Find(string variable)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Has(id, variable) && ProcessIdentity.Of(id) is { } one)
                yield return one;
        }
    }

    private static bool Has(int id, string variable)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/environ").Split('\0').Contains(variable);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
            return false;
        }
    }
}
