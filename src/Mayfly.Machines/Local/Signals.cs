namespace Mayfly.Machines.Local;

/// <summary>Signals by name, as specs write them; the numbers are the same on every architecture that .NET runs on, see signal(7).</summary>
internal static class Signals
{
    public const int HangUp = 1, Kill = 9;

    private static readonly Dictionary<string, int> Numbers = new()
    {
        ["HUP"] = 1,
        ["INT"] = 2,
        ["QUIT"] = 3,
        ["ABRT"] = 6,
        ["KILL"] = 9,
        ["USR1"] = 10,
        ["USR2"] = 12,
        ["ALRM"] = 14,
        ["TERM"] = 15,
        ["CONT"] = 18,
        ["STOP"] = 19,
        ["WINCH"] = 28,
    };

    public static int Number(string name) =>
        Numbers.TryGetValue(name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name, out var number) ? number
            : throw new MayflyException($"there is no signal '{name}'", $"one of {string.Join(", ", Numbers.Keys.Select(known => "SIG" + known))}");
}
