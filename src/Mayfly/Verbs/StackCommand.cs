using System.CommandLine;
using System.CommandLine.Help;
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
                DownVerb.Describe(stack), GraphVerb.Describe(stack),
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
            Screen.Fail(new MayflyException(error.Message, "`--help` lists the verbs, `VERB --help` what a verb takes"));
            return 2;
        }

        return await RunSafelyAsync(cancellationToken => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken));
    }

    /// <summary>Expected failures are one message and a hint; anything else is a bug and shows its trace.</summary>
    internal static async Task<int> RunSafelyAsync(Func<CancellationToken, Task<int>> run)
    {
        using var interrupted = new CancellationTokenSource();
        ConsoleCancelEventHandler interrupt = (_, e) =>
        {
            // The first interrupt lets the work undo itself; the second one ends the process.
            e.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        };
        Console.CancelKeyPress += interrupt;
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
            return 130;
        }
        catch (Exception e) when (HostRefusal.Explain(e) is { } refusal)
        {
            Screen.Fail(refusal);
            return refusal.ExitCode;
        }
        finally
        {
            Console.CancelKeyPress -= interrupt;
        }
    }

    private static Option<string> OptionOf(StackOption option)
    {
        var shown = new Option<string>($"--{option.Name}") { Description = $"{string.Join(" or ", option.Choices)}; {option.Choices[0]} unless given" };
        shown.AcceptOnlyFromAmong([.. option.Choices]);
        return shown;
    }
}
