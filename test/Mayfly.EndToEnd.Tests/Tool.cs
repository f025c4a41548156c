using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Mayfly.EndToEnd.Tests;

/// <summary>Runs <c>./mayfly</c> as a user would, and other programs.</summary>
internal static class Tool
{
    public static string Repository { get; } = Path.GetFullPath("../..", Here());

    public static Task<Ended> MayflyAsync(params string[] arguments) => RunAsync(Path.Combine(Repository, "mayfly"), arguments);

    public static async Task<Ended> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }

    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}

/// <summary>How a program ended.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error)
{
    public Ended Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }
}
