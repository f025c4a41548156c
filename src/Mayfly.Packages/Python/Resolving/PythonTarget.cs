using Mayfly.Packages.Python.Universal;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>The interpreter that distributions are chosen for.</summary>
/// <param name="Markers">What it answers to markers.</param>
/// <param name="Tags">The wheels that it can use, the best first.</param>
public sealed record PythonTarget(MarkerEnvironment Markers, IReadOnlyList<WheelTag> Tags)
{
    /// <summary>What a project's <c>Requires-Python</c> is compared with.</summary>
    public PythonVersion Version { get; } = PythonVersion.Parse(Markers.PythonFullVersion);

    /// <summary>For messages.</summary>
    public string Name { get => field ?? $"Python {Version}"; init; }

    /// <summary>Told of every version that something is compared with; null where nobody asks.</summary>
    internal PythonThresholds? Thresholds { get; init; }

    /// <summary>Whether a project that says this in <c>Requires-Python</c> is for it.</summary>
    public bool Allows(VersionSpecifier python)
    {
        Thresholds?.Add(python);
        return python.Allows(Version, preReleases: true);
    }

    /// <summary>Refuses the needs of a project that is for other interpreters.</summary>
    /// <param name="file">With what the project says of that.</param>
    /// <exception cref="MayflyException">It is.</exception>
    public void Require(RequirementsFile file)
    {
        if (!Allows(file.RequiresPython))
            throw new MayflyException($"the project is for Python {file.RequiresPython} (requires-python), and this is {Name}", "take an interpreter that it is for (--python of mayfly env create and lock), or change requires-python in pyproject.toml");
    }

    /// <summary>Whether a dependency counts for it.</summary>
    /// <param name="one">The dependency.</param>
    /// <param name="extra">The optional part that is asked for; null for none.</param>
    public bool Holds(DependencySpecifier one, ProjectName? extra = null)
    {
        Thresholds?.Add(one.Marker);
        return one.Marker?.Holds(Markers with { Extra = extra?.Text ?? "" }) ?? true;
    }

    private Dictionary<WheelTag, int> Ranks => field ??= Tags.Distinct().Select(static (tag, rank) => (tag, rank)).ToDictionary(static one => one.tag, static one => one.rank);

    /// <summary>How well it can use a wheel: the lowest is the best, <see cref="int.MaxValue"/> is not at all.</summary>
    public int Rank(WheelName wheel) => wheel.Tags.Min(tag => Ranks.GetValueOrDefault(tag, int.MaxValue));
}
