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

    /// <summary>The one that comes with the interpreter, else Debian's, else an index's.</summary>
    private static async Task BringAsync(VirtualEnvironment environment, Store store)
    {
        string[] places = [.. ((string[])[$"{environment.Interpreter.Prefix}/{environment.Interpreter.Library}/ensurepip/_bundled", Wheels]).Where(static folder => Directory.Exists(folder) && Directory.GetFiles(folder, "pip-*.whl").Length > 0)];
        // What this host has of it was let in with the interpreter; only an index is asked as pip's configuration has it.
        var sources = places.Length > 0 ? new RequirementsFile { NoIndex = true, FindLinks = [.. places.Select(static place => ("pip", place))] } : PipConfiguration.OfHost(environment.Root).Options;
        var request = new EnvironmentRequest { Requirements = sources with { Entries = [new RequirementsEntry { File = "pip", Line = 0, Text = "pip" }] } };
        var plan = await EnvironmentPlan.OfAsync(store, environment.Interpreter, environment.Installed(), request);
        await plan.RunAsync(store, environment);
    }
}
