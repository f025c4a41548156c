namespace Mayfly.Packages.Python;

/// <summary>One clause of a version specifier, such as <c>&gt;= 1.4</c> or <c>== 2.*</c>; PEP 440, "Version specifiers".</summary>
public sealed record VersionClause
{
    /// <summary>The longer signs first: the text is read from its beginning.</summary>
    private static readonly (string Sign, SpecifierOperator Operator)[] Signs =
    [
        ("===", SpecifierOperator.Identical), ("~=", SpecifierOperator.Compatible), ("==", SpecifierOperator.Equal), ("!=", SpecifierOperator.NotEqual),
        ("<=", SpecifierOperator.AtMost), (">=", SpecifierOperator.AtLeast), ("<", SpecifierOperator.Earlier), (">", SpecifierOperator.Later),
    ];

    public required SpecifierOperator Operator { get; init; }

    /// <summary>What is compared with; null for <c>===</c> with something that is no version.</summary>
    public required PythonVersion? Version { get; init; }

    /// <summary>True for <c>== 1.4.*</c> and <c>!= 1.4.*</c>.</summary>
    public bool IsPrefix { get; init; }

    /// <summary>True when it names one version alone.</summary>
    public bool IsExact => Operator == SpecifierOperator.Identical || (Operator == SpecifierOperator.Equal && !IsPrefix);

    /// <summary>What follows <c>===</c>, as it was written.</summary>
    private string Verbatim { get; init; } = "";

    /// <summary>True when it names a pre-release, so that pre-releases are asked for.</summary>
    public bool AsksForPreReleases =>
        Operator is not (SpecifierOperator.NotEqual or SpecifierOperator.Earlier or SpecifierOperator.Later) && Version is { IsPreRelease: true };

    /// <summary>True when a version meets the clause. Whether a pre-release may be taken at all is another question; see <see cref="VersionSpecifier"/>.</summary>
    public bool Allows(PythonVersion version) => Operator switch
    {
        SpecifierOperator.Identical => string.Equals(version.ToString(), Verbatim, StringComparison.OrdinalIgnoreCase),
        SpecifierOperator.Equal => IsEqual(version),
        SpecifierOperator.NotEqual => !IsEqual(version),
        // "~= 2.2.post3" is ">= 2.2.post3, == 2.*"
        SpecifierOperator.Compatible => version.Public >= Version! && version.BeginsWith(Version!, Version!.Release.Count - 1),
        SpecifierOperator.AtMost => version.Public <= Version!,
        SpecifierOperator.AtLeast => version.Public >= Version!,
        // "MUST NOT allow a pre-release of the specified version unless the specified version is itself a pre-release"
        SpecifierOperator.Earlier => version < Version! && (Version!.IsPreRelease || !version.IsPreRelease || version.Base != Version.Base),
        // "MUST NOT allow a post-release of the given version unless V itself is a post release", nor a local version of it
        _ => version > Version! && (version.Base != Version!.Base || (version.Local.Length == 0 && (Version.IsPostRelease || !version.IsPostRelease))),
    };

    /// <summary>Null when the text is no clause. White space around it does not count.</summary>
    internal static VersionClause? TryParse(ReadOnlySpan<char> text)
    {
        text = text.Trim(White);
        return Read(ref text) is { } clause && text.IsEmpty ? clause : null;
    }

    /// <summary>Null when the text does not begin with a clause; else it is what follows.</summary>
    internal static VersionClause? Read(ref ReadOnlySpan<char> text)
    {
        foreach (var (sign, operation) in Signs)
        {
            if (!text.StartsWith(sign, StringComparison.Ordinal))
                continue;
            var rest = text[sign.Length..].TrimStart(White);
            if (ReadVersion(ref rest, operation) is not { } clause)
                return null;
            text = rest;
            return clause;
        }

        return null;
    }

    /// <summary>The white space of the PEP's own expression; a line's end too, for a specifier may be written over several.</summary>
    internal const string White = " \t\n\r\f\v";

    private static VersionClause? ReadVersion(ref ReadOnlySpan<char> rest, SpecifierOperator operation)
    {
        if (operation == SpecifierOperator.Identical)
        {
            // Everything but what ends a specifier: it is "an escape hatch".
            var length = rest.IndexOfAny(White + ";),");
            var verbatim = (length < 0 ? rest : rest[..length]).ToString();
            rest = rest[verbatim.Length..];
            return verbatim.Length == 0 ? null : new VersionClause { Operator = operation, Version = PythonVersion.TryParse(verbatim), Verbatim = verbatim };
        }

        var equality = operation is SpecifierOperator.Equal or SpecifierOperator.NotEqual;
        if (VersionReader.Read(ref rest, local: equality) is not { } version)
            return null;
        var prefix = equality && rest is ['.', '*', ..];
        if (prefix)
        {
            // A prefix is of the release alone.
            if (version != version.Base)
                return null;
            rest = rest[2..];
        }

        return operation == SpecifierOperator.Compatible && version.Release.Count < 2 ? null : new VersionClause { Operator = operation, Version = version, IsPrefix = prefix };
    }

    public override string ToString()
    {
        var sign = Signs.First(one => one.Operator == Operator).Sign;
        return Operator == SpecifierOperator.Identical ? sign + Verbatim : IsPrefix ? $"{sign}{Version}.*" : $"{sign}{Version}";
    }

    private bool IsEqual(PythonVersion version) =>
        IsPrefix ? version.BeginsWith(Version!, Version!.Release.Count) : (Version!.Local.Length == 0 ? version.Public : version) == Version;
}
