namespace Mayfly.Packages.Python.Resolving;

/// <summary>A distribution that an environment has before anything is resolved for it.</summary>
/// <param name="Version">Which one.</param>
/// <param name="Metadata">Its own, as they were installed; no index is asked for them.</param>
/// <param name="Standing">How much it counts.</param>
public sealed record PresentDistribution(PythonVersion Version, CoreMetadata Metadata, PresentStanding Standing);
