namespace Mayfly.Packages.Python.Resolving;

/// <summary>One distribution of a <see cref="Pylock"/>.</summary>
public sealed record PylockPackage
{
    public required ProjectName Name { get; init; }

    /// <summary>Null for what has no version of its own until it is built.</summary>
    public PythonVersion? Version { get; init; }

    /// <summary>The version, which its files say where it is not said besides; null for what has none of its own until it is built.</summary>
    public PythonVersion? Exact => Version ?? (Wheels.Count > 0 ? WheelName.TryParse(Wheels[0].Name)!.Version : Source is null ? null : SourceName.TryParse(Source.Name)!.Version);

    /// <summary>When it is installed; null: always.</summary>
    public Marker? Marker { get; init; }

    /// <summary>The index that it came from; null where that is not said.</summary>
    public Uri? Index { get; init; }

    /// <summary>For people; what is installed does not follow from it.</summary>
    public IReadOnlyList<PylockDependency> Dependencies { get; init; } = [];

    public required IReadOnlyList<IndexFile> Wheels { get; init; }

    /// <summary>Its source distribution, for where no wheel fits; null where there is none.</summary>
    public IndexFile? Source { get; init; }

    /// <summary>SHA-256 of its wheels and sources, as far as they are said, or the commit that it is.</summary>
    public IEnumerable<string> Digests => Wheels.Append(Source).Append(Direct).Select(static file => file?.Direct?.Commit ?? file?.Hashes.GetValueOrDefault("sha256")).OfType<string>();

    /// <summary>An archive, a folder or a repository of its own (the tables <c>archive</c>, <c>directory</c> and <c>vcs</c>), in the place of wheels and sources; null for what an index has.</summary>
    public IndexFile? Direct { get; init; }

    /// <summary>Exactly what a wheel of it is built with (the table <c>packages.tool.mayfly</c>); empty where nobody says.</summary>
    public IReadOnlyList<PylockPackage> BuildRequires { get; init; } = [];

    /// <summary>Of what was chosen, without what it needs.</summary>
    /// <exception cref="MayflyException">The digest of its file is not known.</exception>
    internal static PylockPackage Of(ChosenDistribution one)
    {
        // Which version a folder is may be another one tomorrow, so that the PEP has none said of it.
        if (one.Direct is { IsFolder: true })
            return new PylockPackage { Name = one.Project, Wheels = [], Direct = one.File };
        // Its commit says what it is; a digest would be of this host's own archive.
        if (one.Direct is { IsRepository: true })
            return new PylockPackage { Name = one.Project, Version = one.Version, Wheels = [], Direct = one.File! with { Hashes = new Dictionary<string, string>(), Size = null }, BuildRequires = [.. (one.BuildRequires ?? []).Select(Of)] };
        var file = one.File! with { Hashes = new Dictionary<string, string> { ["sha256"] = RequirementsExport.Digest(one) } };
        var isSource = one.IsSource;
        if (one.Direct is not null)
            return new PylockPackage { Name = one.Project, Version = one.Version, Wheels = [], Direct = file, BuildRequires = [.. (one.BuildRequires ?? []).Select(Of)] };
        return new PylockPackage { Name = one.Project, Version = one.Version, Index = one.Index, Wheels = isSource ? [] : [file], Source = isSource ? file : null, BuildRequires = [.. (one.BuildRequires ?? []).Select(Of)] };
    }

    internal static PylockPackage Read(IReadOnlyDictionary<string, object?> table, string origin, Uri place)
    {
        var name = ProjectName.Parse(table.Text("name", origin) ?? throw new MayflyException("a package says no name"));
        var wheels = table.List("wheels", origin);
        var source = table.Table("sdist", origin);
        var (archive, folder, repository) = (table.Table("archive", origin), table.Table("directory", origin), table.Table("vcs", origin));
        if ((wheels.Count + source.Count > 0 ? 1 : 0) + (archive.Count > 0 ? 1 : 0) + (folder.Count > 0 ? 1 : 0) + (repository.Count > 0 ? 1 : 0) is not 1 and var kinds)
            throw new MayflyException(kinds == 0 ? $"{name} says neither wheels nor sdist, archive, directory or vcs" : $"{name} comes from more than one of wheels and sdist, archive, directory and vcs");
        return new PylockPackage
        {
            Name = name,
            Version = table.Text("version", origin) is { } version ? PythonVersion.Parse(version) : null,
            Marker = table.Text("marker", origin) is { } marker ? Marker.Parse(marker) : null,
            Index = table.Text("index", origin) is { } index ? Address(index, place) : null,
            Dependencies = [.. table.List("dependencies", origin).OfType<IReadOnlyDictionary<string, object?>>().Where(one => one.ContainsKey("name"))
                .Select(one => Dependency(one, origin, place))],
            Direct = archive.Count > 0 ? Archive(archive, name, origin, place) : folder.Count > 0 ? Folder(folder, name, origin, place) : repository.Count > 0 ? OfRepository(Repository(repository, name, origin, place)) : null,
            Source = source.Count == 0 ? null : File(source, "sources", name, origin, place),
            BuildRequires = [.. table.Table("tool", origin).Table("mayfly", origin).List("build-requires", origin).OfType<IReadOnlyDictionary<string, object?>>().Select(need => Read(need, origin, place))],
            Wheels = [.. wheels.Select(wheel => File(wheel as IReadOnlyDictionary<string, object?> ?? throw new MayflyException($"the wheels of {name} should be tables"), "a wheel", name, origin, place))],
        };
    }

