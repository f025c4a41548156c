using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>What the packages of a lock say of one another, which the lock itself does not hold: from the store, else from an index.</summary>
public static class LockedRelations
{
    /// <summary>The relations of these packages as far as they are unpacked in the store.</summary>
    public static IReadOnlyDictionary<string, PackageRelations> FromStore(Store store, IEnumerable<LockedPackage> packages, string architecture) =>
        packages.Select(package => (package.Id, Relations: UnpackedPackage.Find(store, package.Sha256)?.ReadControl("control") is { } control ? Read(control, package.Architecture, architecture) : null))
            .Where(static pair => pair.Relations is not null)
            .ToDictionary(static pair => pair.Id, static pair => pair.Relations!, StringComparer.Ordinal);

    /// <summary>The relations of these packages as far as the index has the very same ones.</summary>
    public static IReadOnlyDictionary<string, PackageRelations> FromIndex(DebianIndex index, IEnumerable<LockedPackage> packages) =>
        packages.Select(package => (package.Id, Same: index.Keys(package.Name).SelectMany(index.Find).FirstOrDefault(other => other.Sha256 == package.Sha256)))
            .Where(static pair => pair.Same is not null)
            .ToDictionary(static pair => pair.Id, static pair => PackageRelations.Of(pair.Same!), StringComparer.Ordinal);

    /// <summary>
    /// Locked packages as the solver takes them, by name: from the index while it has them, else from the store. One that neither has is left out, and so is
    /// one that only the store has of a release, or of a day of it, that the index is not of.
    /// </summary>
    public static IReadOnlyDictionary<string, BinaryPackage> Keep(Store store, DebianIndex index, StackLock stackLock, IEnumerable<LockedPackage> packages)
    {
        var kept = new Dictionary<string, BinaryPackage>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            if (index.Keys(package.Name).SelectMany(index.Find).FirstOrDefault(other => other.Sha256 == package.Sha256) is { } same)
                kept[same.Key] = same;
            else if (IsOf(index, stackLock, package) && UnpackedPackage.Find(store, package.Sha256)?.ReadControl("control") is { } control)
            {
                var restored = Restore(package, Values(control), index, index.Count + kept.Count);
                kept[restored.Key] = restored;
            }
        }

        return kept;
    }

    /// <summary>True when the release of a locked package, as of the same day if of any, is one of the index.</summary>
    public static bool IsOf(DebianIndex index, StackLock stackLock, LockedPackage package) => stackLock.Architecture == index.Architecture
        && stackLock.Releases.First(release => release.Id == package.Release) is var locked
        && index.Releases.Any(release => release.Id == locked.Id && release.Codename == locked.Codename && release.Snapshot == locked.Snapshot);

    private static BinaryPackage Restore(LockedPackage package, Dictionary<string, string> values, DebianIndex index, int number) => new()
    {
        Name = package.Name,
        Version = new DebianVersion(package.Version),
        Architecture = package.Architecture,
        Home = package.Architecture == "all" ? index.Architecture : package.Architecture,
        IsForeign = package.Architecture != "all" && package.Architecture != index.Architecture,
        Source = values.GetValueOrDefault("Source", package.Name),
        Sha256 = package.Sha256,
        Size = package.Size,
        Path = package.Path,
        Release = index.Releases.First(release => release.Id == package.Release),
        Priority = Priority(values),
        MultiArch = MultiArchOf(values),
        Essential = values.GetValueOrDefault("Essential") == "yes",
        Important = values.GetValueOrDefault("Important") == "yes" || values.GetValueOrDefault("Protected") == "yes",
        Ordinal = Sibling(package, index)?.Ordinal ?? -1,
        Position = Sibling(package, index)?.Position ?? -1,
        Number = number,
        Field = kind => values.GetValueOrDefault(kind == RelationKind.PreDepends ? "Pre-Depends" : kind.ToString(), ""),
    };

    /// <summary>Another version of it that the index has: in its place it stands in apt's lists.</summary>
    private static BinaryPackage? Sibling(LockedPackage package, DebianIndex index) =>
        index.Keys(package.Name).SelectMany(index.Find).FirstOrDefault(other => other.Architecture == package.Architecture);

    private static MultiArch MultiArchOf(Dictionary<string, string> values) =>
        Enum.TryParse<MultiArch>(values.GetValueOrDefault("Multi-Arch"), ignoreCase: true, out var multi) ? multi : MultiArch.No;

    private static PackagePriority Priority(Dictionary<string, string> values) =>
        Enum.TryParse<PackagePriority>(values.GetValueOrDefault("Priority"), ignoreCase: true, out var priority) ? priority : PackagePriority.Unknown;

    /// <summary>Reads a package's own control file.</summary>
    /// <exception cref="MayflyException">It is no control file.</exception>
    internal static PackageRelations Read(string control, string architecture, string native)
    {
        var values = Values(control);
        try
        {
            return new PackageRelations(values["Package"], new DebianVersion(values["Version"]))
            {
                PreDepends = Relations("Pre-Depends"),
                Depends = Relations("Depends"),
                Recommends = Relations("Recommends"),
                Provides = Relations("Provides"),
                Essential = values.GetValueOrDefault("Essential") == "yes",
                Priority = Priority(values),
                Foreign = architecture == "all" || architecture == native ? null : architecture,
                MultiArch = MultiArchOf(values),
            };
        }
        catch (Exception e) when (e is FormatException or KeyNotFoundException)
        {
            throw Malformed(values.GetValueOrDefault("Package", "a package"), e);
        }

        IReadOnlyList<Dependency> Relations(string field) => RelationField.Parse(values.GetValueOrDefault(field, ""), architecture);
    }

    private static Dictionary<string, string> Values(string control)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            var fields = new ControlFields(Encoding.UTF8.GetBytes(control));
            while (fields.MoveNext())
                values[Encoding.UTF8.GetString(fields.Name)] = Encoding.UTF8.GetString(fields.Value).TrimEnd();
            return values;
        }
        catch (FormatException e)
        {
            throw Malformed(values.GetValueOrDefault("Package", "a package"), e);
        }
    }

    private static MayflyException Malformed(string package, Exception e) => new($"the control file of {package} is malformed: {e.Message}", "tell the package's maintainer", e);
}
