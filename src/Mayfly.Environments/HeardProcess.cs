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

    /// <summary>Runs it as if the environment were activated, with nothing to read.</summary>
    /// <param name="environment">The folder of the one whose programs come first.</param>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">What it is told besides.</param>
    /// <param name="cancellationToken">Ends it, with all that it started.</param>
    /// <returns>Its exit code and both its outputs, as they came.</returns>
    public static async Task<(int Code, string Said)> RunAsync(string environment, string program, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = Activated(environment, program, arguments, folder, variables) };
        var (said, heard) = Hear(process);
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        await heard.ConfigureAwait(false);
        return (process.ExitCode, said.ToString());
    }

    /// <summary>The same for what may wait for ever or leave something running: when it ends, or has not ended in time, all that it started ends too, in the background and elsewhere.</summary>
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
        var mark = (Name: "MAYFLY_TRIAL", Value: Guid.NewGuid().ToString("n"));
        using var process = new Process { StartInfo = Activated(environment, program, arguments, folder, [.. variables, mark]) };
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (said, heard) = Hear(process);
        clock.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(clock.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            LeftProcesses.End($"{mark.Name}={mark.Value}");
            cancellationToken.ThrowIfCancellationRequested();
            return (null, said.ToString());
        }

        // What it leaves holds its outputs open, which would be waited for.
        LeftProcesses.End($"{mark.Name}={mark.Value}");
        // Something that hid itself may hold them still.
        await Task.WhenAny(heard, Task.Delay(TimeSpan.FromSeconds(5), cancellationToken)).ConfigureAwait(false);
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

    private static ProcessStartInfo Activated(string environment, string program, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables) =>
        Of(program, arguments, folder, [("PATH", $"{environment}/bin:{Environment.GetEnvironmentVariable("PATH")}"), ("VIRTUAL_ENV", environment), .. variables]);

    /// <summary>Starts it, and gives what it says from then on, and what ends when it can say no more.</summary>
    private static (HeardText Said, Task Heard) Hear(Process process)
    {
        var said = new HeardText();
        process.Start();
        process.StandardInput.Close();
        return (said, Task.WhenAll(BoundedLines.ReadAsync(process.StandardOutput, said.Add), BoundedLines.ReadAsync(process.StandardError, said.Add)));
    }
}
