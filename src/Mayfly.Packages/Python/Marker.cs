namespace Mayfly.Packages.Python;

/// <summary>When a dependency counts: comparisons of what an interpreter says of itself, joined by <c>and</c> and <c>or</c>; PEP 508, "Environment Markers".</summary>
public abstract record Marker
{
    private protected Marker()
    {
    }

    /// <exception cref="MayflyException">The PEP does not allow it.</exception>
    public static Marker Parse(string text)
    {
        var reader = new DependencyReader(text, "marker");
        var marker = reader.Marker();
        reader.End();
        return marker;
    }

    /// <summary>True when it is met. Every part of it is judged, so that one which cannot be is found whatever the others say.</summary>
    /// <exception cref="MayflyException">It compares what cannot be compared.</exception>
    public abstract bool Holds(MarkerEnvironment environment);

    /// <summary>All of these at once.</summary>
    public sealed record All(IReadOnlyList<Marker> Markers) : Marker
    {
        public override bool Holds(MarkerEnvironment environment) => Markers.Aggregate(true, (all, marker) => marker.Holds(environment) && all);

        public override string ToString() => string.Join(" and ", Markers.Select(static marker => marker is Any ? $"({marker})" : marker.ToString()));
    }

    /// <summary>At least one of these.</summary>
    public sealed record Any(IReadOnlyList<Marker> Markers) : Marker
    {
        public override bool Holds(MarkerEnvironment environment) => Markers.Aggregate(false, (any, marker) => marker.Holds(environment) || any);

        public override string ToString() => string.Join(" or ", Markers);
    }
}
