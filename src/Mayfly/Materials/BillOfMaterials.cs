using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Tools;

namespace Mayfly.Materials;

/// <summary>
/// What a stack's images are made of: the same lock gives the same bill, byte for byte, on any machine and any day. Its date is that of the newest
/// Release file the lock was made from, its number a digest of what it lists.
/// </summary>
internal sealed record BillOfMaterials
{
    /// <summary>The stack.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>A UUID of version 8 (RFC 9562, section 5.8), made from a digest.</summary>
    public required Guid Number { get; init; }

    /// <summary>The base first, then the components by name.</summary>
    public required IReadOnlyList<ImageMaterial> Images { get; init; }

    /// <summary>In the order of the lock.</summary>
    public required IReadOnlyList<PackageMaterial> Packages { get; init; }

    /// <param name="components">All components of the stack; one that installs nothing is made of the base alone.</param>
    /// <param name="only">One of them, <c>base</c> or <c>tools</c>; all images when null.</param>
    /// <param name="report">The licences of the lock's packages.</param>
    /// <exception cref="MayflyException">The lock has no such set, or a package is not unpacked in the store.</exception>
    public static BillOfMaterials Of(string stack, IEnumerable<string> components, string? only, StackLock stackLock, LicenceReport report, Store store)
    {
        var relations = LockedRelations.FromStore(store, stackLock.Packages, stackLock.Architecture);
        var below = stackLock.Sets.First(static set => set.Name == SetRequest.Base);
        var images = new List<ImageMaterial>();
        var wheels = new WheelMaterials(stackLock);
        var needs = new Dictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var name in stackLock.Sets.Select(static set => set.Name).Concat(components).Distinct().OrderBy(static name => name != SetRequest.Base).ThenBy(static name => name, StringComparer.Ordinal))
        {
            if (only is null ? name == ToolSet.Request.Name : name != only && (name != SetRequest.Base || only == ToolSet.Request.Name))
                continue;
            var set = stackLock.Sets.FirstOrDefault(set => set.Name == name);
            var own = Ids(set);
            var alone = name == SetRequest.Base || name == ToolSet.Request.Name;
            var graph = new DependencyGraph([.. (alone ? own : own.Concat(Ids(below)).Distinct()).Select(id => (id, relations[id]))]);
            foreach (var id in own)
            {
                needs.TryAdd(id, new SortedSet<string>(StringComparer.Ordinal));
                needs[id].UnionWith(graph.Needs(id, set!.Recommends));
            }

            IEnumerable<string> asked = set is null ? [] : set.Requests.SelectMany(request => graph.Find(PackageRequest.Parse(request).Name));
            if (name == SetRequest.Base)
                asked = asked.Concat(own.Where(id => relations[id].Essential || IsRequired(id)));
            var (python, wanted) = wheels.Of(name);
            images.Add(new ImageMaterial(name, alone, [.. asked.Concat(wanted).Distinct().Order(StringComparer.Ordinal)], [.. own.Concat(python).Order(StringComparer.Ordinal)]));
        }

        if (only is not null && images.All(image => image.Name != only))
            throw new MayflyException($"stack.lock has no set {only}", $"its sets are {string.Join(", ", stackLock.Sets.Select(set => set.Name))}");
        var release = stackLock.Releases[0];
        return new BillOfMaterials
        {
            Name = stack,
            Date = stackLock.Releases.Max(static release => release.Date).ToUniversalTime(),
            Number = Digest(stack, only, stackLock, images),
            Images = images,
            Packages =
            [
                .. report.Packages.Where(read => needs.ContainsKey(read.Package.Id)).Select(read => new PackageMaterial
                {
                    Package = read.Package,
                    Url = PackageUrl.Of(read.Package, stackLock.Releases.FirstOrDefault(release => release.Id == read.Package.Release) ?? release),
                    Description = PackageDescription.Read(UnpackedPackage.Find(store, read.Package.Sha256)!),
                    Licences = read,
                    Needs = [.. needs[read.Package.Id]],
                    Images = [.. images.Where(image => image.Packages.Contains(read.Package.Id)).Select(static image => image.Name)],
                }),
                .. wheels.Describe(report, store, images),
            ],
        };

        // The archive's priorities decide what is required, which may be others than the packages' own. The lock says what they came to, but for the first
        // stage: that is the essential packages, with all that they need.
        bool IsRequired(string id) => below.Automatic is { } automatic && !below.Stages[0].Packages.Contains(id) ? !automatic.Contains(id) : relations[id].Priority == PackagePriority.Required;

        IReadOnlyList<string> Ids(LockedSet? set) => set is null ? [] : stackLock.PackagesOf(set);
    }

    private static Guid Digest(string stack, string? only, StackLock stackLock, IEnumerable<ImageMaterial> images)
    {
        var text = new StringBuilder($"bill of materials 1\n{stack}\n{only}\n");
        foreach (var release in stackLock.Releases)
            text.Append(CultureInfo.InvariantCulture, $"{release.Id} {release.Digest}\n");
        foreach (var package in stackLock.Packages)
            text.Append(CultureInfo.InvariantCulture, $"{package.Id} {package.Version} {package.Sha256}\n");
        foreach (var wheel in stackLock.Wheels())
            text.Append(CultureInfo.InvariantCulture, $"{wheel.Path} {wheel.Sha256}\n");
        foreach (var image in images)
            text.Append(CultureInfo.InvariantCulture, $"{image.Name}: {string.Join(' ', image.Asked)}: {string.Join(' ', image.Packages)}\n");
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>One image, or the base that all images stand on.</summary>
/// <param name="StandsAlone">True of the base and of Mayfly's tools; all others stand on the base.</param>
/// <param name="Asked">Packages that are there for their own sake, by id.</param>
/// <param name="Packages">All of its own packages, without those of the base, by id.</param>
internal sealed record ImageMaterial(string Name, bool StandsAlone, IReadOnlyList<string> Asked, IReadOnlyList<string> Packages);

/// <summary>One package and what is known of it.</summary>
internal sealed record PackageMaterial
{
    public required LockedPackage Package { get; init; }

    public required string Url { get; init; }

    public required PackageDescription Description { get; init; }

    public required PackageLicences Licences { get; init; }

    /// <summary>What it depends on among the packages beside it, by id, sorted.</summary>
    public required IReadOnlyList<string> Needs { get; init; }

    /// <summary>The images that have it.</summary>
    public required IReadOnlyList<string> Images { get; init; }
}
