using System.Diagnostics;

namespace Mayfly.Benchmarks;

/// <summary>Runs programs to their end.</summary>
internal static class Outside
{
    /// <summary>What it printed on its standard output.</summary>
    /// <exception cref="MayflyException">It failed; the message holds the end of what it printed.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? await output : throw new MayflyException(
            $"{string.Join(' ', command)} ended with code {process.ExitCode}:\n{string.Join('\n', $"{await output}\n{await error}".Trim().Split('\n').TakeLast(12))}");
    }

    /// <summary>The program's path, or null when this machine lacks it.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(["/usr/sbin", "/sbin"]).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
