using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Mayfly.Cli.Tests;

/// <summary>One run of the tool as a user runs it: a process of its own, in a folder, with a home of its own.</summary>
internal sealed record Invocation(int ExitCode, string Output, string Error)
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll");

    /// <summary>A home in a folder, and no packages but those that its <c>wheels</c> has.</summary>
    public static Dictionary<string, string?> WheelsAlone(Folder folder) => new()
    {
        ["WORKON_HOME"] = $"{folder.Path}/environments",
        ["PIP_NO_INDEX"] = "1",
        ["PIP_FIND_LINKS"] = $"{folder.Path}/wheels",
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["PIP_INDEX_URL"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["VIRTUAL_ENV"] = null,
        ["HOME"] = folder.Path,
    };

    public static Invocation Run(Folder folder, params string[] arguments) => Run(folder, [], arguments);

    public static Invocation Run(Folder folder, Dictionary<string, string?> environment, params string[] arguments)
    {
        using var process = Begin(folder, environment, arguments);
        return End(process, folder);
    }

    /// <summary>Begins one, whose output is to be read.</summary>
    public static Process Begin(Folder folder, Dictionary<string, string?> environment, params string[] arguments)
    {
        // Who runs the tests in the background has them ignore what Ctrl-C sends.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Assembly])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["XDG_CACHE_HOME"] = System.IO.Path.Combine(folder.Path, ".cache");
        start.Environment["MAYFLY_STORE"] = System.IO.Path.Combine(folder.Path, ".store");
        start.Environment.Remove("MAYFLY_PROPS");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>What one said, that was not read yet, when it has ended.</summary>
    public static Invocation End(Process process, Folder folder)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        // What differs from machine to machine is named in its stead.
        return new Invocation(process.ExitCode, output.Replace(folder.Path, "FOLDER"), error.Result.Replace(folder.Path, "FOLDER"));
    }

    /// <summary>Compares everything with the snapshot beside this file; <c>MAYFLY_ACCEPT=1</c> writes it anew.</summary>
    public void ShouldMatch(string snapshot, [CallerFilePath] string source = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(source)!, "Snapshots", $"{snapshot}.txt");
        var text = $"exit code: {ExitCode}\n--- stdout\n{Output}--- stderr\n{Error}";
        if (Environment.GetEnvironmentVariable("MAYFLY_ACCEPT") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }
}

/// <summary>A folder that goes away with its test.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mayfly-cli-").FullName;

    public Folder With(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    public string Read(string name) => File.ReadAllText(System.IO.Path.Combine(Path, name));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
