namespace Mayfly.Packages.Python.Resolving;

/// <summary>Sources that a wheel is built from: an archive among the store's artifacts, or a folder where it is.</summary>
public sealed record SourceTree
{
    /// <summary>How it is called in messages: the archive's name, or the folder's path.</summary>
    public required string Name { get; init; }

    /// <summary>Of the archive; null for a folder.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Null for an archive.</summary>
    public string? Folder { get; init; }

    /// <summary>What it must turn out to be; null where that is not known before.</summary>
    public (ProjectName Project, PythonVersion Version)? Meant { get; init; }

    /// <summary>True when the wheel shall lead to the folder instead of holding copies (PEP 660).</summary>
    public bool IsEditable { get; init; }

    /// <summary>Exactly what it is built with, if a lock says it; null to choose.</summary>
    public IReadOnlyList<ChosenDistribution>? Requires { get; init; }
}
