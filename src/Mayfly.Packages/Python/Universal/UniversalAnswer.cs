using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Universal;

/// <summary>What one environment of a lock gets.</summary>
/// <param name="Number">Of the environment, in the list of all.</param>
/// <param name="Target">The environment.</param>
/// <param name="Platform">Its system.</param>
/// <param name="Sources">What might be taken for it.</param>
/// <param name="Chosen">All of it.</param>
internal sealed record UniversalAnswer(int Number, PythonTarget Target, LockPlatform Platform, PythonSources Sources, IReadOnlyList<ChosenDistribution> Chosen);
