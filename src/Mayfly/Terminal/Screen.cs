using Spectre.Console;

namespace Mayfly.Terminal;

/// <summary>
/// What people read: results on standard output, progress and errors on standard error, so that output can be piped.
/// Colours and moving lines only on a terminal; without one every message is a plain line.
/// </summary>
internal static class Screen
{
    /// <summary>Standard error.</summary>
    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new PlainWidth(Console.Error, Console.IsErrorRedirected) });

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Out { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new PlainWidth(Console.Out, Console.IsOutputRedirected) });

    /// <summary>Runs work while showing its progress.</summary>
    public static async Task<T> ShowAsync<T>(Func<IProgress<Activity>, Task<T>> work)
    {
        if (Console.IsErrorRedirected || !Error.Profile.Capabilities.Interactive)
            return await work(new PlainProgress(Console.Error));
        return await Error.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ElapsedTimeColumn())
            .StartAsync(context => work(new MovingProgress(context)));
    }

    /// <summary>One message and what to do next.</summary>
    public static void Fail(MayflyException failure)
    {
        Error.MarkupLineInterpolated($"[red]error:[/] {failure.Message}");
        if (failure.Hint is { } hint)
            Error.MarkupLineInterpolated($"[yellow]hint:[/] {hint}");
    }

    /// <summary>A pipe has no width: lines are never folded there.</summary>
    private sealed class PlainWidth(TextWriter writer, bool redirected) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _output = new(writer);

        public TextWriter Writer => _output.Writer;

        public bool IsTerminal => _output.IsTerminal;

        public int Width => redirected ? 10_000 : _output.Width;

        public int Height => _output.Height;

        public void SetEncoding(System.Text.Encoding encoding) => _output.SetEncoding(encoding);
    }
}
