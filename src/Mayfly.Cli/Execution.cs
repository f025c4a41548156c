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

    /// <summary>execve(2); returns only by an exception.</summary>
    public static int Replace(string assembly, IReadOnlyList<string> arguments)
    {
        string?[] argv = [Host, assembly, .. arguments, null];
        string?[] envp = [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}"), null];
        Console.Out.Flush();
        execve(Host, argv, envp);
        throw new MayflyException($"{Host} cannot be run: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}",
            "check that the .NET SDK is whole: dotnet --info");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string path, string?[] argv, string?[] envp);
}
