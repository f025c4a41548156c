namespace Mayfly.Packages.Python.Resolving;

/// <summary>A distribution that was chosen.</summary>
public sealed record ChosenDistribution
{
    public required ProjectName Project { get; init; }

    public required PythonVersion Version { get; init; }

    /// <summary>Its optional parts that somebody wants.</summary>
    public IReadOnlyList<ProjectName> Extras { get; init; } = [];

    /// <summary>Those of them that it does not have.</summary>
    public IReadOnlyList<ProjectName> UnknownExtras { get; init; } = [];

    /// <summary>What it says of the interpreters that it is for, where no standard has such a thing; null otherwise.</summary>
    public string? UnreadPython { get; init; }

    /// <summary>The wheel, or sources that one is built from; null for a distribution that is there already.</summary>
    public required IndexFile? File { get; init; }

    /// <summary>The index that it comes from; null for an address that was given.</summary>
    public Uri? Index { get; init; }

    /// <summary>The address that it was asked for by; null for one of an index.</summary>
    public DirectReference? Direct => File?.Direct;

    /// <summary>True for an archive or a folder that a wheel is built from.</summary>
    public bool IsSource => File is { } file && (Direct is null ? SourceName.TryParse(file.Name) is not null : !Direct.IsWheel);

    /// <summary>Exactly what its wheel is built with; null as long as nobody has chosen that, and for what is a wheel already.</summary>
    public IReadOnlyList<ChosenDistribution>? BuildRequires { get; init; }

    /// <summary>Of what it needs for this interpreter and these extras, in its own words.</summary>
    public required IReadOnlyList<DependencySpecifier> Requires { get; init; }

    /// <summary>SHA-256 of the metadata that it was chosen by, if it is a wheel of an index; null where that is not known.</summary>
    public string? MetadataSha256 { get; init; }

    /// <summary>How many bytes they have; zero where that is not known.</summary>
    public int MetadataLength { get; init; }

    /// <summary>Refuses a wheel that says something else of itself than what it was chosen by, which may have been read beside it (PEP 658) or of a part of it.</summary>
    /// <exception cref="MayflyException">It does.</exception>
    public void Require(UnpackedWheel wheel) => wheel.RequireMetadata(MetadataSha256);
}
