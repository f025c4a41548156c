namespace Mayfly.Packages.Debian.Licences;

/// <summary>What the copyright file of one locked package says, and what of it could not be read.</summary>
public sealed record PackageLicences
{
    public required LockedPackage Package { get; init; }

    /// <summary>The copyright file below the root, links followed; null when there is none.</summary>
    public string? Path { get; init; }

    /// <summary>The package that brings the file, <c>name:architecture</c>; null when there is none.</summary>
    public string? Holder { get; init; }

    /// <summary>The file in the store, perhaps compressed; null when there is none.</summary>
    public string? File { get; init; }

    /// <summary>Its paragraphs, in order. They speak of the whole source, of which a binary package is a part.</summary>
    public IReadOnlyList<LicensedFiles> Licensed { get; init; } = [];

    /// <summary>
    /// What is not known, as ends of sentences whose subject is the file: it is free-form, or has a paragraph without a licence. Empty when all was read.
    /// </summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <summary>
    /// Licences of <c>/usr/share/common-licenses</c> that a file which is not machine-readable points to, by their names there. They are hints,
    /// never a verdict: the file may name them to say that something is <em>not</em> under them.
    /// </summary>
    public IReadOnlyList<string> RefersTo { get; init; } = [];

    /// <summary>The texts of licences that have no certain SPDX identifier, by <c>LicenseRef-…</c>; empty where the file keeps none.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; init; } = new Dictionary<string, string>();

    public bool IsRead => Unread.Count == 0;

    /// <summary>All that its paragraphs name, together; null when nothing could be read.</summary>
    public LicenceExpression? Licence => Licensed.Count == 0 ? null : LicenceExpression.All(Licensed.Select(static files => files.Licence));

    public override string ToString() => $"{Package.Id} {Package.Version}: {Licence?.Spdx ?? Unread[0]}";
}
