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
    /// Packages whose candidate would not do, so that another version of them was chosen; empty where apt's first choice of versions holds. apt never
    /// looks at those.
    /// </summary>
    public IReadOnlyList<BinaryPackage> OtherVersions { get; init; } = [];

    /// <summary>
    /// Where this is not what apt's first choices come to, so that apt-get may find no answer; empty where it is. Each is a sentence. The
    /// selection meets every dependency all the same: the solver proves it.
    /// </summary>
    public IReadOnlyList<string> Departures { get; init; } = [];

    /// <summary>
    /// Resolves requests over packages that are installed and stay as they are. Requests are taken in order of their names,
    /// so that a set means the same however it was written.
    /// </summary>
    /// <param name="index">The packages.</param>
    /// <param name="requests">What is asked for.</param>
    /// <param name="installed">What is there and stays.</param>
    /// <param name="recommends">True to follow Recommends.</param>
    /// <param name="kept">Versions by name, perhaps of no index any more, that are chosen before newer ones where nothing speaks against it.</param>
    /// <param name="holds">Names among those whose kept version is the only one that may be chosen.</param>
    /// <param name="older">Versions by name that are chosen where newer ones do not go with what is held: apt calls that kept back.</param>
    /// <exception cref="UnresolvableException">They cannot be met; it says why.</exception>
    public static DebianResolution Resolve(
        DebianIndex index, IEnumerable<PackageRequest> requests, IEnumerable<BinaryPackage> installed, bool recommends = false,
        IReadOnlyDictionary<string, BinaryPackage>? kept = null, IReadOnlyCollection<string>? holds = null, IReadOnlyDictionary<string, BinaryPackage>? older = null)
    {
        kept ??= new Dictionary<string, BinaryPackage>();
        var sorted = requests.Distinct().OrderBy(request => request.ToString(), StringComparer.Ordinal).ToList();
        var present = installed.ToList();
        var held = (holds ?? []).Where(kept.ContainsKey).Select(name => kept[name]).ToList();
        var asked = sorted.Where(static request => !request.Removes).Select(request => (Request: request, Package: held.Find(package => IsMeant(index, request, package)) ?? Find(index, request, present))).ToList();
        foreach (var (request, package) in asked)
        {
            if (present.Find(other => other.Key == package.Key) is { } there && there.Version.CompareTo(package.Version) != 0)
            {
                throw new UnresolvableException($"{request} is asked for, but the base has {there}",
                    "the base is shared by all components: ask for that version there, or for none", null);
            }
        }

        if (asked.Find(pair => held.Exists(package => package.Key == pair.Package.Key && package.Version.CompareTo(pair.Package.Version) != 0) && pair.Request.IsExact) is { Request: { } against })
            throw new UnresolvableException($"{against} is asked for, but {against.Key} is held at {kept[against.Key].Version}", $"remove .Hold(\"{against.Key}\") or ask for no version of it", null) { IsByHold = true };

        var unwanted = sorted.Where(static request => request.Removes).Select(static request => request.Key).ToHashSet(StringComparer.Ordinal);
        if (present.Find(package => unwanted.Contains(package.Key)) is { } needed)
            throw new UnresolvableException($"{needed.Key}- is asked for, but the base has {needed}", "the base is shared by all components, and nothing is removed from it", null);
        if (asked.Find(pair => unwanted.Contains(pair.Package.Key)) is { Request: { } both })
            throw new UnresolvableException($"{both} and {both.Key}- are asked for together", "leave one of them out", null);

        if (AptMarks.Choose(Candidates(anyVersion: false), recommends, present, [.. asked.Select(static pair => pair.Package)], unwanted, out var fault) is { } marked)
            return new DebianResolution { Packages = marked, Conflicts = 0 };
        var (candidates, resolution) = Solve(anyVersion: false);
        var anyVersion = resolution.Failure is not null;
        if (anyVersion)
            (candidates, resolution) = Solve(anyVersion: true);
        if (resolution.Failure is { } failure)
            throw Unresolvable(candidates, failure);
        IReadOnlyList<BinaryPackage> others = !anyVersion ? [] : [.. resolution.Selected.Select(candidates.Package)
            .Where(package => index.Candidate(package.Key) != package && asked.TrueForAll(pair => pair.Package.Key != package.Key))];
        IReadOnlyList<string> departures =
            [
                .. others.Select(package => $"{package} is taken, not {index.Candidate(package.Key)?.Version.Text ?? "nothing"}, which its priority prefers"),
                .. resolution.PassedOver.Select(choice => choice.Chosen < 0
                    ? $"nothing meets the recommendation {choice.Requirement.Origin}, for {candidates.Package(choice.Requirement.Candidates[0])} does not go with the rest"
                    : $"{candidates.Package(choice.Chosen)} meets {choice.Requirement.Origin}, for {candidates.Package(choice.Requirement.Candidates[0])} does not go with the rest").Distinct(),
            ];
        return new DebianResolution
        {
            Packages = [.. resolution.Selected.Select(candidates.Package)],
            Conflicts = resolution.Conflicts,
            OtherVersions = others,
            // Every package is the first choice of what needs it, and yet apt's walk does not come to them.
            Departures = departures is [] && fault is not null ? [fault] : departures,
        };

        DebianCandidates Candidates(bool anyVersion)
        {
            var candidates = new DebianCandidates(index, recommends, present, held.Concat(asked.Where(static pair => pair.Request.IsExact).Select(static pair => pair.Package)), kept, unwanted) { AnyVersion = anyVersion, Held = [.. held.Select(static package => package.Key)], Older = older ?? new Dictionary<string, BinaryPackage>() };
            foreach (var (request, package) in asked.Where(static pair => pair.Request.Suite is not null))
                candidates.Switch(package, request.Suite!, [.. present, .. asked.Select(static pair => pair.Package)]);
            return candidates;
        }

        (DebianCandidates, Resolution) Solve(bool anyVersion)
        {
            var candidates = Candidates(anyVersion);
            return (candidates, Solver.Solve(candidates,
                asked.Select(pair => new Requirement(pair.Request, [.. candidates.Versions(pair.Package.Key).Select(candidates.Number)])), present.Select(candidates.Number)));
        }
    }

    private static BinaryPackage Find(DebianIndex index, PackageRequest request, IReadOnlyList<BinaryPackage> installed)
    {
        var versions = index.Find(request.Key);
        // apt takes a foreign package for a name that only foreign architectures have.
        if (versions.Count == 0 && request.Architecture is null)
            versions = index.Keys(request.Name).Select(index.Find).FirstOrDefault(static list => list.Count > 0) ?? [];
        if (request.IsExact && versions.Count > 0)
        {
            return versions.OrderByDescending(static package => package.Version).FirstOrDefault(package => IsAsked(index, request, package))
                ?? throw new UnresolvableException(request.Suite is { } unknown && !index.HasSuite(unknown) ? $"{unknown} is no suite of this stack" : request.Suite is { } suite ? $"the suite {suite} does not offer {request.Key}" : $"no release offers {request.Key} {request.Version?.Text ?? request.Versions}",
                    request.Suite is { } missing && !index.HasSuite(missing) ? $"add it to the release in stack.cs, .With(Suite.Named(\"{missing}\")), or ask for one of {Releases(index)}"
                    : $"these versions are there: {string.Join(", ", versions.Select(package => $"{package.Version} ({package.Release.Id})"))}", null);
        }

        if (versions.Count > 0)
        {
            return installed.FirstOrDefault(package => package.Key == versions[0].Key) ?? index.Candidate(versions[0].Key)
                ?? throw new UnresolvableException($"{request} is asked for, but the pins keep every version of it out",
                    $"give one of them a priority above 0: {string.Join(", ", versions.Select(package => $"{package.Version} ({package.Release.Id})"))}", null);
        }

        // One that serves every architecture stands for itself under the name of another.
        if (request.Architecture is not null && !request.IsExact && index.Keys(request.Name).Select(index.Candidate).FirstOrDefault(static package => package?.MultiArch == MultiArch.Foreign) is { } general
            && (request.Architecture == index.Architecture || index.Foreign.Contains(request.Architecture)))
            return general;

        // A virtual package stands for its one provider, as with apt; among several the user must choose.
        var providers = index.Providers(request.Name).Where(package => index.Candidate(package.Key) == package && (request.Architecture is null ? !package.IsForeign : package.Home == request.Architecture)).ToList();
        if (!request.IsExact && providers.Count == 1)
            return providers[0];
        if (providers.Count > 0)
        {
            throw new UnresolvableException($"{request} is a virtual package",
                $"ask for one of its providers: {string.Join(", ", providers.Select(package => package.Name).Order(StringComparer.Ordinal).Take(12))}", null);
        }

        if (request.Architecture is { } architecture && architecture != index.Architecture && !index.Foreign.Contains(architecture))
        {
            throw new UnresolvableException($"{request} is asked for, but {architecture} is no architecture of this stack",
                $"add it to the release in stack.cs: .Architectures(\"{architecture}\")", null);
        }

        var near = Spelling.Near(index.Names, request.Name);
        throw new UnresolvableException($"there is no package {request.Key} in {Releases(index)}",
            near.Count > 0 ? $"did you mean {string.Join(" or ", near)}?" : "mind the spelling, or add the suite or component that has it", null);
    }

    /// <summary>True when a held package will do for a request, whatever else would; the archive need not have it any more.</summary>
    private static bool IsMeant(DebianIndex index, PackageRequest request, BinaryPackage held) => request.Key == held.Key
        && (!request.IsExact || IsAsked(index, request, held) || (request.Suite is { } suite && DebianIndex.IsOf(held.Release, suite)));

    private static bool IsAsked(DebianIndex index, PackageRequest request, BinaryPackage package) =>
        request.Suite is { } suite ? index.IsOffered(package, suite)
        : request.Version is { } version ? package.Version.CompareTo(version) == 0
        : new TextPattern(request.Versions!).Matches(package.Version.Text);

    private static UnresolvableException Unresolvable(DebianCandidates candidates, Derivation failure)
    {
        var absences = failure.All().Where(static node => node.Attempts.Count == 0).Select(static node => node.Requirement.Origin).OfType<Dependency>()
            .SelectMany(static dependency => dependency.Alternatives).Select(relation => Absence.Of(candidates, relation)).ToList();
        var exclusions = failure.All().SelectMany(static node => node.Attempts).SelectMany(static attempt => attempt.Obstacles).OfType<Excluded>().ToList();
        var hint = absences.MinBy(static absence => absence.Rank)?.Hint
            ?? (exclusions.Exists(one => candidates.Package(one.By).Name == candidates.Package(one.Other).Name)
                    ? "its architectures are not at one version in this index: ask for a version that all of them have"
                : exclusions.Exists(one => candidates.IsInstalled(candidates.Package(one.By).Key) || candidates.IsInstalled(candidates.Package(one.Other).Key))
                    ? "the base is shared by all components and stays as it is: ask for another version, or leave it out"
                : "packages that exclude each other can be neighbours in components of their own");
        return new UnresolvableException($"the packages cannot be installed together:\n{DerivationText.Render(failure)}", hint, failure)
        {
            IsByHold = absences.Exists(static absence => absence.IsByHold) || failure.Candidates().Any(candidate => candidates.Held.Contains(candidates.Package(candidate).Key)),
        };
    }

    private static string Releases(DebianIndex index) => string.Join(", ", index.Releases.Select(release => release.Id));
}
