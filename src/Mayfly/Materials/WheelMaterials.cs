using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python;

namespace Mayfly.Materials;

/// <summary>The wheels of a bill of materials. Two environments may have two versions of a project, which are two packages.</summary>
internal sealed class WheelMaterials
{
    private readonly Dictionary<string, LockedPackage> _packages = new(StringComparer.Ordinal);
    private readonly StackLock _stack;

    public WheelMaterials(StackLock stack)
    {
        _stack = stack;
        foreach (var project in stack.Wheels().GroupBy(static wheel => wheel.Name, StringComparer.Ordinal))
        {
            foreach (var (wheel, at) in project.Select(static (wheel, at) => (wheel, at)))
                _packages[wheel.Sha256] = at == 0 ? wheel : wheel with { Architecture = $"{wheel.Architecture}-{at + 1}" };
        }
    }

    /// <summary>Of a component, by id: all, and those that are there for their own sake.</summary>
    public (IReadOnlyList<string> All, IReadOnlyList<string> Asked) Of(string set)
    {
        var environments = _stack.Environments.Where(environment => environment.Set == set).ToArray();
        return ([.. environments.SelectMany(static environment => environment.Wheels).Select(Id).Distinct()], [.. environments.SelectMany(static environment =>
        {
            var requested = environment.Requests.Select(static request => DependencySpecifier.Parse(request).Name).ToHashSet();
            return environment.Wheels.Where(wheel => requested.Contains(wheel.ReadName().Project));
        }).Select(Id).Distinct()]);
    }

    /// <summary>What is known of those that images have.</summary>
    public IEnumerable<PackageMaterial> Describe(LicenceReport report, Store store, IReadOnlyList<ImageMaterial> images)
    {
        var unpacked = UnpackedWheel.All(store, [.. _packages.Values.Select(static wheel => (wheel.Path, wheel.Sha256))]).ToDictionary(static wheel => wheel.Sha256, StringComparer.Ordinal);
        var licences = report.Packages.Where(static read => read.Package.Architecture == LockedWheel.Architecture).ToDictionary(static read => read.Package.Sha256, StringComparer.Ordinal);
        foreach (var package in _packages.Values.Where(package => images.Any(image => image.Packages.Contains(package.Id))))
        {
            yield return new PackageMaterial
            {
                Package = package,
                Url = PackageUrl.OfWheel(package),
                Description = new PackageDescription("", CoreMetadata.Read(unpacked[package.Sha256].Metadata, package.Path).Summary, null, null),
                Licences = licences[package.Sha256] with { Package = package },
                Needs = [.. _stack.Environments.Where(environment => environment.Wheels.Any(wheel => wheel.Sha256 == package.Sha256))
                    .SelectMany(environment => environment.Wheels.Where(wheel => environment.Wheels.First(one => one.Sha256 == package.Sha256).Needs.Contains(wheel.ReadName().Project.Text))).Select(Id).Distinct().Order(StringComparer.Ordinal)],
                Images = [.. images.Where(image => image.Packages.Contains(package.Id)).Select(static image => image.Name)],
            };
        }
    }

    private string Id(LockedWheel wheel) => _packages[wheel.Sha256].Id;
}
