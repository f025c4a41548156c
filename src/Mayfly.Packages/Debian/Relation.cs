namespace Mayfly.Packages.Debian;

/// <summary>How a relation compares versions; policy 7.1.</summary>
public enum VersionOperator : byte
{
    Any,
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

/// <summary>One package that a relationship field names, with its restriction: <c>libc6 (&gt;= 2.36)</c>.</summary>
/// <param name="Name">The package or virtual package.</param>
/// <param name="Operator">How <paramref name="Version"/> restricts it.</param>
/// <param name="Version">Empty when <paramref name="Operator"/> is <see cref="VersionOperator.Any"/>.</param>
public sealed record Relation(string Name, VersionOperator Operator, DebianVersion Version)
{
    /// <summary>What follows the name's colon: <c>any</c>, <c>native</c>, an architecture, or null.</summary>
    public string? Qualifier { get; init; }

    /// <summary>True when a package of this version is meant.</summary>
    public bool Allows(DebianVersion version) => Operator switch
    {
        VersionOperator.Any => true,
        VersionOperator.Earlier => version < Version,
        VersionOperator.EarlierOrEqual => version <= Version,
        VersionOperator.Equal => version.CompareTo(Version) == 0,
        VersionOperator.LaterOrEqual => version >= Version,
        _ => version > Version,
    };

    public override string ToString()
    {
        var name = Qualifier is null ? Name : $"{Name}:{Qualifier}";
        return Operator == VersionOperator.Any ? name : $"{name} ({Sign(Operator)} {Version})";
    }

    internal static string Sign(VersionOperator value) => value switch
    {
        VersionOperator.Earlier => "<<",
        VersionOperator.EarlierOrEqual => "<=",
        VersionOperator.Equal => "=",
        VersionOperator.LaterOrEqual => ">=",
        VersionOperator.Later => ">>",
        _ => "",
    };
}

/// <summary>One entry of a relationship field: alternatives, the first of them preferred. Negative fields and Provides have one each.</summary>
public sealed record Dependency(IReadOnlyList<Relation> Alternatives)
{
    public override string ToString() => string.Join(" | ", Alternatives);
}
