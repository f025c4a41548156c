using Mayfly.Resolver;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Distributions as the solver asks for them.</summary>
/// <remarks>
/// An extra is a package of its own, which requires the project at the very same version and what the extra adds: so each is asked for, and explained, by itself.
/// A page or metadata are read when they first matter; those that will probably matter next are asked for at the same time.
/// </remarks>
/// <param name="index">Gives pages and metadata.</param>
/// <param name="target">The interpreter.</param>
/// <param name="sources">What may be taken.</param>
/// <param name="preReleases">
/// Projects whose pre-releases may be taken: true where somebody asks for one, so that they are as good as releases; false where no release would do for somebody, so
/// that they come last. Both are found on the way: what is found is added, and it all begins anew.
/// </param>
/// <param name="direct">Addresses that are asked for; those that are found are added, and it all begins anew.</param>
/// <param name="settled">True when there is no other version of what is there and preferred: no index is asked for it then.</param>
internal sealed class PythonCandidates(IndexClient index, PythonTarget target, PythonSources sources, Dictionary<ProjectName, bool> preReleases, DirectReleases direct, bool settled) : ICandidateProvider
{
    private readonly record struct Package(ProjectName Project, ProjectName? Extra);

    private readonly List<Package> _packages = [];
    private readonly Dictionary<Package, int> _numbers = [];
    private readonly List<(int Package, PythonRelease Release)> _candidates = [];
    private readonly Dictionary<(int Package, PythonVersion Version, string? Address), int> _known = [];
    private readonly Dictionary<ProjectName, (Uri? Index, ReleaseList List)> _projects = [];
    private readonly Dictionary<int, CandidateRelations> _relations = [];
    private readonly Dictionary<int, int[]> _newer = [];
    private readonly HashSet<ProjectName> _listed = [];
    private readonly SortedSet<ProjectName> _withheld = new(Comparer<ProjectName>.Create(static (one, other) => string.CompareOrdinal(one.Text, other.Text)));

    /// <summary>True when a choice was made before something was known that would have changed it: that a pre-release is asked for, or an address.</summary>
    public bool IsStale { get; private set; }

    /// <summary>Projects that were asked for and that no index has, in the order of their names.</summary>
    public IReadOnlyList<ProjectName> Unknown => [.. _projects.Where(static one => one.Value is { Index: null, List.Releases: [] }).Select(static one => one.Key).Where(name => direct.OutsideOf(name) is null).OrderBy(static name => name.Text, StringComparer.Ordinal)];

    /// <summary>Projects that permission to build would have helped, as far as somebody was told why there is none of them.</summary>
    public IReadOnlyCollection<ProjectName> Withheld => _withheld;

    /// <summary>What is asked for from outside.</summary>
    public IReadOnlyList<Requirement> Requests(IReadOnlyList<DependencySpecifier> wanted)
    {
        DependencySpecifier[] all = [.. wanted.Where(one => Counts(one, null))];
        foreach (var one in all.Concat(sources.Constraints.Where(one => Counts(one, null))).Where(static one => one.Address is not null))
            direct.AddOutside(one.Name, one.Address!);
        return Requirements(all);
    }

    /// <summary>Kept, for the answer is looked at again.</summary>
    public CandidateRelations Examine(int candidate)
    {
        if (!_relations.TryGetValue(candidate, out var relations))
            _relations.Add(candidate, relations = Read(candidate));
        return relations;
    }

    private CandidateRelations Read(int candidate)
    {
        var (package, release) = _candidates[candidate];
        var (project, extra) = _packages[package];
        CoreMetadata metadata;
        try
        {
            metadata = MetadataOf(candidate);
        }
        catch (UnusableFileException e)
        {
            return new CandidateRelations([new Requirement(new ReadableMetadata(e.Message), [])], []);
        }

        List<Requirement> requirements = [];
        // What is there was let in by somebody; whether it may be is no question any more.
        if (release.File is not null && !target.Allows(metadata.RequiresPython))
            requirements.Add(new Requirement(new PythonItself(metadata.RequiresPython), []));
        if (extra is not null)
            requirements.Add(new Requirement(DependencySpecifier.Parse($"{project}=={release.Version}"), [Number(NumberOf(new Package(project, null)), release)]));
        if (extra is null && release.File?.Direct is { } address && direct.Naming(project, address.Text) is { Count: > 0 } naming)
            requirements.Add(new Requirement(new AddressNamed(address.Text), [.. naming.SelectMany(one => ListOf(one.Project).List.Releases.Where(other => other.Version == one.Version).Select(other => Number(NumberOf(new Package(one.Project, one.Extra)), other)))]));
        var needs = Needs(metadata, extra).ToArray();
        foreach (var need in needs.Where(static need => need.Address is not null))
        {
            // As pip has it: what the public index has may need nothing but what is there too.
            if (release.File is not null && ListOf(project).Index?.AbsoluteUri == $"{PipConfiguration.PublicIndex}/")
                throw new MayflyException($"{project} {release.Version} needs {need}, and what comes from the public index may need nothing that is not there", "take another version of it, or ask for that address yourself, with --override");
            IsStale |= direct.Add(need.Name, need.Address!, (project, extra, release.Version));
        }

        requirements.AddRange(Requirements(needs));
        return new CandidateRelations(requirements, []);
    }

