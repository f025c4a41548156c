namespace Mayfly.Packages.Python;

/// <summary>A file of a wheel that is in the store.</summary>
/// <param name="Path">Its name in the archive.</param>
/// <param name="Hash">As the wheel's <c>RECORD</c> has it, <c>sha256=…</c>; null for what cannot have one. It was compared.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Runs">True when its owner may run it.</param>
public sealed record PackedFile(string Path, string? Hash, long Size, bool Runs)
{
    /// <summary>Where it begins in the pack.</summary>
    internal long Offset { get; init; }

    /// <summary>By which damage on the disk is noticed (XXH3); nobody's word for what it should be, that is <see cref="Hash"/>.</summary>
    internal ulong Checksum { get; init; }
}
