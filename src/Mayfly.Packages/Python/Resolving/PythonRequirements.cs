using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>What a requirements file comes to: what is wanted, and where it may come from.</summary>
/// <param name="Wanted">In the order of the file.</param>
/// <param name="Sources">Indexes, links, constraints and digests.</param>
public sealed record PythonRequirements(IReadOnlyList<DependencySpecifier> Wanted, PythonSources Sources)
{
    /// <summary>Puts a file into effect.</summary>
    /// <param name="file">The file.</param>
    /// <param name="usual">Where things come from when it names no place.</param>
    /// <param name="target">The interpreter: a line whose marker it does not meet says nothing.</param>
    /// <exception cref="MayflyException">It asks for what is not done, or contradicts itself.</exception>
    public static PythonRequirements Of(RequirementsFile file, PythonSources usual, PythonTarget target)
    {
        var lines = file.Entries.Select(static entry => (Entry: entry, Dependency: Read(entry))).Where(line => target.Holds(line.Dependency)).ToArray();
        var wanted = lines.Where(static line => !line.Entry.IsConstraint).ToArray();
        var folders = lines.Where(static line => line.Dependency.Address is { } address && DirectReference.Read(address).IsFolder).ToArray();
        var hashed = file.RequiresHashes || lines.Any(static line => line.Entry.Hashes.Count > 0);
        foreach (var (entry, dependency) in hashed ? wanted : [])
        {
            // As pip has it: an archive that nobody has vouched for is not taken beside those that somebody has.
            var hashes = entry.Hashes.Count > 0 ? entry.Hashes : [.. lines.Where(line => line.Dependency.Name == dependency.Name).SelectMany(static line => line.Entry.Hashes)];
            if (hashes.Count > 0 && !Digests(hashes).Any())
                throw new MayflyException(entry.Told($"{dependency} has a digest by {hashes[0].Split(':')[0]} alone, and indexes say SHA-256"), "write --hash=sha256:…");
            if (dependency.Address is { } address && DirectReference.Read(address) is var direct)
            {
                if (!direct.HasDigest)
                    throw new MayflyException(entry.Told($"{direct.Name} is a {(direct.IsFolder ? "folder" : "repository")}, of which nobody can say a digest, and others have a --hash"), "take them all out, or name an archive");
                if (hashes.Count > 0 || direct.Hash is not null)
                    continue;
            }

            if (hashes.Count == 0)
                throw new MayflyException(entry.Told($"{dependency} has no --hash, and others have"), "give it one too, or take them all out");
            if (!dependency.Versions.Clauses.Any(static clause => clause.IsExact) && !lines.Any(line => line.Entry.IsConstraint && line.Dependency.Name == dependency.Name && line.Dependency.Versions.Clauses.Any(static clause => clause.IsExact)))
                throw new MayflyException(entry.Told($"{dependency} has a --hash and no exact version"), "a digest belongs to one version: write NAME==VERSION");
        }

        var (named, links) = (Indexes(file), Links(file));
        return new PythonRequirements([.. wanted.Select(static line => line.Dependency)], usual with
        {
            Indexes = [.. named.Select(Login.Without), .. file.NoIndex || file.Index is not null ? [] : usual.Indexes],
            Bound = usual.Bound.ToDictionary(static one => one.Key, static one => Login.Without(one.Value)),
            Links = [.. usual.Links, .. links.Select(Login.Without)],
            Access = usual.Access.And(AccessOf(file)).And(new NetworkAccess { Logins = [.. usual.Bound.Values.Select(Login.Of).OfType<Login>()], Indexes = [.. usual.Bound.Values.Select(Login.Without)] }),
            Constraints = [.. usual.Constraints, .. lines.Where(static line => line.Entry.IsConstraint).Select(static line => line.Dependency)],
            RequireDigests = usual.RequireDigests || hashed,
            // Where two lines speak of a project, both must be content with its file.
            Digests = lines.Where(static line => line.Entry.Hashes.Count > 0).GroupBy(static line => line.Dependency.Name)
                .ToDictionary(static group => group.Key, static group => (IReadOnlySet<string>)group.Select(static line => Digests(line.Entry.Hashes)).Aggregate(static (all, more) => all.Intersect(more)).ToHashSet(StringComparer.Ordinal)),
            PreReleases = usual.PreReleases || file.PreReleases,
            Formats = file.Formats.Aggregate(usual.Formats, static (formats, one) => formats.With(one.Wheels, one.Projects)),
            Builds = usual.Builds.And(file.Builds).And(new BuildPermission { Addresses = folders.Select(static line => line.Dependency.Address!).ToHashSet() }),
            Settings = [.. usual.Settings, .. file.Settings],
            Editable = usual.Editable.Union(folders.Where(static line => line.Entry.IsEditable).Select(static line => line.Dependency.Address!)).ToHashSet(),
            PrefersWheels = usual.PrefersWheels || file.PrefersWheels,
        });
    }

