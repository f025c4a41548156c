using System.Security.Cryptography;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Pip;

/// <summary>pip itself: brought into an environment when something is asked that only it answers.</summary>
internal static class RealPip
{
    /// <summary>Where Debian keeps the wheels that its venv would install.</summary>
    private const string Wheels = "/usr/share/python-wheels";

    /// <summary>Becomes pip; returns only by an exception.</summary>
    public static async Task<int> RunAsync(VirtualEnvironment environment, Store store, IReadOnlyList<string> arguments)
    {
        if (environment.Installed().All(static one => one.Project.Text != "pip"))
            await BringAsync(environment, store);
        return Execution.Become($"{environment.Root}/bin/python", ["-m", "pip", .. arguments]);
    }

    private static async Task BringAsync(VirtualEnvironment environment, Store store)
    {
        foreach (var path in Candidates(environment))
        {
            using var file = File.OpenHandle(path);
            var archive = WheelArchive.Read(file, Path.GetFileName(path));
            if (!archive.Metadata.RequiresPython.Allows(PythonVersion.Parse(environment.Interpreter.Target.Markers.PythonFullVersion), preReleases: true))
                continue;
            var digest = Keep(store, path);
            var wheel = UnpackedWheel.All(store, [(Path.GetFileName(path), digest)])[0];
            environment.Change([WheelPlan.Of(wheel, environment.Interpreter, environment.Root, isRequested: true)], []);
            return;
        }

        var request = new EnvironmentRequest { Requirements = PipConfiguration.OfHost(environment.Root).Options with { Entries = [new RequirementsEntry { File = "pip", Line = 1, Text = "pip" }] } };
        var plan = await EnvironmentPlan.OfAsync(store, environment.Interpreter, environment.Installed(), request);
        await plan.RunAsync(store, environment);
    }

    private static string Keep(Store store, string path)
    {
        using var work = store.BeginWork("pip");
        var copy = Path.Combine(work.Path, Path.GetFileName(path));
        File.Copy(path, copy);
        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(copy)));
        store.Commit(copy, StoreArea.Artifacts, digest);
        return digest;
    }

    /// <summary>The one that comes with the interpreter, else Debian's; newest first.</summary>
    private static IEnumerable<string> Candidates(VirtualEnvironment environment) =>
        from folder in (string[])[$"{environment.Interpreter.Prefix}/lib/{environment.Interpreter.FolderName}/ensurepip/_bundled", Wheels]
        where Directory.Exists(folder)
        from path in Directory.GetFiles(folder, "pip-*.whl").OrderDescending(StringComparer.Ordinal)
        select path;
}
