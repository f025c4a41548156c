namespace Mayfly.Packages.Python.Resolving;

/// <summary>What the index that a project comes from says of it; of one that none has, there is no index and no file.</summary>
internal sealed record ProjectPage(Uri? Index, IReadOnlyList<IndexFile> Files);
