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

    /// <summary>Digests of the files that may be taken of a project; null for any.</summary>
    internal IReadOnlySet<string>? DigestsOf(ProjectName project) => Digests.GetValueOrDefault(project) ?? (RequireDigests ? FrozenSet<string>.Empty : null);
}
