namespace Mayfly.Packages.Debian.Licences;

/// <summary>What a policy says of a report.</summary>
/// <param name="Refused">What may not pass, package by package.</param>
/// <param name="Unread">Packages of which something could not be read, refused or not.</param>
/// <param name="Needless">Exceptions that let nothing pass.</param>
public sealed record LicenceVerdict(IReadOnlyList<LicenceRefusal> Refused, IReadOnlyList<PackageLicences> Unread, IReadOnlyList<LicenceException> Needless)
{
    private const int MostShown = 20;

    /// <exception cref="MayflyException">Something is refused; each with its package, its licence, where that was found and by which rule.</exception>
    public void RequireNone(string stack)
    {
        if (Refused.Count == 0)
            return;
        var byPackage = Refused.GroupBy(static refusal => refusal.Package.Package.Id).Select(static group => (First: group.First(), More: group.Count() - 1)).ToList();
        var packages = byPackage.Count;
        var shown = string.Concat(byPackage.Take(MostShown).Select(static package => $"\n  {package.First}{(package.More == 0 ? "" : $" (and {package.More} more of its licences)")}"));
        var first = Refused[0];
        var licence = first.Identifier is null ? "" : $"\"{first.Identifier}\", ";
        throw new MayflyException(
            $"the licence policy of {stack} refuses {packages} package{(packages == 1 ? "" : "s")}:{shown}{(packages > MostShown ? $"\n  and {packages - MostShown} more: `mayfly licenses --json` lists all" : "")}",
            $"do without it (`mayfly why {first.Package.Package.Name}` shows what brings it), or allow it in stack.cs with a reason: Licences.AllowPackage(\"{first.Package.Package.Name}\", {licence}because: \"…\")");
    }
}
