namespace Mayfly.Packages.Depots;

/// <summary>A wheel that is to come into a depot; the store has it among its artifacts.</summary>
/// <param name="File">Its name.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record PublishedWheel(string File, string Sha256)
{
    /// <summary>True when an index was asked whether it was withdrawn.</summary>
    public bool WasAsked { get; init; }

    /// <summary>Why it was withdrawn, perhaps without a word; null when it was not, or nobody was asked.</summary>
    public string? Yanked { get; init; }

    /// <summary>In SPDX's words; null where its metadata say nothing that can be read.</summary>
    public string? Licence { get; init; }

    /// <summary>Null for one that an index had as it is.</summary>
    public WheelOrigin? Origin { get; init; }
}
