using System.Diagnostics;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Environments;

/// <summary>A program of an environment that is run for its exit code, and for what it says when it fails.</summary>
internal static class HeardProcess
{
    /// <summary>Enough to see what went wrong; the rest is in a file.</summary>
    private const int Shown = 25;

    /// <summary>How long what has been killed may take to be gone; guard.py has the same.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Of variables that other tools and shells leave, those that would change what happens, or say where the wrong interpreter is.</summary>
    private static readonly string[] Foreign = ["PYTHON", "PIP_", "VIRTUAL_ENV", "CONDA_", "__PYVENV", "SETUPTOOLS_", "DISTUTILS_"];

    /// <summary>How it is started: all three streams by pipes, and nothing told by other tools and shells.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">What it is told.</param>
    public static ProcessStartInfo Of(string program, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder };
        foreach (var variable in start.Environment.Keys.Where(static key => Foreign.Any(foreign => key.StartsWith(foreign, StringComparison.Ordinal))).ToArray())
            start.Environment.Remove(variable);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>Runs it as if the environment were activated, with nothing to read. When it ends, all that it started ends too, in the background and elsewhere; and so does everything when Mayfly ends, in whatever way.</summary>
    /// <param name="environment">The folder of the one whose programs come first.</param>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">What it is told besides.</param>
    /// <param name="cancellationToken">Ends it, with all that it started.</param>
    /// <returns>Its exit code and both its outputs, as they came.</returns>
    public static async Task<(int Code, string Said)> RunAsync(string environment, string program, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken)
    {
        var (code, said) = await RunWithinAsync(environment, program, arguments, folder, variables, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        return (code!.Value, said);
    }

    /// <summary>The same for what may wait for ever: when it has not ended in time, it is ended.</summary>
    /// <param name="environment">The folder of the one whose programs come first.</param>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">What it is told besides.</param>
    /// <param name="limit">How long it may take, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends it, with all that it started.</param>
    /// <returns>Its exit code, or null when it did not end in time, and both its outputs, as they came.</returns>
    public static async Task<(int? Code, string Said)> RunWithinAsync(string environment, string program, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, TimeSpan limit, CancellationToken cancellationToken)
    {
        // Without site, so that no code of the environment runs in what shall end it.
        using var process = new Process
        {
            StartInfo = Of($"{environment}/bin/python", ["-I", "-S", "-c", EmbeddedText.Of("guard.py"), program, .. arguments], folder,
                [("PATH", $"{environment}/bin:{Environment.GetEnvironmentVariable("PATH")}"), ("VIRTUAL_ENV", environment), .. variables]),
        };
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var said = new HeardText();
        process.Start();
        var heard = Task.WhenAll(BoundedLines.ReadAsync(process.StandardOutput, said.Add), BoundedLines.ReadAsync(process.StandardError, said.Add));
        clock.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(clock.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return (null, said.ToString());
        }

        // Something that hid itself may hold its outputs still.
        await Task.WhenAny(heard, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false);
        return (process.ExitCode, said.ToString());
    }

    /// <summary>The end of what it said, a line each, without what moves a terminal's cursor.</summary>
    public static string EndOf(string said)
    {
        string[] lines = [.. said.TrimEnd('\n').Split('\n').Select(static line => string.Concat(line.Where(static c => !char.IsControl(c) || c == '\t')))];
        return $"{(lines.Length > Shown ? "  …\n" : "")}{string.Join('\n', lines.TakeLast(Shown).Select(static line => $"  {line}"))}";
    }

    /// <summary>Keeps all that it said, and gives the file's path.</summary>
    public static string Keep(Store store, string name, string said)
    {
        // A folder, as other failed builds leave one: so it is pruned with them.
        var log = $"{Directory.CreateDirectory(store.PathOf(StoreArea.Failed, name)).FullName}/log";
        WholeFile.Write(log, file => file.Write(Encoding.UTF8.GetBytes(said)));
        return log;
    }

    /// <summary>Has the guard end what it started, and itself.</summary>
    private static async Task EndAsync(Process guard)
    {
        guard.StandardInput.Close();
        using var clock = new CancellationTokenSource(2 * Patience);
        try
        {
            await guard.WaitForExitAsync(clock.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            guard.Kill(entireProcessTree: true);
            await guard.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
