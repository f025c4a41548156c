namespace Mayfly.Packages.Python.Resolving;

/// <summary>The interpreter that distributions are chosen for.</summary>
/// <param name="Markers">What it answers to markers.</param>
/// <param name="Tags">The wheels that it can use, the best first.</param>
public sealed record PythonTarget(MarkerEnvironment Markers, IReadOnlyList<WheelTag> Tags)
{
    /// <summary>What a project's <c>Requires-Python</c> is compared with.</summary>
    public PythonVersion Version { get; } = PythonVersion.Parse(Markers.PythonFullVersion);
}
