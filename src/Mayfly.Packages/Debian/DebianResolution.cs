using Mayfly.Resolver;

namespace Mayfly.Packages.Debian;

/// <summary>The packages that requests come to, chosen as apt would choose them.</summary>
public sealed record DebianResolution
{
    /// <summary>What is added to the installed ones, in the order in which it was chosen.</summary>
    public required IReadOnlyList<BinaryPackage> Packages { get; init; }

    /// <summary>How many conflicts had to be learned from; 0 where apt's first choices hold.</summary>
    public required int Conflicts { get; init; }

    /// <summary>
    /// Resolves requests over packages that are installed and stay as they are. Requests are taken in order of their names,
    /// so that a set means the same however it was written.
    /// </summary>
    /// <param name="index">The packages.</param>
    /// <param name="requests">What is asked for.</param>
    /// <param name="installed">What is there and stays.</param>
    /// <param name="recommends">True to follow Recommends.</param>
    /// <param name="kept">Versions by name, perhaps of no index any more, that are chosen before newer ones where nothing speaks against it.</param>
    /// <exception cref="UnresolvableException">They cannot be met; it says why.</exception>
    public static DebianResolution Resolve(
        DebianIndex index, IEnumerable<PackageRequest> requests, IEnumerable<BinaryPackage> installed, bool recommends = false, IReadOnlyDictionary<string, BinaryPackage>? kept = null)
    {
        kept ??= new Dictionary<string, BinaryPackage>();
        var sorted = requests.Distinct().OrderBy(request => request.ToString(), StringComparer.Ordinal).ToList();
        var present = installed.ToList();
        var asked = sorted.Select(request => (Request: request, Package: Find(index, request, present))).ToList();
        foreach (var (request, package) in asked)
        {
            if (present.Find(other => other.Name == package.Name) is { } there && there.Version.CompareTo(package.Version) != 0)
            {
                throw new UnresolvableException($"{request} is asked for, but the base has {there}",
                    "the base is shared by all components: ask for that version there, or for none", null);
            }
        }

        var candidates = new DebianCandidates(index, recommends, present, asked.Where(pair => pair.Request.Version is not null).Select(pair => pair.Package), kept);
        var resolution = Solver.Solve(candidates,
            asked.Select(pair => new Requirement(pair.Request, [.. candidates.Versions(pair.Package.Name).Select(candidates.Number)])), present.Select(candidates.Number));
        if (resolution.Failure is { } failure)
            throw Unresolvable(index, candidates, failure);
        return new DebianResolution { Packages = [.. resolution.Selected.Select(candidates.Package)], Conflicts = resolution.Conflicts };
    }

    private static BinaryPackage Find(DebianIndex index, PackageRequest request, IReadOnlyList<BinaryPackage> installed)
    {
        var versions = index.Find(request.Name);
        if (request.Version is { } version)
        {
            if (versions.FirstOrDefault(package => package.Version.CompareTo(version) == 0) is { } exact)
                return exact;
            if (versions.Count > 0)
            {
                throw new UnresolvableException($"no release offers {request.Name} {version}",
                    $"these versions are there: {string.Join(", ", versions.Select(package => $"{package.Version} ({package.Release.Id})"))}", null);
            }
        }
        else if (versions.Count > 0)
        {
            return installed.FirstOrDefault(package => package.Name == request.Name) ?? versions[0];
        }

        // A virtual package stands for its one provider, as with apt; among several the user must choose.
        var providers = index.Providers(request.Name).Where(package => index.Candidate(package.Name) == package).ToList();
        if (request.Version is null && providers.Count == 1)
            return providers[0];
        if (providers.Count > 0)
        {
            throw new UnresolvableException($"{request} is a virtual package",
                $"ask for one of its providers: {string.Join(", ", providers.Select(package => package.Name).Order(StringComparer.Ordinal).Take(12))}", null);
        }

        var near = index.NamesLike(request.Name);
        throw new UnresolvableException($"there is no package {request.Name} in {Releases(index)}",
            near.Count > 0 ? $"did you mean {string.Join(" or ", near)}?" : "mind the spelling, or add the suite or component that has it", null);
    }

    private static UnresolvableException Unresolvable(DebianIndex index, DebianCandidates candidates, Derivation failure)
    {
        var hints = new List<string>();
        foreach (var dead in failure.All().Where(node => node.Attempts.Count == 0 && node.Requirement.Origin is Dependency))
        {
            foreach (var relation in ((Dependency)dead.Requirement.Origin).Alternatives)
            {
                hints.Add(relation.Qualifier is not (null or "any" or "native") && relation.Qualifier != index.Architecture
                    ? $"{relation} is of a foreign architecture, and a stack has one: {index.Architecture}"
                    : candidates.Candidate(relation.Name) is { } other
                        ? $"{relation.Name} is there as {other.Version} ({other.Release.Id})"
                        : $"nothing in {Releases(index)} is called {relation.Name}: add the suite or component that has it");
            }
        }

        if (hints.Count == 0)
            hints.Add("packages that exclude each other can be neighbours in components of their own");
        return new UnresolvableException($"the packages cannot be installed together:\n{DerivationText.Render(failure)}",
            string.Join("; ", hints.Distinct().Take(4)), failure);
    }

    private static string Releases(DebianIndex index) => string.Join(", ", index.Releases.Select(release => release.Id));
}
