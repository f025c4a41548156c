using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Pip;

/// <summary>pip itself, for what only it answers.</summary>
/// <remarks>It runs from the store and is not installed: an environment that had it would have every further change made by it, file by file, and none when it is uninstalled.</remarks>
internal static class RealPip
{
    /// <summary>Where Debian keeps the wheels that its venv would install.</summary>
    private const string Wheels = "/usr/share/python-wheels";

    /// <summary>Becomes pip; returns only by an exception.</summary>
    public static async Task<int> RunAsync(VirtualEnvironment environment, Store store, IReadOnlyList<string> arguments)
    {
        var python = $"{environment.Root}/bin/python";
        // Somebody has installed it.
        if (environment.Installed().Any(static one => one is { Project.Text: "pip", IsLegacy: false }))
            return Execution.Become(python, ["-m", "pip", .. arguments]);
        // For as long as it runs from there, it holds what keeps the store from being pruned.
        using var held = store.LockShared(new Terminal.PlainProgress(Console.Error), handedDown: true);
        // Python runs what is in an archive (zipimport), and writes no byte code into it.
        return Execution.Become(python, [$"{await BringAsync(environment, store)}/pip", .. arguments]);
    }

    /// <summary>The wheel that comes with the interpreter, else Debian's, else an index's, in the store.</summary>
    private static async Task<string> BringAsync(VirtualEnvironment environment, Store store)
    {
        string[] places = [.. ((string[])[$"{environment.Interpreter.Prefix}/{environment.Interpreter.Library}/ensurepip/_bundled", Wheels]).Where(static folder => Directory.Exists(folder) && Directory.GetFiles(folder, "pip-*.whl").Length > 0)];
        // What this host has of it was let in with the interpreter; only an index is asked as pip's configuration has it.
        var sources = places.Length > 0 ? new RequirementsFile { NoIndex = true, FindLinks = [.. places.Select(static place => ("pip", place))] } : PipConfiguration.OfHost(environment.Root).Options;
        var request = new EnvironmentRequest { Requirements = sources with { Entries = [new RequirementsEntry { File = "pip", Line = 0, Text = "pip" }] } };
        var plan = await EnvironmentPlan.OfAsync(store, environment.Interpreter, [], request);
        var fetched = await PythonDownload.AllAsync(store, [plan.Install.Single().Chosen.File!], plan.Sources.Access);
        return store.PathOf(StoreArea.Artifacts, fetched.Single().Sha256);
    }
}
