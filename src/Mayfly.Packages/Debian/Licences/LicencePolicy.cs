using System.Globalization;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>Which licences a stack takes. Pure data; <see cref="Judge"/> compares a report with it.</summary>
public sealed record LicencePolicy
{
    /// <summary>Takes everything.</summary>
    public static LicencePolicy None { get; } = new();

    /// <summary>In the order of the script. Of those that name a licence the closest decides; among equals, one that denies.</summary>
    public IReadOnlyList<LicenceRule> Rules { get; init; } = [];

    public IReadOnlyList<LicenceException> Exceptions { get; init; } = [];

    /// <summary>Whether what cannot be read is refused; when null, only a list of allowed licences refuses it.</summary>
    public bool? RefusesUnread { get; init; }

    /// <summary>True when only what is allowed may pass.</summary>
    public bool IsAllowList => Rules.Any(static rule => rule.Allows);

    public bool IsEmpty => Rules.Count == 0 && Exceptions.Count == 0 && RefusesUnread is null;

    /// <summary>Judges packages: what is refused and by which rule, what could not be read, and which exceptions nothing needs any more.</summary>
    public LicenceVerdict Judge(LicenceReport report)
    {
        var refused = new List<LicenceRefusal>();
        var unread = new List<PackageLicences>();
        var used = new HashSet<LicenceException>();
        foreach (var package in report.Packages)
        {
            var own = Exceptions.Where(exception => exception.Package == package.Package.Name).ToList();
            foreach (var licensed in package.Licensed)
            {
                if (Refuse(licensed.Licence, own, used) is { } found)
                    refused.Add(new LicenceRefusal(package, found.Term.Spdx == found.Term.Text ? found.Term.Spdx : $"{found.Term.Spdx} ({found.Term.Text})", Where(package, licensed), found.Rule, found.Term.Spdx));
            }

            if (package.IsRead)
                continue;
            unread.Add(package);
            if (!(RefusesUnread ?? IsAllowList))
                continue;
            if (own.FirstOrDefault(static exception => exception.Licence is null) is { } exception)
                used.Add(exception);
            else
                refused.Add(new LicenceRefusal(package, "its licence cannot be read", Unread(package), RefusesUnread == true ? "RefuseUnread()" : "only what Allow names may pass", null));
        }

        // A paragraph more of the same licence is no other reason.
        return new LicenceVerdict([.. refused.DistinctBy(static refusal => (refusal.Package.Package.Id, refusal.Licence))], unread, [.. Exceptions.Where(exception => !used.Contains(exception))]);
    }

    /// <summary>The first licence that must be kept and may not, with the rule; null when all may pass.</summary>
    private (LicenceTerm Term, string Rule)? Refuse(LicenceExpression expression, IReadOnlyList<LicenceException> exceptions, HashSet<LicenceException> used)
    {
        switch (expression.Kind)
        {
            case LicenceExpressionKind.One:
                if (Rule(expression.Term!) is not { } rule)
                    return null;
                if (exceptions.FirstOrDefault(exception => exception.Covers(expression.Term!)) is not { } passed)
                    return (expression.Term!, rule);
                used.Add(passed);
                return null;
            case LicenceExpressionKind.Any:
                // One may be chosen: an exception is needed only when none may be without.
                if (expression.Parts.Any(part => Refuse(part, [], []) is null))
                    return null;
                (LicenceTerm, string)? first = null;
                foreach (var part in expression.Parts)
                {
                    if (Refuse(part, exceptions, used) is not { } found)
                        return null;
                    first ??= found;
                }

                return first;
            default:
                foreach (var part in expression.Parts)
                {
                    if (Refuse(part, exceptions, used) is { } found)
                        return found;
                }

                return null;
        }
    }

    private string? Rule(LicenceTerm term)
    {
        var named = Rules.Select(rule => (rule, closeness: rule.Closeness(term))).Where(static pair => pair.closeness > 0).ToList();
        if (named.Count == 0)
            return IsAllowList ? "only what Allow names may pass" : null;
        var closest = named.Max(static pair => pair.closeness);
        return named.FirstOrDefault(pair => pair.closeness == closest && !pair.rule.Allows) is { rule: { } denies } ? denies.ToString() : null;
    }

    private static string Where(PackageLicences package, LicensedFiles licensed)
    {
        var files = licensed.Files.Count switch { 0 => "the package as a whole", 1 => licensed.Files[0], var count => string.Create(CultureInfo.InvariantCulture, $"{licensed.Files[0]} and {count - 1} more") };
        return string.Create(CultureInfo.InvariantCulture, $"/{package.Path} line {licensed.Line}, for {files}");
    }

    private static string Unread(PackageLicences package) =>
        package.Path is null ? $"it {package.Unread[0]}" : $"/{package.Path} {package.Unread[0]}{(package.RefersTo.Count == 0 ? "" : $"; it refers to {string.Join(", ", package.RefersTo)}")}";
}
