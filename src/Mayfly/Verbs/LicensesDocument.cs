using System.Text.Json.Serialization;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Verbs;

/// <summary>Licences for programs.</summary>
/// <param name="Refused">What the policy of the stack refuses; empty when all may pass.</param>
internal sealed record LicensesDocument(IReadOnlyList<LicensesDocument.Read> Packages, IReadOnlyList<LicensesDocument.Refusal> Refused)
{
    public static LicensesDocument Of(LicenceReport report, LicenceVerdict verdict, IReadOnlyDictionary<(string, string), ListedPackage> rows) => new(
        [
            .. report.Packages.Select(package => new Read(package.Package.Name, package.Package.Version, package.Package.Architecture, rows[(package.Package.Id, package.Package.Version)].Sets, package.Licence?.Spdx,
                package.Path is null ? null : $"/{package.Path}", package.Holder, package.File,
                [.. package.Licensed.Select(static licensed => new Paragraph(licensed.Line, licensed.Files, licensed.Licence.Spdx, licensed.Licence.Text))], package.Unread, package.RefersTo)),
        ],
        [.. verdict.Refused.Select(static refusal => new Refusal(refusal.Package.Package.Name, refusal.Package.Package.Version, refusal.Licence, refusal.Where, refusal.Rule))]);

    /// <param name="In">The sets of the lock that have it.</param>
    /// <param name="Licence">All that its paragraphs name, together, as an SPDX expression; null when none could be read.</param>
    /// <param name="Path">Its copyright file, links followed.</param>
    /// <param name="Holder">The package that brings that file.</param>
    /// <param name="File">That file in the store.</param>
    /// <param name="Unread">What is not known, and why; empty when all was read.</param>
    /// <param name="RefersTo">Hints only: licences that a file which could not be read mentions.</param>
    internal sealed record Read(
        string Name, string Version, string Architecture, IReadOnlyList<string> In, string? Licence, string? Path, string? Holder, string? File,
        IReadOnlyList<Paragraph> Paragraphs, IReadOnlyList<string> Unread, IReadOnlyList<string> RefersTo);

    /// <param name="Text">As the file writes it.</param>
    internal sealed record Paragraph(int Line, IReadOnlyList<string> Files, string Licence, string Text);

    internal sealed record Refusal(string Package, string Version, string Licence, string Where, string Rule);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LicensesDocument))]
internal sealed partial class LicensesJson : JsonSerializerContext;
