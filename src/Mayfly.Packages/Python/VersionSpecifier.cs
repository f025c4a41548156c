namespace Mayfly.Packages.Python;

/// <summary>
/// Which versions of a project will do: clauses that must all be met, <c>&gt;=1.4, !=1.5.*, &lt;2</c>; PEP 440, "Version specifiers". Without a clause any version does.
/// </summary>
public sealed class VersionSpecifier : IEquatable<VersionSpecifier>
{
    public static readonly VersionSpecifier Any = new([]);

    private VersionSpecifier(IReadOnlyList<VersionClause> clauses) => Clauses = clauses;

    /// <summary>In the order in which they were written.</summary>
    public IReadOnlyList<VersionClause> Clauses { get; }

    /// <summary>True when a clause names a pre-release.</summary>
    public bool AsksForPreReleases => Clauses.Any(static clause => clause.AsksForPreReleases);

    /// <exception cref="MayflyException">The PEP does not allow it.</exception>
    public static VersionSpecifier Parse(ReadOnlySpan<char> text) => TryParse(text)
        ?? throw new MayflyException($"'{text}' says no versions", "write comparisons with commas between them (PEP 440): >=1.4, !=1.5.*, <2");

    /// <summary>Null when the PEP does not allow the text.</summary>
    public static VersionSpecifier? TryParse(ReadOnlySpan<char> text)
    {
        List<VersionClause> clauses = [];
        foreach (var range in text.Split(','))
        {
            var part = text[range].Trim(VersionClause.White);
            // Some write a comma at the end.
            if (part.IsEmpty)
                continue;
            if (VersionClause.TryParse(part) is not { } clause)
                return null;
            clauses.Add(clause);
        }

        return new VersionSpecifier(clauses);
    }

    internal static VersionSpecifier Of(IReadOnlyList<VersionClause> clauses) => clauses.Count == 0 ? Any : new(clauses);

    /// <summary>True when a version meets every clause.</summary>
    /// <param name="version">The version.</param>
    /// <param name="preReleases">Whether a pre-release may be taken; null: when a clause asks for one.</param>
    public bool Allows(PythonVersion version, bool? preReleases = null) =>
        (!version.IsPreRelease || (preReleases ?? AsksForPreReleases)) && Clauses.All(clause => clause.Allows(version));

    public bool Equals(VersionSpecifier? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as VersionSpecifier);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join(",", Clauses);
}
