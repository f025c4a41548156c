namespace Mayfly.Packages.Debian.Licences;

/// <summary>Why a policy refuses a package.</summary>
/// <param name="Licence">What is refused, in words: <c>GPL-3.0-or-later (GPL-3+)</c>.</param>
/// <param name="Where">Where it was found: file, line and files of the source.</param>
/// <param name="Rule">The rule that refuses it, as the script has it.</param>
/// <param name="Identifier">What a rule that allows it would name; null for what cannot be read.</param>
public sealed record LicenceRefusal(PackageLicences Package, string Licence, string Where, string Rule, string? Identifier)
{
    public override string ToString() => $"{Package.Package.Name} {Package.Package.Version}: {Licence}{(Identifier is null ? ":" : " in")} {Where}; {Rule}";
}