    /// <summary>How what a file names is reached: also with the names and passwords that stand in addresses of indexes and links.</summary>
    public static NetworkAccess AccessOf(RequirementsFile file) => file.Access with { Logins = [.. Indexes(file).Concat(Links(file)).Select(Login.Of).OfType<Login>(), .. file.Access.Logins], Indexes = [.. file.NoIndex ? [] : Names(file).Select(static name => Login.Without(Uri.TryCreate(name, UriKind.Absolute, out var written) ? written : IndexAddress(name))), .. file.Access.Indexes] };

    /// <summary>Those that are named besides come first: they are mostly somebody's own, whose names nobody else shall take over.</summary>
    private static Uri[] Indexes(RequirementsFile file) => file.NoIndex ? [] : [.. Names(file).Select(IndexAddress)];

    private static string[] Names(RequirementsFile file) => [.. file.FurtherIndexes, .. file.Index is { } index ? [index] : Array.Empty<string>()];

    private static Uri[] Links(RequirementsFile file) => [.. file.FindLinks.Select(static link => Link(link.File, link.Place))];

    private static IEnumerable<string> Digests(IEnumerable<string> hashes) =>
        hashes.Where(static hash => hash.StartsWith("sha256:", StringComparison.OrdinalIgnoreCase)).Select(static hash => hash["sha256:".Length..].ToLowerInvariant());

    /// <summary>A line as a dependency.</summary>
    /// <param name="entry">The line.</param>
    /// <exception cref="MayflyException">It is none, or one whose project is not known: <see cref="DirectNames"/> finds that out.</exception>
    internal static DependencySpecifier Read(RequirementsEntry entry)
    {
        try
        {
            if (DirectRequirement.TryRead(entry) is { } direct)
            {
                return direct.Named(direct.Name ?? throw new MayflyException($"{entry.Text} is a file, a folder or an address of its own, of which it is not known what project it is", "name its project (NAME @ ADDRESS), or an index or a folder (--find-links) that has it"));
            }

            var dependency = DependencySpecifier.Parse(entry.Text);
            if (dependency.Address is { } address)
                DirectReference.Read(address);
            return dependency;
        }
        catch (MayflyException e)
        {
            throw new MayflyException(entry.Told(e.Message), e.Hint, e);
        }
    }

    /// <summary>The address of an index, which ends with a slash.</summary>
    /// <exception cref="MayflyException">It is none.</exception>
    public static Uri IndexAddress(string address) => Uri.TryCreate(address.EndsWith('/') ? address : $"{address}/", UriKind.Absolute, out var place) && IndexPage.IsFetched(place)
        ? place : throw new MayflyException($"'{address}' is no address of an index", "an index has an address that begins with https://, http:// or file:///");

    /// <summary>A path is looked for beside the file that names it, then from here.</summary>
    private static Uri Link(string file, string place)
    {
        if (place.Contains("://", StringComparison.Ordinal) || place.StartsWith("file:", StringComparison.Ordinal))
        {
            return Uri.TryCreate(place, UriKind.Absolute, out var address) && IndexPage.IsFetched(address) ? address
                : throw new MayflyException($"'{place}' is no address that files are looked for in", "name a folder, or a page whose address begins with https://, http:// or file:///");
        }

        if (place.Contains('\0', StringComparison.Ordinal))
            throw new MayflyException($"'{place.Replace('\0', '?')}' is no folder that files are looked for in: no path has the sign 0", "name a folder, or a page whose address begins with https://, http:// or file:///");
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, place);
        return new Uri(Path.Exists(beside) ? beside : Path.GetFullPath(place));
    }
}
