using System.Collections.Concurrent;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>The licences of a lock's packages, in the lock's order. The same lock gives the same report: everything is read from files that the lock's hashes name.</summary>
/// <param name="Packages">One for each that was asked for.</param>
public sealed record LicenceReport(IReadOnlyList<PackageLicences> Packages)
{
    /// <summary>Reads the copyright files of packages that are unpacked in the store.</summary>
    /// <param name="packages">Those of the lock to report on, all when null. Their documents may link to those of any package of the lock.</param>
    /// <exception cref="MayflyException">One of <paramref name="packages"/> is not unpacked.</exception>
    public static LicenceReport Read(Store store, StackLock stackLock, IEnumerable<LockedPackage>? packages = null)
    {
        List<(LockedPackage Package, UnpackedPackage Unpacked)> there =
        [
            .. stackLock.Packages.Select(package => (Package: package, Unpacked: UnpackedPackage.Find(store, package.Sha256)))
                .Where(static pair => pair.Unpacked is not null).Select(static pair => (pair.Package, pair.Unpacked!)),
        ];
        var numbers = there.Select(static (pair, number) => (pair.Package.Id, number)).ToDictionary(static pair => pair.Id, static pair => pair.number, StringComparer.Ordinal);
        LockedPackage[] wanted = [.. packages ?? stackLock.Packages];
        if (wanted.FirstOrDefault(package => !numbers.ContainsKey(package.Id)) is { } missing)
            throw new MayflyException($"{missing.Id} {missing.Version} is not unpacked in the store, so its licences cannot be read", "mayfly licenses fetches what is missing");
        var places = CopyrightPlaces.Of(there);
        var texts = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var read = new PackageLicences[wanted.Length];
        Parallel.For(0, wanted.Length, at => read[at] = CopyrightReading.Read(wanted[at], places.Find(numbers[wanted[at].Id], out var reason), reason, text => texts.GetOrAdd(text, text)));
        return new LicenceReport(read);
    }
}
