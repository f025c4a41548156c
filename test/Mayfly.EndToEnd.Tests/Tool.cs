using System.Diagnostics;

namespace Mayfly.EndToEnd.Tests;

/// <summary>Runs <c>./mayfly</c> as a user would, and other programs.</summary>
internal static class Tool
{
    /// <summary>Found by walking up: the compiler's paths are made up in builds that must not depend on where they run.</summary>
    public static string Repository { get; } = Above(AppContext.BaseDirectory);

    public static Task<Ended> MayflyAsync(params string[] arguments) => RunAsync(Path.Combine(Repository, "mayfly"), arguments);

    public static Task<Ended> RunAsync(string program, params string[] arguments) => RunAsync(program, arguments, new Dictionary<string, string>());

    public static async Task<Ended> RunAsync(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        using var process = Start(program, arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }

    public static Process Start(string program, params string[] arguments) => Start(program, arguments, new Dictionary<string, string>());

    public static Process Start(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
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

    /// <summary>An expected failure as every verb tells it: one error that has these words, one hint, and nothing that only a programmer reads.</summary>
    public Ended Refused(params string[] words)
    {
        Assert.True(ExitCode == 1, $"exit code {ExitCode}\n{Output}\n{Error}");
        var lines = Error.Split('\n');
        Assert.True(lines.Count(line => line.StartsWith("error: ", StringComparison.Ordinal)) == 1, $"not one error:\n{Error}");
        Assert.True(lines.Count(line => line.StartsWith("hint: ", StringComparison.Ordinal)) == 1, $"not one hint:\n{Error}");
        Assert.True(!lines.Any(line => line.StartsWith("   at ", StringComparison.Ordinal) || line.StartsWith("Unhandled", StringComparison.Ordinal)), $"a trace:\n{Error}");
        Assert.All(words, word => Assert.True(Error.Contains(word, StringComparison.Ordinal), $"does not say '{word}':\n{Error}"));
        TestContext.Current.TestOutputHelper?.WriteLine(Error);
        return this;
    }
}
