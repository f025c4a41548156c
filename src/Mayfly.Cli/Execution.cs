using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mayfly.Cli;

/// <summary>Becomes another program: the terminal, its signals and the exit code are then the script's own.</summary>
internal static partial class Execution
{
    /// <summary>The <c>dotnet</c> that runs this tool, else the one on PATH.</summary>
    public static string Host { get; } = Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, "dotnet")).FirstOrDefault(File.Exists)
        ?? throw new MayflyException("the .NET SDK is not on this machine, or not on PATH",
            "install the .NET 10 SDK (https://dot.net), or add its folder to PATH");

    /// <summary>Becomes a .NET program; returns only by an exception.</summary>
    public static int Replace(string assembly, IReadOnlyList<string> arguments) => Become(Host, [assembly, .. arguments]);

    /// <summary>execve(2); returns only by an exception.</summary>
    public static int Become(string program, IReadOnlyList<string> arguments)
    {
        string?[] argv = [program, .. arguments, null];
        string?[] envp = [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}"), null];
        Console.Out.Flush();
        execve(program, argv, envp);
        throw new MayflyException($"{program} cannot be run: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}",
            program == Host ? "check that the .NET SDK is whole: dotnet --info" : "check that it is a program, and that its interpreter (the first line of a script) is there");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string path, string?[] argv, string?[] envp);
}
