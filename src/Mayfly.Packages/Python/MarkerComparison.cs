namespace Mayfly.Packages.Python;

/// <summary>One comparison of a marker: <c>python_version &gt;= "3.9"</c>.</summary>
/// <param name="Left">What stands before the operator.</param>
/// <param name="Operator">A sign of a version specifier, <c>in</c> or <c>not in</c>.</param>
/// <param name="Right">What stands after it.</param>
public sealed record MarkerComparison(MarkerOperand Left, string Operator, MarkerOperand Right) : Marker
{
    /// <summary>The signs, the longer first, and the words.</summary>
    internal static readonly string[] Operators = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

    public override bool Holds(MarkerEnvironment environment)
    {
        var (left, right) = (Left.In(environment), Right.In(environment));
        // PEP 685: "tools MUST normalize the names being compared".
        if (Left.Variable is MarkerVariable.Extra || Right.Variable is MarkerVariable.Extra)
            (left, right) = (ProjectName.Normalise(left).Text, ProjectName.Normalise(right).Text);
        if (Operator is "in" or "not in")
            return right.Contains(left, StringComparison.Ordinal) == (Operator == "in");
        // "use the version comparison rules … when those are defined (that is when both sides have a valid version specifier)"
        if (VersionClause.TryParse(Operator + right) is { } clause && PythonVersion.TryParse(left) is { } version)
            return clause.Allows(version);
        // "otherwise the operator falls back to the Python behaviour"; Python orders texts by their code points.
        return Operator switch
        {
            "==" => left == right,
            "!=" => left != right,
            "<" => CompareCodePoints(left, right) < 0,
            "<=" => CompareCodePoints(left, right) <= 0,
            ">" => CompareCodePoints(left, right) > 0,
            ">=" => CompareCodePoints(left, right) >= 0,
            "===" => string.Equals(left, right, StringComparison.OrdinalIgnoreCase),
            _ => throw new MayflyException($"the marker {this} cannot be judged: {Operator} compares versions, and here it stands between '{left}' and '{right}'", "use == or in for what is no version (PEP 508)"),
        };
    }

    public override string ToString() => $"{Left} {Operator} {Right}";

    private static int CompareCodePoints(string left, string right) => left.EnumerateRunes().Select(static rune => rune.Value).ToArray().AsSpan().SequenceCompareTo([.. right.EnumerateRunes().Select(static rune => rune.Value)]);
}
