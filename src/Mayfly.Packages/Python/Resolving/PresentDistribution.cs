namespace Mayfly.Packages.Python.Resolving;

/// <summary>A distribution that an environment has before anything is resolved for it.</summary>
/// <param name="Version">Which one.</param>
/// <param name="Metadata">Its own, as they were installed; no index is asked for them.</param>
/// <param name="IsPreferred">True when it is taken before any other version, as long as what is asked for leaves it; else the newest is taken.</param>
/// <param name="Origin">Where it came from, if not from an index.</param>
public sealed record PresentDistribution(PythonVersion Version, CoreMetadata Metadata, bool IsPreferred, DirectUrl? Origin = null);
