namespace Mayfly.Packages.Python.Resolving;

/// <summary>What a distribution of a <see cref="Pylock"/> needs of the others.</summary>
/// <param name="Name">The project.</param>
/// <param name="Version">Which one of several; null where there is one alone, or its address tells.</param>
/// <param name="Direct">Which one of several, for one from an address; null for others.</param>
public sealed record PylockDependency(ProjectName Name, PythonVersion? Version = null, DirectReference? Direct = null)
{
    /// <summary>On one of several.</summary>
    internal static PylockDependency On(ChosenDistribution one) => new(one.Project, one.Direct is null ? one.Version : null, one.Direct);
}
