namespace Mayfly.Packages.Python.Resolving;

/// <summary>A wheel that was built, among the store's artifacts.</summary>
/// <param name="Name">The file's.</param>
/// <param name="Sha256">Of the archive.</param>
/// <param name="Requires">Exactly what it was built with.</param>
public sealed record BuiltWheel(string Name, string Sha256, IReadOnlyList<ChosenDistribution> Requires);
