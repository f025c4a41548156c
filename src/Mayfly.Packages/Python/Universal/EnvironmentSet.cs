using System.Numerics;

namespace Mayfly.Packages.Python.Universal;

/// <summary>Some of the environments of a <see cref="MarkerSpace"/>: what a marker means there. Two markers with the same set mean the same.</summary>
public readonly record struct EnvironmentSet
{
    private readonly BigInteger _members;

    private EnvironmentSet(BigInteger members) => _members = members;

    public static EnvironmentSet Empty => default;

    /// <summary>Of one, by its number.</summary>
    public static EnvironmentSet Of(int number) => new(BigInteger.One << number);

    /// <summary>Of the first ones.</summary>
    public static EnvironmentSet First(int count) => new((BigInteger.One << count) - 1);

    public bool IsEmpty => _members.IsZero;

    public int Count => (int)BigInteger.PopCount(_members);

    /// <summary>In one of both: <c>or</c>.</summary>
    public static EnvironmentSet operator |(EnvironmentSet left, EnvironmentSet right) => new(left._members | right._members);

    /// <summary>In both: <c>and</c>.</summary>
    public static EnvironmentSet operator &(EnvironmentSet left, EnvironmentSet right) => new(left._members & right._members);

    /// <summary>In the left one alone: <c>and not</c>.</summary>
    public static EnvironmentSet operator -(EnvironmentSet left, EnvironmentSet right) => new(left._members & ~right._members);

    public bool Contains(int number) => !(_members >> number).IsEven;

    public bool IsWithin(EnvironmentSet other) => (this - other).IsEmpty;
}
