using System.Diagnostics;

namespace Mayfly.Cli.Tests;

/// <summary>A shell of some kind with a home of its own, and nothing of this machine's settings.</summary>
internal sealed class ShellUnderTest(string shell, string home)
{
    /// <summary>What the tool prints for this shell, and that its functions call this build's tool.</summary>
    public string Words { get; } = $"{home}/words.{shell}";

    public string Home => home;

    /// <summary>Asks the tool for the words; they call a program <c>mayfly</c> in the home.</summary>
    public void TakeWords(Folder folder)
    {
        Directory.CreateDirectory($"{home}/bin");
        File.WriteAllText($"{home}/bin/mayfly", $"#!/bin/sh\nexec dotnet {Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")} \"$@\"\n");
        File.SetUnixFileMode($"{home}/bin/mayfly", (UnixFileMode)0b111_101_101);
        var printed = Invocation.Run(folder, "shell-init", shell);
        Assert.Equal((0, ""), (printed.ExitCode, printed.Error));
        File.WriteAllText(Words, printed.Output);
    }

    /// <summary>Runs a text, the shell's messages among its output as a terminal shows them.</summary>
    /// <param name="text">In the shell's language.</param>
    /// <param name="before">A program that starts the shell, with its arguments.</param>
    public string Run(string text, params string[] before)
    {
        var file = $"{home}/session.{shell}";
        File.WriteAllText(file, text);
        string[] command = [.. before, shell, shell switch { "bash" => "--norc", "zsh" => "-f", _ => "--no-config" }, file];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" 2>&1", "sh", .. command]) { WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment.Clear();
        foreach (var (name, value) in new Dictionary<string, string> { ["HOME"] = home, ["WORKON_HOME"] = $"{home}/environments", ["SHELL"] = "/bin/sh", ["PATH"] = $"{home}/bin:/usr/local/bin:/usr/bin:/bin", ["LC_ALL"] = "C.UTF-8", ["MAYFLY_STORE"] = $"{home}/.store" })
            start.Environment[name] = value;
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root)
            start.Environment["DOTNET_ROOT"] = root;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
