using Mayfly.Packages.Debian.Licences;

namespace Mayfly;

/// <summary>
/// Which licences a stack takes: <c>shop.Licences.Deny("AGPL-*").AllowPackage("ghostscript", because: "it runs on its own")</c>. Before
/// anything is built, the licences of every package of its images are read from Debian's copyright files and judged.
/// </summary>
/// <remarks>
/// A licence is named by its SPDX identifier, by the name that a copyright file uses, or by the beginning of either and <c>*</c>. Of the rules
/// that name a licence the closest decides. Where a file lets one choose (<c>GPL-2+ or Artistic</c>), one licence that may pass is enough.
/// </remarks>
public sealed class Licences
{
    private readonly List<LicenceRule> _rules = [];
    private readonly List<LicenceException> _exceptions = [];
    private bool? _refusesUnread;

    internal Licences()
    {
    }

    /// <summary>What was declared, as data.</summary>
    /// <exception cref="MayflyException">A rule names no licence, or a package is allowed without a reason.</exception>
    internal LicencePolicy Policy
    {
        get
        {
            if (_rules.Select(static rule => rule.Licence).FirstOrDefault(static licence => licence is "" or "*" || licence[..^1].Contains('*')) is { } wrong)
                throw new MayflyException($"`{wrong}` names no licence", "name it as \"GPL-3.0-only\" or by its beginning, as \"GPL-3.0-*\"");
            if (_exceptions.FirstOrDefault(static exception => string.IsNullOrWhiteSpace(exception.Because)) is { } unexplained)
                throw new MayflyException($"{unexplained.Package} is allowed without a reason", "say why: because: \"it is not part of what we ship\"");
            return new() { Rules = [.. _rules], Exceptions = [.. _exceptions], RefusesUnread = _refusesUnread };
        }
    }

    /// <summary>Refuses these licences.</summary>
    public Licences Deny(params string[] licences) => Add(allows: false, licences);

    /// <summary>Takes these licences and, once said, no others; then what cannot be read is refused too.</summary>
    public Licences Allow(params string[] licences) => Add(allows: true, licences);

    /// <summary>Takes one package whatever its licences are, also when they cannot be read.</summary>
    /// <param name="package">The name of a binary package.</param>
    /// <param name="because">Why; it stands in the report.</param>
    public Licences AllowPackage(string package, string because) => Except(new LicenceException(package, null, because));

    /// <summary>Takes one licence of one package.</summary>
    /// <param name="package">The name of a binary package.</param>
    /// <param name="licence">As for <see cref="Deny"/>.</param>
    /// <param name="because">Why; it stands in the report.</param>
    public Licences AllowPackage(string package, string licence, string because) => Except(new LicenceException(package, licence, because));

    /// <summary>Refuses packages whose copyright files cannot be read by a program. Without it they are counted and told.</summary>
    public Licences RefuseUnread() => Unread(refuses: true);

    /// <summary>Takes packages whose copyright files cannot be read by a program, also beside a list of allowed licences.</summary>
    public Licences AcceptUnread() => Unread(refuses: false);

    private Licences Add(bool allows, string[] licences)
    {
        _rules.AddRange(licences.Select(licence => new LicenceRule(allows, licence.Trim())));
        return this;
    }

    private Licences Except(LicenceException exception)
    {
        _exceptions.Add(exception);
        return this;
    }

    private Licences Unread(bool refuses)
    {
        _refusesUnread = refuses;
        return this;
    }
}
