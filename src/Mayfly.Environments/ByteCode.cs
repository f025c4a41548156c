using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Environments;

/// <summary>Compiled modules of what comes into an environment that is being made and that nobody sees yet.</summary>
/// <remarks>
/// The environment's own interpreter writes them, without site, so that no code of a package runs. They are the same for the same files at the same path: each is known by the digest of its source, which Python
/// compares as it loads it, for people edit what is in environments; it names the path that its source will have; and nothing in it is in the order of a hash table that is another one in each process.
/// </remarks>
internal static class ByteCode
{
    private const string Hint = "leave out --compile: Python compiles modules as it first loads them";

    /// <summary>Compiles what can be, on all cores, and lists it in each <c>RECORD</c>.</summary>
    /// <param name="made">The environment as it is being made, with all files of what comes.</param>
    /// <param name="root">The path that it will have.</param>
    /// <param name="interpreter">Its interpreter.</param>
    /// <param name="install">What comes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">The interpreter does not come to its end.</exception>
    /// <exception cref="IOException">The disk refuses something.</exception>
    public static void Write(string made, string root, Interpreter interpreter, IReadOnlyList<WheelPlan> install, CancellationToken cancellationToken)
    {
        string[] modules = [.. ModulesOf(install)];
        if (modules.Length == 0)
            return;
        var compiled = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        // An interpreter takes as long to start as two or three modules do.
        AllCores.Each(modules.Chunk(Math.Clamp(modules.Length / (Environment.ProcessorCount * 4), 16, 128)), cancellationToken, part =>
        {
            foreach (var (module, path) in Compile(made, root, interpreter, part, cancellationToken))
                compiled[module] = path;
        });
        foreach (var plan in install)
            File.WriteAllText($"{made}/{plan.Files[^1].Path}", plan.RecordWith([.. plan.Files.Select(file => compiled.GetValueOrDefault(file.Path)).OfType<string>()], interpreter.SitePackages));
    }

    /// <summary>A path in each folder that byte code is written into.</summary>
    public static IEnumerable<string> FoldersOf(IReadOnlyList<WheelPlan> install) =>
        ModulesOf(install).Select(static path => $"{Path.GetDirectoryName(path)}/__pycache__/").Distinct();

    private static IEnumerable<string> ModulesOf(IReadOnlyList<WheelPlan> install) =>
        install.SelectMany(static plan => plan.Files).Select(static file => file.Path).Where(static path => path.EndsWith(".py", StringComparison.Ordinal));

    private static IReadOnlyList<(string Module, string Compiled)> Compile(string made, string root, Interpreter interpreter, IReadOnlyList<string> modules, CancellationToken cancellationToken)
    {
        // Sets of constants are written in the order of their digests before Python 3.11.
        var start = HeardProcess.Of(interpreter.Executable, ["-s", "-S", "-B", "-c", EmbeddedText.Of("compile.py"), made, root], "/", [("PYTHONHASHSEED", "0"), ("PYTHONIOENCODING", "utf-8"), ("LC_ALL", "C.UTF-8")]);
        using var process = Process.Start(start)!;
        using var ended = cancellationToken.Register(static process => ((Process)process!).Kill(entireProcessTree: true), process);
        var (answer, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            process.StandardInput.Write(new JsonArray([.. modules.Select(static path => (JsonNode)path)]).ToJsonString());
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, and its exit code says how.
        }

        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
            throw new MayflyException($"{interpreter.Executable} cannot compile modules: it ended with exit code {process.ExitCode}{(error.Result.Trim() is { Length: > 0 } said ? $"\n{HeardProcess.EndOf(said)}" : "")}", Hint);
        return [.. answer.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read)];
    }

    private static (string Module, string Compiled) Read(string line)
    {
        using var answer = JsonDocument.Parse(line);
        var (path, compiled) = (answer.RootElement[0].GetString()!, answer.RootElement[1]);
        return compiled.ValueKind == JsonValueKind.Number ? throw new LinuxException("write byte code of", path, compiled.GetInt32()) : (path, compiled.GetString()!);
    }
}
