namespace Mayfly.Packages.Python;

/// <summary>One requirement of a requirements file.</summary>
public sealed record RequirementsEntry
{
    /// <summary>The file that it stands in, as it was named.</summary>
    public required string File { get; init; }

    /// <summary>The first line of it, from 1; 0 where there are no lines.</summary>
    public required int Line { get; init; }

    /// <summary>As it was written: a dependency, an address, or the path of a file or folder.</summary>
    public required string Text { get; init; }

    /// <summary>True for <c>-e</c>: the sources are used where they are.</summary>
    public bool IsEditable { get; init; }

    /// <summary>From where its path is meant; null for the folder in which the command runs.</summary>
    public string? Folder { get; init; }

    /// <summary>True in a file of constraints: nothing is installed for it, but no other version of it either.</summary>
    public bool IsConstraint { get; init; }

    /// <summary>Hashes of files that may be taken, <c>sha256:…</c>; empty when none are demanded.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];

    /// <summary>A path of its line, absolute; what is no path stays as it is.</summary>
    public string PathOf(string path) => path.Contains('\0', StringComparison.Ordinal) || path.Length == 0 ? path : Path.GetFullPath(path, Folder ?? Environment.CurrentDirectory);

    /// <summary>Where it stands, for messages; empty for one that was typed.</summary>
    public string Place => Line == 0 || File.Length == 0 ? File : $"{File}:{Line}";

    /// <summary>What is wrong with it, with the place where it stands.</summary>
    public string Told(string what) => Place.Length == 0 ? what : $"{Place}: {what}";
}
