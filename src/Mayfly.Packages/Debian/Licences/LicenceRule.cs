namespace Mayfly.Packages.Debian.Licences;

/// <summary>One rule of a policy about licences.</summary>
/// <param name="Allows">False for one that denies.</param>
/// <param name="Licence">
/// An SPDX identifier (<c>AGPL-3.0-only</c>), also with its exception (<c>GPL-2.0-only WITH Classpath-exception-2.0</c>), the name that a copyright file
/// uses (<c>Artistic</c>), or a beginning of either and <c>*</c>. Case does not matter.
/// </param>
public sealed record LicenceRule(bool Allows, string Licence)
{
    /// <summary>How closely the rule names the licence: 0 not at all, then by pattern, without its exception, exactly.</summary>
    internal int Closeness(LicenceTerm term)
    {
        if (Is(term.Spdx) || Is(term.Text))
            return 3;
        if (term.Base is { } own && Is(own))
            return 2;
        return Licence.EndsWith('*') && (Begins(term.Spdx) || Begins(term.Text) || (term.Base is { } other && Begins(other))) ? 1 : 0;
    }

    public override string ToString() => $"{(Allows ? "Allow" : "Deny")}(\"{Licence}\")";

    private bool Is(string name) => name.Equals(Licence, StringComparison.OrdinalIgnoreCase);

    private bool Begins(string name) => name.AsSpan().StartsWith(Licence.AsSpan(0, Licence.Length - 1), StringComparison.OrdinalIgnoreCase);
}
