using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Mayfly.Packages.Transfer;
using Mayfly.Terminal;

namespace Mayfly.Verbs;

/// <summary>The command line of a <c>stack.cs</c>: its verbs, and the way that failures are told.</summary>
internal static class StackCommand
{
    public static async Task<int> RunAsync(Stack stack, string[] arguments)
    {
        // Not a RootCommand: that one takes its name from the compiled file, which nobody types.
        var root = new Command("stack.cs", $"The stack {stack.Name}. Every verb is also `mayfly VERB [FOLDER]`.") { new HelpOption() };
        foreach (var verb in (Command[])
            [
                UpVerb.Describe(stack), PlanVerb.Describe(stack), LockVerb.Describe(stack), StatusVerb.Describe(stack), LogsVerb.Describe(stack),
                ExecVerb.Describe(stack), ShellVerb.Describe(stack), TestVerb.Describe(stack), TaskVerb.Describe(stack),
                DownVerb.Describe(stack), GraphVerb.Describe(stack), ListVerb.Describe(stack), WhyVerb.Describe(stack), UpdateVerb.Describe(stack),
                LicensesVerb.Describe(stack), SbomVerb.Describe(stack),
            ])
        {
            foreach (var option in stack.Options)
                verb.Options.Add(OptionOf(option));
            root.Subcommands.Add(verb);
        }

        // Wrong words are the user's to mend: 2, not 1, so that a program can tell (docs/reference/exit-codes.md).
        var parsed = root.Parse(arguments);
        if (parsed.Errors is [var error, ..])
        {
            var verb = parsed.CommandResult.Command;
            Screen.Fail(new MayflyException(error.Message.ReplaceLineEndings(" "), verb == root ? "`--help` lists the verbs" : $"`{verb.Name} --help` shows what it takes"));
            return 2;
        }

        if (parsed.GetValue(CommonOptions.Offline))
            NoNetwork.Ask();
        return await RunSafelyAsync(cancellationToken => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken));
    }

    /// <summary>Expected failures are one message and a hint; anything else is a bug and shows its trace.</summary>
    internal static async Task<int> RunSafelyAsync(Func<CancellationToken, Task<int>> run)
    {
        using var interrupted = new CancellationTokenSource();
        var signal = 0;
        void Interrupt(PosixSignalContext context, int number)
        {
            // The first one lets the work undo itself; the second one ends the process.
            context.Cancel = Interlocked.CompareExchange(ref signal, number, 0) == 0;
            if (context.Cancel)
                interrupted.Cancel();
        }

        // Ctrl+C, the end that a supervisor asks for, and a terminal that was closed.
        using var interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, 2));
        using var terminations = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, 15));
        using var hangups = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Interrupt(context, 1));
        try
        {
            return await run(interrupted.Token);
        }
        catch (MayflyException failure)
        {
            Screen.Fail(failure);
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Screen.Fail(new MayflyException("interrupted", "what was live is untouched; run the command again to carry on"));
            return 128 + signal;
        }
        catch (Exception e) when (HostRefusal.Explain(e) is { } refusal)
        {
            Screen.Fail(refusal);
            return refusal.ExitCode;
        }
    }

    private static Option<string> OptionOf(StackOption option)
    {
        var shown = new Option<string>($"--{option.Name}") { Description = $"{string.Join(" or ", option.Choices)}; {option.Choices[0]} unless given" };
        shown.AcceptOnlyFromAmong([.. option.Choices]);
        return shown;
    }
}
