namespace Mayfly.Packages.Debian.Licences;

/// <summary>What one paragraph says: files of the source, and their licence.</summary>
/// <param name="Files">Patterns, in the source's own folders; <c>*</c> alone stands for everything that no later paragraph names, none for the package as a whole.</param>
/// <param name="Licence">What they are under.</param>
/// <param name="Line">Of the copyright file, from 1.</param>
public sealed record LicensedFiles(IReadOnlyList<string> Files, LicenceExpression Licence, int Line);
