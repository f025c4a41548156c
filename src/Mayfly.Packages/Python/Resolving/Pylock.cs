using System.Globalization;
using System.Text;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>A file <c>pylock.toml</c>: what is to be installed, exact, for every tool that knows it; PEP 751.</summary>
public sealed record Pylock
{
    private const string Hint = "the file must be made anew by the tool that wrote it";

    /// <summary>Who wrote it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The environments that it is for; any when there are none.</summary>
    public IReadOnlyList<Marker> Environments { get; init; } = [];

    /// <summary>Names of the platforms that it was made for (the table <c>tool.mayfly</c>), where that was more than one interpreter.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    public VersionSpecifier RequiresPython { get; init; } = VersionSpecifier.Any;

    public required IReadOnlyList<PylockPackage> Packages { get; init; }

    /// <summary>The folder that it is in: what is below that is named from there; null where that is not known.</summary>
    public string? Folder { get; init; }

    /// <summary>Of what was chosen for one interpreter.</summary>
    /// <param name="chosen">All of it.</param>
    /// <param name="target">The interpreter.</param>
    /// <exception cref="MayflyException">The digest of a file is not known.</exception>
    public static Pylock Of(IReadOnlyList<ChosenDistribution> chosen, PythonTarget target) => new()
    {
        CreatedBy = "mayfly",
        RequiresPython = VersionSpecifier.Parse($"=={target.Markers.PythonVersion}.*"),
        Environments = [Marker.Parse($"sys_platform == '{target.Markers.SysPlatform}' and platform_machine == '{target.Markers.PlatformMachine}' and implementation_name == '{target.Markers.ImplementationName}'")],
        Packages =
        [
            .. chosen.Select(one => PylockPackage.Of(one) with
            {
                Dependencies = [.. one.Requires.Select(static need => need.Name).Where(name => name != one.Project && chosen.Any(other => other.Project == name)).Distinct().OrderBy(static name => name.Text, StringComparer.Ordinal).Select(static name => new PylockDependency(name))],
            }),
        ],
    };

    /// <summary>Reads the file.</summary>
    /// <param name="text">What is in it.</param>
    /// <param name="origin">Its name, for messages.</param>
    /// <param name="place">Where it is, for paths in it.</param>
    /// <exception cref="MayflyException">It is none, or is of a later main version, or something in it is not as the PEP has it.</exception>
    public static Pylock Read(string text, string origin, Uri place)
    {
        try
        {
            var document = TomlTree.Read(text, origin);
            var version = document.Text("lock-version", origin) ?? throw Wrong("it says no lock-version");
            if (version.Split('.')[0] != "1")
                throw new MayflyException($"{origin} is of version {version} of the format, and only version 1 is known", "use a newer Mayfly");
            return new Pylock
            {
                CreatedBy = document.Text("created-by", origin) ?? throw Wrong("it does not say who wrote it"),
                Environments = [.. document.Texts("environments", origin).Select(Marker.Parse)],
                RequiresPython = document.Text("requires-python", origin) is { } python ? VersionSpecifier.Parse(python) : VersionSpecifier.Any,
                Platforms = document.Table("tool", origin).Table("mayfly", origin).Texts("platforms", origin),
                Folder = Path.GetDirectoryName(place.LocalPath),
                Packages = [.. document.List("packages", origin).Select(one => PylockPackage.Read(one as IReadOnlyDictionary<string, object?> ?? throw Wrong("packages should be tables"), origin, place))],
            };
        }
        catch (MayflyException e) when (!e.Message.StartsWith(origin, StringComparison.Ordinal))
        {
            throw new MayflyException($"{origin}: {e.Message}", e.Hint ?? Hint, e);
        }

        MayflyException Wrong(string what) => new($"{origin}: {what}", Hint);
    }

