namespace Mayfly.Packages.Python.Resolving;

/// <summary>The interpreter that distributions are chosen for.</summary>
/// <param name="Markers">What it answers to markers.</param>
/// <param name="Tags">The wheels that it can use, the best first.</param>
public sealed record PythonTarget(MarkerEnvironment Markers, IReadOnlyList<WheelTag> Tags)
{
    /// <summary>What a project's <c>Requires-Python</c> is compared with.</summary>
    public PythonVersion Version { get; } = PythonVersion.Parse(Markers.PythonFullVersion);

    private Dictionary<WheelTag, int> Ranks => field ??= Tags.Distinct().Select(static (tag, rank) => (tag, rank)).ToDictionary(static one => one.tag, static one => one.rank);

    /// <summary>How well it can use a wheel: the lowest is the best, <see cref="int.MaxValue"/> is not at all.</summary>
    public int Rank(WheelName wheel) => wheel.Tags.Min(tag => Ranks.GetValueOrDefault(tag, int.MaxValue));
}
