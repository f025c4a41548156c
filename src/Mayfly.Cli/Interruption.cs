using System.Globalization;
using System.Runtime.InteropServices;

namespace Mayfly.Cli;

/// <summary>Ctrl+C, the end that a supervisor asks for, and a terminal that was closed: the first one lets the work undo itself and end what it has started, the second one ends the process.</summary>
internal static class Interruption
{
    private const int HangUp = 1, Interrupt = 2, Terminate = 15;

    /// <summary>Gives what the work gives, or 128 and the signal's number when it was cancelled by one.</summary>
    /// <param name="work">Until it waits for something the first time a signal ends the process: nothing of it could hear.</param>
    /// <param name="tell">Says that it was interrupted.</param>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> work, Action tell)
    {
        using var interrupted = new CancellationTokenSource();
        var signal = 0;
        var running = work(interrupted.Token);
        using var interrupts = Hear(PosixSignal.SIGINT, Interrupt);
        using var terminations = Hear(PosixSignal.SIGTERM, Terminate);
        using var hangups = Hear(PosixSignal.SIGHUP, HangUp);
        try
        {
            return await running;
        }
        catch (OperationCanceledException) when (signal != 0)
        {
            tell();
            return 128 + signal;
        }

        // What whoever started the process has it ignore, as nohup(1) does, stays ignored.
        PosixSignalRegistration? Hear(PosixSignal which, int number) => IsIgnored(number) ? null : PosixSignalRegistration.Create(which, context =>
        {
            context.Cancel = Interlocked.CompareExchange(ref signal, number, 0) == 0;
            if (context.Cancel)
                interrupted.Cancel();
        });
    }

    /// <summary>By proc(5), the mask SigIgn of status.</summary>
    private static bool IsIgnored(int signal) => File.ReadLines("/proc/self/status").First(static line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line
        && ((ulong.Parse(line.AsSpan("SigIgn:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) >> (signal - 1)) & 1) == 1;
}