    /// <summary>What of it an interpreter gets.</summary>
    /// <param name="target">The interpreter.</param>
    /// <param name="origin">The file's name, for messages.</param>
    /// <param name="versionOf">Tells the version of a folder, which no lock says; null where folders are of no version.</param>
    /// <exception cref="MayflyException">It is for other interpreters, or has no file of something for this one.</exception>
    public IReadOnlyList<ChosenDistribution> For(PythonTarget target, string origin, Func<IndexFile, PythonVersion>? versionOf = null)
    {
        var markers = target.Markers;
        if (!target.Allows(RequiresPython) || (Environments.Count > 0 && !Environments.Any(marker => marker.Holds(markers))))
        {
            var systems = Platforms.Count > 0 ? string.Join(", ", Platforms) : string.Join(" or ", Environments.Select(static marker => $"'{marker}'"));
            throw new MayflyException($"{origin} is for Python {RequiresPython}{(systems.Length > 0 ? $" on {systems}" : "")}, and this is {markers.PlatformPythonImplementation} {target.Version} on {markers.SysPlatform} {markers.PlatformMachine}",
                Platforms.Count > 0 ? "make it anew for this one too (mayfly env lock with --python-version and --platform), or take an environment of an interpreter that it is for" : "make it anew for this one (mayfly env lock), or take an environment of another interpreter");
        }

        return Chosen(Packages);

        IReadOnlyList<ChosenDistribution> Chosen(IReadOnlyList<PylockPackage> packages)
        {
            PylockPackage[] meant = [.. packages.Where(one => one.Marker?.Holds(markers) ?? true)];
            // "If there is more than one … tools MUST raise an error."
            if (meant.GroupBy(static one => one.Name).FirstOrDefault(static group => group.Count() > 1) is { } twice)
                throw new MayflyException($"{origin} has {string.Join(" and ", twice.Select(static one => $"{one.Name} {one.Version}"))} for one interpreter, and only one of them can be installed", Hint);
            return [.. meant.Select(One)];
        }

        ChosenDistribution One(PylockPackage one)
        {
            // In the order in which the wheels of an index are liked.
            var wheel = one.Wheels.Where(wheel => Rank(wheel) < int.MaxValue).OrderBy(Rank).ThenByDescending(static wheel => Name(wheel).Build).ThenBy(static wheel => wheel.Name, StringComparer.Ordinal).FirstOrDefault();
            return new ChosenDistribution
            {
                Project = one.Name,
                Version = one.Exact ?? VersionOf(one.Direct!),
                Index = one.Index,
                Requires = [],
                BuildRequires = wheel is not null || one.BuildRequires.Count == 0 ? null : Chosen(one.BuildRequires),
                File = one.Direct ?? wheel ?? one.Source ?? throw new MayflyException($"{origin} has no wheel of {one.Name} for Python {target.Version} on this machine", "make it anew here: mayfly env lock"),
            };
        }

        PythonVersion VersionOf(IndexFile direct) => (direct.Direct!.IsFolder ? null : WheelName.TryParse(direct.Name)?.Version ?? SourceName.TryParse(direct.Name)?.Version)
            ?? (versionOf ?? throw new MayflyException($"{origin} says no version of {direct.Direct.Project}"))(direct);

        int Rank(IndexFile wheel) => target.Rank(Name(wheel));

        static WheelName Name(IndexFile wheel) => WheelName.TryParse(wheel.Name)!;
    }

    /// <summary>Where its projects came from, as far as it says that.</summary>
    /// <param name="origin">The file's name, for messages.</param>
    public IReadOnlyDictionary<ProjectName, KnownOrigin> Origins(string origin) => Packages.Where(static one => one.Index is not null).GroupBy(static one => one.Name)
        .ToDictionary(static group => group.Key, group => new KnownOrigin(Login.Without(group.First().Index!), group.SelectMany(static one => one.Digests).ToHashSet(), origin));

