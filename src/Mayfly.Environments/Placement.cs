namespace Mayfly.Environments;

/// <summary>How an environment gets the files of what comes into it.</summary>
public sealed record Placement
{
    /// <summary>True when modules are compiled as they come; else Python compiles them as it first loads them.</summary>
    public bool Compiles { get; init; }

    /// <summary>Whether its files are links of the store's, from now on; null for what was said of it last.</summary>
    public LinkMode? Links { get; init; }
}
