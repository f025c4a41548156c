using System.Diagnostics;

namespace Mayfly.EndToEnd.Tests;

/// <summary>Runs <c>./mayfly</c> as a user would, and other programs.</summary>
internal static class Tool
{
    /// <summary>Found by walking up: the compiler's paths are made up in builds that must not depend on where they run.</summary>
    public static string Repository { get; } = Above(AppContext.BaseDirectory);

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

    private static string Above(string folder) => File.Exists(Path.Combine(folder, "Mayfly.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);
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