    private static PylockDependency Dependency(IReadOnlyDictionary<string, object?> table, string origin, Uri place)
    {
        var name = ProjectName.Parse(table.Text("name", origin)!);
        var (archive, folder, repository) = (table.Table("archive", origin), table.Table("directory", origin), table.Table("vcs", origin));
        return new PylockDependency(name, table.Text("version", origin) is { } version ? PythonVersion.Parse(version) : null,
            archive.Count > 0 ? ArchiveAddress(archive, name, origin, place) : folder.Count > 0 ? Folder(folder, name, origin, place).Direct : repository.Count > 0 ? Repository(repository, name, origin, place) : null);
    }

    private static IndexFile OfRepository(DirectReference direct) => new() { Name = direct.FileName, Address = direct.Address, Direct = direct };

    private static DirectReference Repository(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        if (table.Text("type", origin) is not "git" and var type)
            throw new MayflyException($"{project} comes from a repository of {type ?? "an unnamed system"}, from which mayfly installs nothing", "lock it from an index, from an archive, or from a folder that it is cloned into");
        var commit = table.Text("commit-id", origin);
        if (commit is not { Length: 40 or 64 } || !commit.All(char.IsAsciiHexDigit))
            throw new MayflyException($"the repository of {project} has no commit-id that is one of git: {commit}");
        var url = table.Text("url", origin) ?? DirectReference.OfPath(Full(table.Text("path", origin) ?? throw new MayflyException($"the repository of {project} says neither url nor path"), place));
        var inside = table.Text("subdirectory", origin) is { Length: > 0 } text ? $"#subdirectory={text}" : "";
        return DirectReference.Read($"git+{url}@{commit}{inside}") with { Project = project, Commit = commit.ToLowerInvariant(), Revision = table.Text("requested-revision", origin) };
    }

    private static IndexFile Archive(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        var direct = ArchiveAddress(table, project, origin, place);
        var hashes = Hashes(table, origin);
        if (!hashes.ContainsKey("sha256"))
            throw new MayflyException($"the archive of {project} has no digest by SHA-256");
        return new IndexFile { Name = direct.FileName, Address = direct.Address, Hashes = hashes, Size = table.GetValueOrDefault("size") as long?, Direct = direct };
    }

    private static DirectReference ArchiveAddress(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        var address = table.Text("url", origin) is { } url ? Address(url, place).OriginalString : DirectReference.OfPath(Full(table.Text("path", origin) ?? throw new MayflyException($"the archive of {project} says neither url nor path"), place));
        return DirectReference.Read($"{address}{(table.Text("subdirectory", origin) is { Length: > 0 } inside ? $"#subdirectory={inside}" : "")}") with { Project = project };
    }

    private static IndexFile Folder(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        var path = Full(table.Text("path", origin) ?? throw new MayflyException($"the directory of {project} says no path"), place);
        if (!Directory.Exists(path))
            throw new MayflyException($"there is no folder {path}, from which {project} is installed", "get it there, or lock anew without it");
        var inside = table.Text("subdirectory", origin) is { Length: > 0 } text ? $"#subdirectory={text}" : "";
        var direct = DirectReference.Read($"{DirectReference.OfPath(path)}{inside}", table.GetValueOrDefault("editable") is true) with { Project = project };
        return new IndexFile { Name = direct.FileName, Address = direct.Address, Direct = direct };
    }

    private static string Full(string path, Uri place) => path.Contains('\0', StringComparison.Ordinal) ? throw new MayflyException($"'{path.Replace('\0', '?')}' is no path: no path has the sign 0", "mend that line")
        : Path.GetFullPath(path, Path.GetDirectoryName(place.LocalPath)!);

    private static IReadOnlyDictionary<string, string> Hashes(IReadOnlyDictionary<string, object?> table, string origin) => FileDigests.Of(table.Table("hashes", origin).Where(static hash => hash.Value is string).Select(static hash => (hash.Key, (string)hash.Value!)));

    private static IndexFile File(IReadOnlyDictionary<string, object?> table, string kind, ProjectName project, string origin, Uri place)
    {
        // One of both must be there, and the name follows from either.
        var address = table.Text("url", origin) is { } url ? Address(url, place)
            : table.Text("path", origin) is { } path ? new Uri(Full(path, place))
            : throw new MayflyException($"{kind} of {project} says neither url nor path");
        var name = table.Text("name", origin) ?? Uri.UnescapeDataString(address.Segments[^1]);
        if ((kind == "sources" ? SourceName.TryParse(name)?.Project : WheelName.TryParse(name)?.Project) != project)
            throw new MayflyException($"'{name}' is no name of {kind} of {project}");
        var hashes = Hashes(table, origin);
        return hashes.Count > 0
            ? new IndexFile { Name = name, Address = address, Hashes = hashes, Size = table.GetValueOrDefault("size") as long? }
            : throw new MayflyException($"{name} has no digest");
    }

    private static Uri Address(string text, Uri place) => Uri.TryCreate(place, text, out var address) && IndexPage.IsFetched(address) ? address
        : throw new MayflyException($"'{text}' is no address that something is fetched from", "an address begins with https://, http:// or file:///");
}