    public int PackageOf(int candidate) => _candidates[candidate].Package;

    public string Describe(int candidate)
    {
        var (package, release) = _candidates[candidate];
        var (project, extra) = _packages[package];
        return extra is null ? $"{project} {release.Version}" : $"{project}[{extra}] {release.Version}";
    }

    public string Standing(int candidate) => "asked for";

    public string WhyNone(Requirement requirement)
    {
        if (requirement.Origin is AddressNamed)
            return "nothing that names it can be taken";
        if (requirement.Origin is PythonItself)
            return $"this is Python {target.Version}";
        if (requirement.Origin is ReadableMetadata unreadable)
            return unreadable.Why;
        var wanted = (DependencySpecifier)requirement.Origin;
        var (found, list) = ListOf(wanted.Name);
        if (direct.OutsideOf(wanted.Name) is { } place && (wanted.Address is null || wanted.Address != place))
            return wanted.Address is null ? $"{DirectReference.Read(place).Place} has {Shown(list.Releases.Select(static release => release.Version))}" : $"it is asked for from {DirectReference.Read(place).Place} too";
        if (IsSettled(wanted.Name))
            return $"{wanted.Name} {sources.Present[wanted.Name].Version} is there";
        if (found is null && list.Releases.Count == 0)
            return sources.Bound.TryGetValue(wanted.Name, out var bound) ? $"{bound}, which it comes from, has no project of that name" : sources.Indexes.Count + sources.Links.Count == 0 ? "no index is named" : "no index has a project of that name";
        var constraint = sources.Constraints.FirstOrDefault(one => one.Name == wanted.Name && Counts(one, null));
        if (constraint is not null && list.Releases.Any(release => wanted.Versions.Allows(release.Version, preReleases: true)))
            return $"the constraint {constraint} leaves none of {Shown(list.Releases.Where(release => wanted.Versions.Allows(release.Version, preReleases: true)).Select(static release => release.Version))}";
        if (list.Releases.Any(release => release.IsYanked && wanted.Versions.Allows(release.Version, preReleases: true)))
            return "its project withdrew what there is of it (it was yanked); a version that is asked for exactly (==) is taken all the same";
        if (list.Unusable.FirstOrDefault(one => wanted.Versions.Allows(one.Version, preReleases: true)) is { Version: { } version } unusable)
        {
            if (unusable.IsWithheld)
                _withheld.Add(wanted.Name);
            return $"{wanted.Name} {version} {unusable.Reason}";
        }

        return list.Releases.Count > 0 ? $"{found} has {Shown(list.Releases.Select(static release => release.Version))}" : "its index has no file of it that can be used";
    }

    /// <summary>Examines the newest of what is asked for from outside.</summary>
    public void Look(IReadOnlyList<Requirement> requests)
    {
        const int Newest = 4;
        foreach (var candidate in requests.SelectMany(static request => request.Candidates.Take(Newest)))
            Examine(candidate);
    }

    /// <summary>A candidate and all newer ones of its package, the newest first.</summary>
    public IReadOnlyList<int> From(int candidate)
    {
        if (!_newer.TryGetValue(candidate, out var newer))
            _newer.Add(candidate, newer = NotOlder(candidate));
        return newer;
    }

    private int[] NotOlder(int candidate)
    {
        var (package, release) = _candidates[candidate];
        return release.File?.Direct is not null ? [candidate]
            : [.. ListOf(_packages[package].Project).List.Releases.TakeWhile(one => one.Version >= release.Version && one.File?.Direct is null).Select(one => Number(package, one))];
    }

    /// <summary>What of a selection the requests lead to, in its order.</summary>
    public IReadOnlyList<int> Needed(IReadOnlyList<Requirement> requests, IReadOnlyList<int> selected)
    {
        var there = selected.ToHashSet();
        var pending = new Queue<Requirement>(requests);
        while (pending.TryDequeue(out var requirement))
        {
            foreach (var need in requirement.Candidates.Where(there.Remove).SelectMany(candidate => Examine(candidate).Requirements).ToArray())
                pending.Enqueue(need);
        }

        return [.. selected.Where(candidate => !there.Contains(candidate))];
    }

