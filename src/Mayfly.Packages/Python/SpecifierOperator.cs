namespace Mayfly.Packages.Python;

/// <summary>How a clause of a version specifier compares; PEP 440, "Version specifiers".</summary>
public enum SpecifierOperator : byte
{
    /// <summary><c>~=</c></summary>
    Compatible,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;=</c></summary>
    AtMost,

    /// <summary><c>&gt;=</c></summary>
    AtLeast,

    /// <summary><c>&lt;</c></summary>
    Earlier,

    /// <summary><c>&gt;</c></summary>
    Later,

    /// <summary><c>===</c>, letter for letter.</summary>
    Identical,
}
