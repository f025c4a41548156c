namespace Mayfly.Packages.Debian;

/// <summary>A set of packages to be locked together.</summary>
/// <param name="Name"><c>base</c>, <c>tools</c>, or a component's name.</param>
/// <param name="Requests">Packages as users write them: <c>nginx</c>, <c>nginx=1.22.1-9</c>.</param>
public sealed record SetRequest(string Name, IReadOnlyList<string> Requests)
{
    /// <summary>The name of the base set, which is always resolved, first.</summary>
    public const string Base = "base";

    /// <summary>True to install Recommends too.</summary>
    public bool Recommends { get; init; }

    /// <summary>True when the base is there already; false for a set that stands alone, such as the tools.</summary>
    public bool OverBase { get; init; } = true;

    /// <summary>The requests as the lock holds them.</summary>
    internal IReadOnlyList<string> Sorted => [.. Requests.Select(request => PackageRequest.Parse(request).ToString()).Distinct().Order(StringComparer.Ordinal)];
}
