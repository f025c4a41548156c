using System.Runtime.InteropServices;

namespace Mayfly.Cli;

/// <summary>Ctrl+C, the end that a supervisor asks for, and a terminal that was closed: the first one lets the work undo itself and end what it has started, the second one ends the process.</summary>
internal static class Interruption
{
    /// <summary>Gives what the work gives, or 128 and the signal's number when it was cancelled by one.</summary>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var signal = 0;
        using var interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, 2));
        using var terminations = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, 15));
        using var hangups = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Interrupt(context, 1));
        try
        {
            return await work(interrupted.Token);
        }
        catch (OperationCanceledException) when (signal != 0)
        {
            return 128 + signal;
        }

        void Interrupt(PosixSignalContext context, int number)
        {
            context.Cancel = Interlocked.CompareExchange(ref signal, number, 0) == 0;
            if (context.Cancel)
                interrupted.Cancel();
        }
    }
}
