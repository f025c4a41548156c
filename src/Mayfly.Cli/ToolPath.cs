namespace Mayfly.Cli;

/// <summary>Where this tool is, for what it writes now and what calls it later.</summary>
internal static class ToolPath
{
    /// <summary>A clone's launcher, which names its folder; a release's own program; else what PATH has by that name.</summary>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable("MAYFLY_PROPS") is { } versions && Path.GetDirectoryName(versions) is { } state && Path.GetFileName(state) == ".mayfly"
            && Path.Combine(Path.GetDirectoryName(state)!, "mayfly") is var launcher && File.Exists(launcher))
            return launcher;
        return Environment.ProcessPath is { } program && Path.GetFileName(program) != "dotnet" ? program : "mayfly";
    }
}
