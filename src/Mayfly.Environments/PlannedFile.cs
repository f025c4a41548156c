using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>A file that a distribution brings into an environment.</summary>
/// <param name="Path">From the environment's root, with slashes.</param>
public sealed record PlannedFile(string Path)
{
    /// <summary>The wheel's file that it is a copy of; null when its contents are made for this environment.</summary>
    public PackedFile? Source { get; init; }

    /// <summary>Its contents, where they are.</summary>
    public byte[]? Contents { get; init; }

    /// <summary>True for programs; else the source's own mode stands.</summary>
    public bool Runs { get; init; }

    /// <summary>As <c>RECORD</c> has it: <c>sha256=…</c>.</summary>
    public string? Hash { get; init; }

    /// <summary>In bytes.</summary>
    public long? Size { get; init; }
}
