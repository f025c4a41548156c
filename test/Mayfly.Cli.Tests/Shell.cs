using System.Diagnostics;

namespace Mayfly.Cli.Tests;

/// <summary>A line of shell, as a user types it.</summary>
internal static class Shell
{
    public static (int ExitCode, string Output, string Error) Run(string folder, Dictionary<string, string?> environment, string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(folder, ".config");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
