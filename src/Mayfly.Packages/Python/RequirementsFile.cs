using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python;

/// <summary>What a requirements file says, with all files that it names; pip's own format ("Requirements File Format").</summary>
public sealed record RequirementsFile
{
    public IReadOnlyList<RequirementsEntry> Entries { get; init; } = [];

    /// <summary><c>--index-url</c>; null when none is named. The last one counts.</summary>
    public string? Index { get; init; }

    /// <summary><c>--extra-index-url</c></summary>
    public IReadOnlyList<string> FurtherIndexes { get; init; } = [];

    /// <summary><c>--no-index</c>: no index at all.</summary>
    public bool NoIndex { get; init; }

    /// <summary><c>--find-links</c>: pages or folders with files, each with the file that names it, for a path is looked for beside it first.</summary>
    public IReadOnlyList<(string File, string Place)> FindLinks { get; init; } = [];

    /// <summary><c>--no-binary</c> and <c>--only-binary</c> in their order: later ones take back what earlier ones said.</summary>
    public IReadOnlyList<(bool Wheels, string Projects)> Formats { get; init; } = [];

    /// <summary><c>--prefer-binary</c>: an older wheel rather than newer sources.</summary>
    public bool PrefersWheels { get; init; }

    /// <summary><c>--require-hashes</c></summary>
    public bool RequiresHashes { get; init; }

    /// <summary><c>--pre</c></summary>
    public bool PreReleases { get; init; }

    /// <summary>Whose sources may be built: no file can say that, whoever runs the command does.</summary>
    public BuildPermission Builds { get; init; } = BuildPermission.None;

    /// <summary><c>--trusted-host</c>, and what pip's configuration says of proxies and certificates: how hosts are reached.</summary>
    public NetworkAccess Access { get; init; } = new();

    /// <summary><c>--config-settings</c>: what backends are told of builds; it is typed, and meant for all that is built.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    /// <summary>The versions of Python that a project's <c>requires-python</c> names.</summary>
    public VersionSpecifier RequiresPython { get; init; } = VersionSpecifier.Any;

    /// <summary>The same as constraints: what it asks for is limited and not asked for.</summary>
    public RequirementsFile AsConstraints() => this with { Entries = [.. Entries.Select(static entry => entry with { IsConstraint = true })] };

    /// <summary>This and what is said after it: a later index counts, everything else adds up.</summary>
    public RequirementsFile And(RequirementsFile later) => new()
    {
        Entries = [.. Entries, .. later.Entries],
        Index = later.Index ?? Index,
        FurtherIndexes = [.. FurtherIndexes, .. later.FurtherIndexes],
        NoIndex = NoIndex || later.NoIndex,
        FindLinks = [.. FindLinks, .. later.FindLinks],
        Formats = [.. Formats, .. later.Formats],
        PrefersWheels = PrefersWheels || later.PrefersWheels,
        RequiresHashes = RequiresHashes || later.RequiresHashes,
        PreReleases = PreReleases || later.PreReleases,
        Builds = Builds.And(later.Builds),
        Access = Access.And(later.Access),
        Settings = [.. Settings, .. later.Settings],
        RequiresPython = VersionSpecifier.Of([.. RequiresPython.Clauses, .. later.RequiresPython.Clauses]),
    };

    /// <summary>Reads a file and all that it names.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Gives a file's or address's text; what it throws is passed on.</param>
    /// <param name="variable">Gives the value of a variable of the environment, or null.</param>
    /// <exception cref="MayflyException">A line cannot be read, or files name each other in a circle.</exception>
    public static RequirementsFile Read(string path, Func<string, string> read, Func<string, string?> variable) => new RequirementsReader(read, variable).Read(path);
}
