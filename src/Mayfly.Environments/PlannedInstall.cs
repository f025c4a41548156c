using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>A distribution that comes into an environment.</summary>
/// <param name="Chosen">Which one, and from where.</param>
/// <param name="Before">What is there of the same project, and goes; null for nothing.</param>
/// <param name="IsRequested">True when somebody asked for it, and not another distribution.</param>
public sealed record PlannedInstall(ChosenDistribution Chosen, PythonVersion? Before, bool IsRequested);