    /// <summary>As it is written into a file.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("lock-version = \"1.0\"\n");
        if (Environments.Count > 0)
            text.Append($"environments = [{string.Join(", ", Environments.Select(static marker => LockFile.Quote(marker.ToString()!)))}]\n");
        if (RequiresPython.Clauses.Count > 0)
            text.Append($"requires-python = {LockFile.Quote(RequiresPython.ToString())}\n");
        text.Append($"created-by = {LockFile.Quote(CreatedBy)}\n");
        if (Packages.Count == 0)
            text.Append("packages = []\n");
        if (Platforms.Count > 0)
            text.Append($"\n[tool.mayfly]\nplatforms = [{string.Join(", ", Platforms.Select(static platform => LockFile.Quote(platform)))}]\n");
        foreach (var package in Packages)
        {
            text.Append($"\n[[packages]]\nname = {LockFile.Quote(package.Name.Text)}\n");
            if (package.Version is { } version)
                text.Append($"version = {LockFile.Quote(version.ToString())}\n");
            if (package.Marker is { } marker)
                text.Append($"marker = {LockFile.Quote(marker.ToString()!)}\n");
            if (package.Dependencies.Count > 0)
                text.Append($"dependencies = [{string.Join(", ", package.Dependencies.Select(Dependency))}]\n");
            if (package.Index is { } index)
                text.Append($"index = {LockFile.Quote(Login.Without(index).AbsoluteUri)}\n");
            if (package.Direct is { Direct: { } direct } file)
                text.Append(direct.IsFolder ? $"directory = {FolderTable(direct)}\n" : direct.IsRepository ? $"vcs = {RepositoryTable(direct)}\n" : $"archive = {{{Place(direct)}{Contents(file)}{Inside(direct)}}}\n");
            if (package.Source is { } source)
                text.Append($"sdist = {Table(source)}\n");
            if (package.Wheels.Count > 0)
                text.Append($"wheels = [\n{string.Concat(package.Wheels.Select(static wheel => $"    {Table(wheel)},\n"))}]\n");
            // What a build was done with has no place in the PEP but the one for tools.
            if (package.BuildRequires.Count > 0)
                text.Append($"[packages.tool.mayfly]\nbuild-requires = [\n{string.Concat(package.BuildRequires.Select(static need => $"    {BuildRequirement(need)},\n"))}]\n");
        }

        return text.ToString();

        string Dependency(PylockDependency one)
        {
            var version = one.Version is { } of ? $", version = {LockFile.Quote(of.ToString())}" : "";
            var place = one.Direct is not { } direct ? "" : direct.IsFolder ? $", directory = {FolderTable(direct)}" : direct.IsRepository ? $", vcs = {RepositoryTable(direct)}" : $", archive = {{{Place(direct)}{Inside(direct)}}}";
            return $"{{name = {LockFile.Quote(one.Name.Text)}{version}{place}}}";
        }

        string FolderTable(DirectReference direct) => $"{{path = {LockFile.Quote(Shown(direct.Path!.TrimEnd('/')))}{(direct.IsEditable ? ", editable = true" : "")}{Inside(direct)}}}";

        string RepositoryTable(DirectReference direct) => $"{{type = \"git\", url = {LockFile.Quote(DirectUrl.Of(direct, null).Url)}{(direct.Revision is { } revision ? $", requested-revision = {LockFile.Quote(revision)}" : "")}, commit-id = {LockFile.Quote(direct.Commit!)}{Inside(direct)}}}";

        string Place(DirectReference direct) => direct.Path is { } path ? $"path = {LockFile.Quote(Shown(path))}" : $"url = {LockFile.Quote(DirectUrl.Of(direct, null).Url)}";

        string Shown(string path) => Folder is { } folder && (path == folder || path.StartsWith($"{folder}/", StringComparison.Ordinal)) ? Path.GetRelativePath(folder, path) : path;

        static string Inside(DirectReference direct) => direct.Subdirectory is { Length: > 0 } inside ? $", subdirectory = {LockFile.Quote(inside)}" : "";
    }

    private static string Table(IndexFile file) => $"{{name = {LockFile.Quote(file.Name)}, url = {LockFile.Quote(Login.Without(file.Address).AbsoluteUri)}{Contents(file)}}}";

    private static string Contents(IndexFile file)
    {
        var size = file.Size is { } bytes ? string.Create(CultureInfo.InvariantCulture, $", size = {bytes}") : "";
        return $"{size}, hashes = {{{string.Join(", ", file.Hashes.Select(static hash => $"{hash.Key} = {LockFile.Quote(hash.Value)}"))}}}";
    }

    private static string BuildRequirement(PylockPackage need)
    {
        var files = $"{(need.Source is { } source ? $", sdist = {Table(source)}" : "")}{(need.Wheels.Count > 0 ? $", wheels = [{string.Join(", ", need.Wheels.Select(Table))}]" : "")}";
        var tool = need.BuildRequires.Count > 0 ? $", tool = {{mayfly = {{build-requires = [{string.Join(", ", need.BuildRequires.Select(BuildRequirement))}]}}}}" : "";
        var version = need.Exact is { } exact ? $", version = {LockFile.Quote(exact.ToString())}" : "";
        var marker = need.Marker is { } when ? $", marker = {LockFile.Quote(when.ToString()!)}" : "";
        return $"{{name = {LockFile.Quote(need.Name.Text)}{version}{marker}{files}{tool}}}";
    }
}
