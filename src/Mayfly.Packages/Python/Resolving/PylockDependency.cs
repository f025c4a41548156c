namespace Mayfly.Packages.Python.Resolving;

/// <summary>What a distribution of a <see cref="Pylock"/> needs of the others.</summary>
/// <param name="Name">The project.</param>
/// <param name="Version">Which one of several; null where there is one alone.</param>
public sealed record PylockDependency(ProjectName Name, PythonVersion? Version = null);
