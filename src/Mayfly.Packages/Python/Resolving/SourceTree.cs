namespace Mayfly.Packages.Python.Resolving;

/// <summary>Sources that a wheel is built from: an archive among the store's artifacts, or a folder where it is.</summary>
public sealed record SourceTree
{
    /// <summary>How it is called in messages: the archive's name, or the folder's path.</summary>
    public required string Name { get; init; }

    /// <summary>What the archive is called, by which it is known how it is packed; the name unless it has another one.</summary>
    public string ArchiveName { get => field ?? Name; init; }

    /// <summary>Of the archive; null for a folder.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Null for an archive.</summary>
    public string? Folder { get; init; }

    /// <summary>Where in it the project is; null for its root.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>What it must turn out to be; null where that is not known before.</summary>
    public (ProjectName Project, PythonVersion Version)? Meant { get; init; }

    /// <summary>True when the wheel shall lead to the folder instead of holding copies (PEP 660).</summary>
    public bool IsEditable { get; init; }

    /// <summary>What an address leads to, once it is in the store.</summary>
    /// <param name="file">With the digest of an archive.</param>
    public static SourceTree Of(IndexFile file) => file.Direct is { IsFolder: true } folder
        ? new SourceTree { Name = folder.Name, Folder = folder.Path!.TrimEnd('/'), Subdirectory = folder.Subdirectory, IsEditable = folder.IsEditable }
        : new SourceTree { Name = file.Direct is { IsRepository: true } repository ? repository.Name : file.Name, ArchiveName = file.Name, Sha256 = file.Hashes["sha256"], Subdirectory = file.Direct?.Subdirectory };

    /// <summary>Exactly what it is built with, if a lock says it; null to choose.</summary>
    public IReadOnlyList<ChosenDistribution>? Requires { get; init; }
}