    /// <summary>What a selection is, by project.</summary>
    public IReadOnlyList<ChosenDistribution> Chosen(IEnumerable<int> selected) =>
    [
        .. selected.Select(candidate => (_packages[_candidates[candidate].Package].Project, _packages[_candidates[candidate].Package].Extra, _candidates[candidate].Release, Candidate: candidate))
            .GroupBy(static one => one.Project).OrderBy(static group => group.Key.Text, StringComparer.Ordinal).Select(group =>
            {
                var (release, metadata) = (group.First().Release, MetadataOf(group.First().Candidate));
                ProjectName[] extras = [.. group.Select(static one => one.Extra).OfType<ProjectName>().OrderBy(static extra => extra.Text, StringComparer.Ordinal)];
                return new ChosenDistribution
                {
                    Project = group.Key,
                    Version = release.Version,
                    Extras = extras,
                    // Metadata of old name their extras in markers alone.
                    UnknownExtras = [.. extras.Where(extra => !metadata.Extras.Contains(extra) && !metadata.Requires.Any(need => Counts(need, extra) && !Counts(need, null)))],
                    UnreadPython = release.File is null ? null : metadata.UnreadPython,
                    File = release.File,
                    Index = release.File is null or { Direct: not null } ? null : ListOf(group.Key).Index,
                    MetadataSha256 = release.File is null || release.IsSource ? null : metadata.Sha256,
                    MetadataLength = release.File is null || release.IsSource ? 0 : metadata.Length,
                    Requires = [.. extras.Select(static extra => (ProjectName?)extra).Prepend(null).SelectMany(extra => Needs(metadata, extra)).Distinct()],
                };
            }),
    ];

    private IEnumerable<DependencySpecifier> Needs(CoreMetadata metadata, ProjectName? extra) =>
        sources.WithoutDependencies ? [] : metadata.Requires.Where(one => extra is null ? Counts(one, null) : Counts(one, extra) && !Counts(one, null))
            .Select(one => sources.Overrides.FirstOrDefault(other => other.Name == one.Name && Counts(other, null)) is { } other ? other with { Extras = one.Extras } : one);

    private bool Counts(DependencySpecifier wanted, ProjectName? extra) => target.Holds(wanted, extra);

    private List<Requirement> Requirements(IEnumerable<DependencySpecifier> wanted)
    {
        DependencySpecifier[] all = [.. wanted];
        foreach (var one in all.Where(one => !IsSettled(one.Name) && direct.OutsideOf(one.Name) is null && one.Address is null))
            _ = index.PageAsync(one.Name);
        List<Requirement> requirements = [];
        foreach (var one in all)
        {
            // An extra brings the project itself.
            requirements.AddRange((one.Extras.Count == 0 ? [null] : one.Extras.Select(static extra => (ProjectName?)extra)).Select(extra => new Requirement(one, [.. Fitting(one, extra)])));
        }

        return requirements;
    }

    /// <summary>
    /// The newest first; pre-releases after all releases, unless they are asked for; what was withdrawn only where one version is asked for (PEP 592).
    /// </summary>
    private IEnumerable<int> Fitting(DependencySpecifier wanted, ProjectName? extra)
    {
        var package = NumberOf(new Package(wanted.Name, extra));
        var pinned = wanted.Versions.Clauses.Any(static clause => clause.IsExact);
        var fitting = ListOf(wanted.Name).List.Releases.Where(release => (wanted.Address is null || IsFrom(wanted.Address, wanted.Name, release)) && (pinned || !release.IsYanked) && wanted.Versions.Allows(release.Version, preReleases: true) && Allowed(wanted.Name, release.Version)).ToList();
        if (wanted.Versions.AsksForPreReleases)
            Take(wanted.Name, gladly: true);
        else if (fitting.Count > 0 && fitting.All(static release => release.Version.IsPreRelease))
            Take(wanted.Name, gladly: false);
        _listed.Add(wanted.Name);
        if (!preReleases.TryGetValue(wanted.Name, out var gladly) && !sources.PreReleases)
            fitting.RemoveAll(static release => release.Version.IsPreRelease);
        else if (!gladly && !sources.PreReleases)
            fitting = [.. fitting.OrderBy(static release => release.Version.IsPreRelease)];
        if (sources.PrefersWheels)
            fitting = [.. fitting.OrderBy(static release => release.IsSource)];
        if (sources.Present.GetValueOrDefault(wanted.Name) is { IsPreferred: true })
            fitting = [.. fitting.OrderByDescending(static release => release.File is null)];
        if (sources.Preferred.GetValueOrDefault(wanted.Name)?.ToList() is { } preferred)
            fitting = [.. fitting.OrderBy(release => preferred.Contains(release.Version) ? preferred.IndexOf(release.Version) : int.MaxValue)];
        // A whole wheel is fetched only when it matters.
        if (fitting is [{ File: { HasMetadata: true } file }, ..])
            _ = index.MetadataAsync(file);
        return fitting.Select(release => Number(package, release));
    }

