using System.Collections.Frozen;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Where distributions come from, and what of it may be taken.</summary>
/// <remarks>
/// A project comes from the index that it is bound to, else from the first place that has it, whatever later ones offer: that somebody puts a newer version
/// of an internal project's name into a public index must change nothing.
/// </remarks>
public sealed record PythonSources
{
    /// <summary>Roots of simple repositories (PEP 503), the first with a project counts; each ends with a slash.</summary>
    public IReadOnlyList<Uri> Indexes { get; init; } = [];

    /// <summary>How indexes and links are reached; whose addresses have no names and passwords in them.</summary>
    public NetworkAccess Access { get; init; } = new();

    /// <summary>Folders or pages with files of many projects, which come before every index.</summary>
    public IReadOnlyList<Uri> Links { get; init; } = [];

    /// <summary>SHA-256 digests of the files that may be taken of a project, for those where only some may.</summary>
    public IReadOnlyDictionary<ProjectName, IReadOnlySet<string>> Digests { get; init; } = new Dictionary<ProjectName, IReadOnlySet<string>>();

    /// <summary>True when nothing is taken of which no digest is asked for.</summary>
    public bool RequireDigests { get; init; }

    /// <summary>Projects that come from one index alone, which need not be among the others.</summary>
    public IReadOnlyDictionary<ProjectName, Uri> Bound { get; init; } = new Dictionary<ProjectName, Uri>();

    /// <summary>Where projects came from before, by a lock or an environment that has them: as long as that place is among these, they come from there.</summary>
    public IReadOnlyDictionary<ProjectName, KnownOrigin> Known { get; init; } = new Dictionary<ProjectName, KnownOrigin>();

    /// <summary>Versions that may be taken of a project, if it is wanted at all.</summary>
    public IReadOnlyList<DependencySpecifier> Constraints { get; init; } = [];

    /// <summary>Take the place of whatever projects say of these.</summary>
    public IReadOnlyList<DependencySpecifier> Overrides { get; init; } = [];

    /// <summary>What is there already, by project.</summary>
    public IReadOnlyDictionary<ProjectName, PresentDistribution> Present { get; init; } = new Dictionary<ProjectName, PresentDistribution>();

    /// <summary>Versions that are taken before any other, as long as what is asked for leaves them: those of an earlier lock, and of other environments of one; the best first.</summary>
    public IReadOnlyDictionary<ProjectName, IReadOnlyList<PythonVersion>> Preferred { get; init; } = new Dictionary<ProjectName, IReadOnlyList<PythonVersion>>();

    /// <summary>True to take what is asked for without what it needs.</summary>
    public bool WithoutDependencies { get; init; }

    /// <summary>True to take pre-releases as readily as releases.</summary>
    public bool PreReleases { get; init; }

    /// <summary>Whether wheels or sources are taken of a project.</summary>
    public FileFormats Formats { get; init; } = FileFormats.Any;

    /// <summary>True to take an older wheel rather than newer sources.</summary>
    public bool PrefersWheels { get; init; }

    /// <summary>Whose sources may be built.</summary>
    public BuildPermission Builds { get; init; } = BuildPermission.None;

    /// <summary>What backends are told of builds (PEP 517, <c>config_settings</c>), in the order given; a name may come several times.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    /// <summary>Addresses of folders that are used where they are, as <see cref="DirectReference.Text"/>.</summary>
    public IReadOnlySet<string> Editable { get; init; } = FrozenSet<string>.Empty;

    /// <summary>What may be taken to build with: neither the constraints nor the digests nor the settings of what is built are meant for that (as with pip).</summary>
    public PythonSources ForBuilding => this with { Constraints = [], Overrides = [], Settings = [], Digests = new Dictionary<ProjectName, IReadOnlySet<string>>(), RequireDigests = false, PreReleases = false, WithoutDependencies = false, Present = new Dictionary<ProjectName, PresentDistribution>(), Preferred = new Dictionary<ProjectName, IReadOnlyList<PythonVersion>>() };

    /// <summary>The indexes that are asked for a project, in that order.</summary>
    internal IEnumerable<Uri> IndexesOf(ProjectName project) => Bound.TryGetValue(project, out var bound) ? [bound] : KnownFirst(Indexes, project);

    /// <summary>The folders and pages that are looked through for a project, in that order; none for what comes from one index alone.</summary>
    internal IEnumerable<Uri> LinksOf(ProjectName project) => Bound.ContainsKey(project) ? [] : KnownFirst(Links, project);

    /// <summary>Refuses what would come from an index although it was known to come from elsewhere: whoever has taken the name there must not be believed in silence.</summary>
    /// <param name="one">What would come.</param>
    /// <exception cref="MayflyException">It is so, it is another file, and neither a folder or page of files that is named nor <see cref="Bound"/> says that it shall.</exception>
    internal void RequireKnown(ChosenDistribution one)
    {
        if (one is { Index: { } now, File: { } file } && Known.TryGetValue(one.Project, out var known) && !Same(known.Place, now) && !Bound.ContainsKey(one.Project)
            && !Links.Any(link => Same(link, now)) && !(file.Hashes.TryGetValue("sha256", out var digest) && known.Digests.Contains(digest)))
        {
            throw new MayflyException($"{one.Project} {one.Version} would come from {now}, and {known.Holder} has it from {known.Place}",
                $"name that place too (--extra-index-url, or --find-links for files), or say that it is to come from the other one: --index-for {one.Project}={now}");
        }
    }

    /// <summary>Refuses what an address leads to where other contents are asked for, or contents that nobody can vouch for.</summary>
    /// <param name="project">What it is asked for as; null where that is not known.</param>
    /// <param name="direct">With the SHA-256 of an archive.</param>
    internal void RequireDigest(ProjectName? project, IndexFile direct)
    {
        var reference = direct.Direct!;
        if (project is not { } known || DigestsOf(known) is not { } digests)
            return;
        if (!reference.HasDigest)
            throw new MayflyException($"{reference.Name} is a {(reference.IsFolder ? "folder" : "repository")}, of which nobody can say a digest, and digests are asked for", "take out the --hash of the others, or name an archive");
        var sha256 = direct.Hashes["sha256"];
        if (!digests.Contains(sha256) && (reference.Hash is not { Algorithm: "sha256" } || Digests.ContainsKey(known)))
            throw new MayflyException($"{Login.Without(reference.Address)} has the SHA-256 {sha256}, and {(digests.Count == 0 ? "no digest of it is said, although digests are asked for" : $"{string.Join(" or ", digests)} is asked for")}", digests.Count == 0 ? "write --hash=sha256:… behind it" : "it is not the file that was meant: look where the address comes from");
    }

    private IEnumerable<Uri> KnownFirst(IReadOnlyList<Uri> places, ProjectName project) => Known.TryGetValue(project, out var known) ? places.OrderByDescending(place => Same(place, known.Place)) : places;

    private static bool Same(Uri one, Uri other) => one.AbsoluteUri.TrimEnd('/') == other.AbsoluteUri.TrimEnd('/');

    /// <summary>Digests of the files that may be taken of a project; null for any.</summary>
    internal IReadOnlySet<string>? DigestsOf(ProjectName project) => Digests.GetValueOrDefault(project) ?? (RequireDigests ? FrozenSet<string>.Empty : null);
}
