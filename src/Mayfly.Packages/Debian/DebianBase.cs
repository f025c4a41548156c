namespace Mayfly.Packages.Debian;

/// <summary>
/// The base that all images share: what <c>mmdebstrap --variant=minbase</c> installs. First the essential packages with what they
/// depend on, configured by dpkg in one go; then, over those, the packages of priority required. A base that asks for apt has it among
/// the essential ones, as libapt itself counts it among them (its pkgCacheGen::ForceEssential) and <c>--variant=apt</c> installs it.
/// </summary>
public sealed record DebianBase(IReadOnlyList<BinaryPackage> Essential, IReadOnlyList<BinaryPackage> Required)
{
    internal const string ForcedEssential = "apt";

    private const string SystemUsers = "systemd-sysusers";

    /// <summary>As for <see cref="DebianResolution"/>.</summary>
    public IReadOnlyList<string> Departures { get; init; } = [];

    /// <summary>
    /// Those that apt notes as installed for others' sake alone: it asks for all that the index says are of priority required, and for what the base is
    /// asked for, and never counts itself among the rest.
    /// </summary>
    public IReadOnlyList<BinaryPackage> Automatic { get; private init; } = [];

    public IReadOnlyList<BinaryPackage> Packages => field ??= [.. Essential, .. Required];

    /// <param name="index">The packages.</param>
    /// <param name="requests">More packages for the base, resolved together with those of priority required.</param>
    /// <param name="kept">As for <see cref="DebianResolution.Resolve"/>.</param>
    /// <param name="holds">As for <see cref="DebianResolution.Resolve"/>.</param>
    /// <param name="older">As for <see cref="DebianResolution.Resolve"/>.</param>
    public static DebianBase Resolve(DebianIndex index, IEnumerable<PackageRequest>? requests = null, IReadOnlyDictionary<string, BinaryPackage>? kept = null, IReadOnlyCollection<string>? holds = null,
        IReadOnlyDictionary<string, BinaryPackage>? older = null)
    {
        var asked = (requests ?? []).ToLookup(static request => request.Name == ForcedEssential);
        var essential = DebianResolution.Resolve(index, index.Essential().Select(Request).Concat(asked[true]), [], kept: kept, holds: holds, older: older).Packages;
        var required = DebianResolution.Resolve(index, index.OfPriority(PackagePriority.Required).Select(Request).Concat(asked[false]), essential, kept: kept, holds: holds, older: older);
        var names = asked[false].Select(static request => request.Name).ToHashSet(StringComparer.Ordinal);
        return new DebianBase(essential, required.Packages)
        {
            Departures = required.Departures,
            Automatic = [.. required.Packages.Where(package => package.Priority != PackagePriority.Required && package.Name != ForcedEssential && !names.Contains(package.Name))],
        };
    }

    /// <summary>
    /// True when it makes a difference that packages are installed over the whole base, and not in one go with those of priority required, as mmdebstrap does. It does where
    /// accounts can be made before passwd is configured, which makes /etc/shadow of those that it finds: systemd-sysusers does not need it, and systemd, which
    /// brings that, also decides how the required packages' own units are enabled. And it does where packages of both kinds make accounts, which get numbers as they come;
    /// apt's own account has a number that apt chooses.
    /// </summary>
    public bool IsInOneGo(IReadOnlyCollection<BinaryPackage> chosen) =>
        (Required.Any(static package => package.Name == "passwd") && chosen.Any(static package => package.Provides.Any(static provided => provided.Alternatives[0].Name == SystemUsers)))
        || (Required.Any(static package => package.Name != ForcedEssential && MakesAccounts(package)) && chosen.Any(MakesAccounts));

    /// <summary>As its dependencies say (policy 9.2.2 wants adduser, dh_installsysusers the other).</summary>
    private static bool MakesAccounts(BinaryPackage package) => package.Name != "adduser" && package.PreDepends.Concat(package.Depends)
        .Any(static dependency => dependency.Alternatives[0].Name is "adduser" or "passwd" || dependency.Alternatives.Any(static relation => relation.Name == SystemUsers));

    /// <summary>The order of installing both parts.</summary>
    public IReadOnlyList<LockedStage> Stages() =>
        [InstallOrder.Bootstrap(Essential), .. InstallOrder.Plan(Required, Essential)];

    /// <summary>What every base asks for.</summary>
    internal static IEnumerable<PackageRequest> Asked(DebianIndex index) => index.Essential().Concat(index.OfPriority(PackagePriority.Required)).Select(Request);

    private static PackageRequest Request(BinaryPackage package) => new(package.Name, null);
}
