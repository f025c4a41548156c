namespace Mayfly.Packages.Debian;

/// <summary>
/// The base that all images share: what <c>mmdebstrap --variant=minbase</c> installs. First the essential packages with what they
/// depend on, configured by dpkg in one go; then, over those, the packages of priority required. A base that asks for apt has it among
/// the essential ones, as libapt itself counts it among them (its pkgCacheGen::ForceEssential) and <c>--variant=apt</c> installs it.
/// </summary>
public sealed record DebianBase(IReadOnlyList<BinaryPackage> Essential, IReadOnlyList<BinaryPackage> Required)
{
    internal const string ForcedEssential = "apt";

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

    /// <summary>The order of installing both parts.</summary>
    public IReadOnlyList<LockedStage> Stages() =>
        [InstallOrder.Bootstrap(Essential), .. InstallOrder.Plan(Required, Essential)];

    /// <summary>What every base asks for.</summary>
    internal static IEnumerable<PackageRequest> Asked(DebianIndex index) => index.Essential().Concat(index.OfPriority(PackagePriority.Required)).Select(Request);

    private static PackageRequest Request(BinaryPackage package) => new(package.Name, null);
}
