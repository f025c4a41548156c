namespace Mayfly.Environments;

/// <summary>A file that a distribution brings into an environment.</summary>
/// <param name="Path">From the environment's root, with slashes.</param>
public sealed record PlannedFile(string Path)
{
    /// <summary>The file to copy; null when the text is given.</summary>
    public string? Source { get; init; }

    /// <summary>Its contents, where they are made for this environment.</summary>
    public byte[]? Contents { get; init; }

    /// <summary>True for programs; else the source's own mode stands.</summary>
    public bool Runs { get; init; }

    /// <summary>As <c>RECORD</c> has it, of what is copied: <c>sha256=…</c>.</summary>
    public string? Hash { get; init; }

    /// <summary>In bytes.</summary>
    public long? Size { get; init; }
}
