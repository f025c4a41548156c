using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>An environment that one build alone sees, and the backend in it (PEP 517, "Build environment").</summary>
/// <param name="environment">Has what building needs.</param>
/// <param name="project">What the sources say of their build.</param>
/// <param name="folder">The sources.</param>
/// <param name="name">How they are called in messages.</param>
/// <param name="work">A folder for what is asked and answered.</param>
internal sealed class BuildEnvironment(VirtualEnvironment environment, PythonProject project, string folder, string name, string work)
{
    /// <summary>1980-01-01, the first day of zip archives: the date of whatever a build dates (reproducible-builds.org/specs/source-date-epoch).</summary>
    private const string Epoch = "315532800";

    /// <summary>Enough to see what went wrong; the rest is in a file.</summary>
    private const int Shown = 25;

    /// <summary>Of variables that other tools and shells leave, those that would change what is built, or say where the wrong interpreter is.</summary>
    private static readonly string[] Foreign = ["PYTHON", "PIP_", "VIRTUAL_ENV", "CONDA_", "__PYVENV", "SETUPTOOLS_", "DISTUTILS_"];

    /// <summary>The folder of the script, which is in none that a project sees.</summary>
    private string Script => $"{work}/build.py";

    /// <summary>Calls a hook, whose answer may be anything; null where the backend has no such hook.</summary>
    /// <exception cref="MayflyException">It fails; the message has the end of what it said.</exception>
    public async Task<JsonElement?> CallAsync(string hook, IReadOnlyList<string> arguments, Store store, CancellationToken cancellationToken)
    {
        var (order, answer) = ($"{work}/order.json", $"{work}/answer.json");
        File.Delete(answer);
        if (!File.Exists(Script))
            File.WriteAllText(Script, Text());
        File.WriteAllText(order, new JsonObject
        {
            ["backend"] = project.BuildBackend,
            ["backend_path"] = new JsonArray([.. project.BackendPath.Select(static one => (JsonNode)one)]),
            ["hook"] = hook,
            ["arguments"] = new JsonArray([.. arguments.Select(static one => (JsonNode)one)]),
            ["settings"] = new JsonObject(),
            ["answer"] = answer,
        }.ToJsonString());
        var (code, said) = await RunAsync([Script, order], cancellationToken).ConfigureAwait(false);
        if (code != 0 || !File.Exists(answer))
            throw Failed(hook, code == 0 ? "it ended without an answer" : $"it ended with exit code {code}", said, store);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(answer));
            var root = document.RootElement;
            if (root.TryGetProperty("error", out var error))
                throw new MayflyException($"{name} cannot be built: {error.GetString()}", "the project must mend its [build-system] (PEP 517); take another version of it, or a wheel");
            return root.TryGetProperty("missing", out _) ? null : root.GetProperty("value").Clone();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Failed(hook, "its answer cannot be read", said, store);
        }
    }

    private async Task<(int Code, string Said)> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo($"{environment.Root}/bin/python", ["-s", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder };
        foreach (var variable in start.Environment.Keys.Where(static key => Foreign.Any(foreign => key.StartsWith(foreign, StringComparison.Ordinal))).ToArray())
            start.Environment.Remove(variable);
        var flags = start.Environment.TryGetValue("CFLAGS", out var own) && own is { Length: > 0 } ? $"{own} " : "";
        foreach (var (variable, value) in (ReadOnlySpan<(string, string)>)
            [
                ("PATH", $"{environment.Root}/bin:{Environment.GetEnvironmentVariable("PATH")}"), ("VIRTUAL_ENV", environment.Root),
                // A wheel that is built twice shall be the same: no date, no order of a hash table, no language, no path of this build.
                ("SOURCE_DATE_EPOCH", Epoch), ("PYTHONHASHSEED", "0"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("CFLAGS", $"{flags}-ffile-prefix-map={folder}=."),
                ("PYTHONNOUSERSITE", "1"), ("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONUNBUFFERED", "1"), ("PYTHONIOENCODING", "utf-8"),
            ])
            start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        var said = new StringBuilder();
        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return (process.ExitCode, said.ToString());

        void Hear(object sender, DataReceivedEventArgs line)
        {
            const int Most = 16 << 20;
            lock (said)
            {
                if (line.Data is { } text && said.Length < Most)
                    said.Append(text).Append('\n');
            }
        }
    }

    private MayflyException Failed(string hook, string why, string said, Store store)
    {
        string[] lines = [.. said.TrimEnd('\n').Split('\n').Select(static line => string.Concat(line.Where(static c => !char.IsControl(c) || c == '\t')))];
        var message = $"{name} cannot be built: {why} in {project.BuildBackend}, {hook}";
        if (said.Trim().Length == 0)
            return new MayflyException($"{message}, and said nothing", "ask the project what its build needs, or take another version of it or a wheel");
        // A folder, as other failed builds leave one: so it is pruned with them.
        var log = $"{Directory.CreateDirectory(store.PathOf(StoreArea.Failed, $"wheel-{Path.GetFileName(name.TrimEnd('/'))}")).FullName}/log";
        WholeFile.Write(log, file => file.Write(Encoding.UTF8.GetBytes(said)));
        return new MayflyException($"{message}:\n{(lines.Length > Shown ? "  …\n" : "")}{string.Join('\n', lines.TakeLast(Shown).Select(static line => $"  {line}"))}",
            $"all that it said is in {log}; a build needs on this host what the project's own documentation names, such as a compiler or headers");
    }

    private static string Text()
    {
        using var reader = new StreamReader(typeof(BuildEnvironment).Assembly.GetManifestResourceStream("Mayfly.Environments.build.py")!);
        return reader.ReadToEnd();
    }
}
