namespace Mayfly.Packages.Debian.Licences;

/// <summary>One paragraph of a machine-readable copyright file that speaks of a licence.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Files">The patterns of its Files field, as they stand; empty but for <see cref="CopyrightParagraphKind.Files"/>.</param>
/// <param name="Licence">The first line of its License field (the spec's short names); null when it has no such field.</param>
/// <param name="Text">The rest of its License field, with the marks of continuation taken away; empty when there is none.</param>
/// <param name="Line">Where its License field stands, else where the paragraph begins; from 1.</param>
public sealed record CopyrightParagraph(CopyrightParagraphKind Kind, IReadOnlyList<string> Files, string? Licence, string Text, int Line);

public enum CopyrightParagraphKind
{
    /// <summary>The first one; its licence is that of the package as a whole.</summary>
    Header,

    /// <summary>The licence of the files that it names.</summary>
    Files,

    /// <summary>The text of a licence that others refer to by its short name.</summary>
    Licence,
}
