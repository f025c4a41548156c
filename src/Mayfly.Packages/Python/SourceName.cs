namespace Mayfly.Packages.Python;

/// <summary>What the name of a source distribution's file says: <c>django-4.2.tar.gz</c>; PEP 625, and older names that indexes still have.</summary>
public sealed record SourceName
{
    private static readonly string[] Extensions = [".tar.gz", ".zip"];

    public required ProjectName Project { get; init; }

    public required PythonVersion Version { get; init; }

    /// <summary>Null when it is no source distribution's name.</summary>
    public static SourceName? TryParse(string file)
    {
        if (Extensions.FirstOrDefault(extension => file.EndsWith(extension, StringComparison.Ordinal)) is not { } extension)
            return null;
        // A version has no hyphen, an older name of a project may.
        var stem = file[..^extension.Length];
        var hyphen = stem.LastIndexOf('-');
        return hyphen > 0 && ProjectName.IsValid(stem.AsSpan(0, hyphen)) && PythonVersion.TryParse(stem.AsSpan(hyphen + 1)) is { } version
            ? new SourceName { Project = ProjectName.Normalise(stem.AsSpan(0, hyphen)), Version = version }
            : null;
    }
}