    private void Take(ProjectName project, bool gladly)
    {
        if (preReleases.TryGetValue(project, out var before) && (before || !gladly))
            return;
        preReleases[project] = gladly;
        IsStale |= _listed.Contains(project);
    }

    private bool Allowed(ProjectName project, PythonVersion version) =>
        sources.Constraints.All(one => one.Name != project || !Counts(one, null) || one.Versions.Allows(version, preReleases: true));

    private int NumberOf(Package package)
    {
        if (_numbers.TryGetValue(package, out var number))
            return number;
        _numbers.Add(package, number = _packages.Count);
        _packages.Add(package);
        return number;
    }

    private int Number(int package, PythonRelease release)
    {
        var key = (package, release.Version, release.File?.Direct?.Text);
        if (_known.TryGetValue(key, out var number))
            return number;
        _known.Add(key, number = _candidates.Count);
        _candidates.Add((package, release));
        return number;
    }

    private (Uri? Index, ReleaseList List) ListOf(ProjectName project)
    {
        if (_projects.TryGetValue(project, out var known))
            return known;
        var there = sources.Present.GetValueOrDefault(project);
        if (direct.OutsideOf(project) is { } only)
            return _projects[project] = (null, there is { IsPreferred: true } && IsThere(there, only) ? ReleaseList.Nothing.With(there.Version) : ReleaseList.Nothing with { Releases = [Release(project, only)] });
        if (there is not null && IsSettled(project) && !direct.Of(project).Any())
            return _projects[project] = (null, ReleaseList.Nothing.With(there.Version));
        var page = index.PageAsync(project).GetAwaiter().GetResult();
        var list = ReleaseList.Of(project, page.Files, target, sources);
        list = there is null ? list : list.With(there.Version);
        // Behind all that indexes have: they come with those alone that name them.
        return _projects[project] = (page.Index, list with { Releases = [.. list.Releases, .. direct.Of(project).Select(address => Release(project, address))] });
    }

    /// <summary>What an address leads to; its version is in its metadata.</summary>
    private PythonRelease Release(ProjectName project, string address)
    {
        var file = index.DirectAsync(project, address).GetAwaiter().GetResult();
        var metadata = index.MetadataAsync(file).GetAwaiter().GetResult();
        return metadata.Name == project ? new PythonRelease(metadata.Version, file, false)
            : throw new MayflyException($"{file.Direct!.Place} is {metadata.Name} {metadata.Version}, and {project} is asked for from there", $"write {metadata.Name} @ {file.Direct.Place}");
    }

    private bool IsFrom(string address, ProjectName project, PythonRelease release) => release.File is null ? sources.Present.GetValueOrDefault(project) is { } there && IsThere(there, address) : release.File.Direct?.Text == address;

    /// <summary>Whether what is there came from an address, as far as that can be told without looking at it again: folders and files of this host may be others by now.</summary>
    private static bool IsThere(PresentDistribution there, string address) => DirectReference.Read(address) is { Path: null } meant && there.Origin is { } origin && DirectUrl.Of(meant, "") is var said
        && origin.Url == said.Url && origin.Subdirectory == said.Subdirectory && (meant.Hash is null || origin.Hash == said.Hash)
        // A branch may lead to another commit by now, and a tag has been moved before.
        && (meant.IsRepository ? origin.Repository is { } from && from.Commit == meant.Revision : origin.Repository is null);

    private bool IsSettled(ProjectName project) => settled && sources.Present.GetValueOrDefault(project) is { IsPreferred: true };

    private CoreMetadata MetadataOf(int candidate) => _candidates[candidate] is var (package, release) && release.File is { } file
        ? index.MetadataAsync(file).GetAwaiter().GetResult() : sources.Present[_packages[package].Project].Metadata;

    private static string Shown(IEnumerable<PythonVersion> versions)
    {
        const int Most = 6;
        var all = versions.ToArray();
        return all.Length <= Most ? string.Join(", ", all.Reverse()) : $"{all[^1]} to {all[0]}, {all.Length} versions";
    }

    /// <summary>What a distribution names is there for those that name it.</summary>
    private sealed record AddressNamed(string Address)
    {
        public override string ToString() => "one that names its address";
    }

    /// <summary>What every file should have.</summary>
    private sealed record ReadableMetadata(string Why)
    {
        public override string ToString() => "metadata that can be read";
    }

    /// <summary>The interpreter, as something that a project requires.</summary>
    private sealed record PythonItself(VersionSpecifier Versions)
    {
        public override string ToString() => $"Python {Versions}";
    }
}
