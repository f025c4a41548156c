namespace Mayfly.Packages.Debian.Licences;

/// <summary>What a policy lets pass for one package.</summary>
/// <param name="Package">The name of a binary package.</param>
/// <param name="Licence">Only this licence of it; all of it, also what cannot be read, when null.</param>
/// <param name="Because">Why, for whoever reads the script or the report.</param>
public sealed record LicenceException(string Package, string? Licence, string Because)
{
    public override string ToString() => Licence is null ? $"AllowPackage(\"{Package}\")" : $"AllowPackage(\"{Package}\", \"{Licence}\")";

    internal bool Covers(LicenceTerm term) => Licence is null || new LicenceRule(true, Licence).Closeness(term) > 0;
}
