namespace Mayfly.Packages.Python.Resolving;

/// <summary>One distribution of a <see cref="Pylock"/>.</summary>
public sealed record PylockPackage
{
    public required ProjectName Name { get; init; }

    /// <summary>Null for what has no version of its own until it is built.</summary>
    public PythonVersion? Version { get; init; }

    /// <summary>When it is installed; null: always.</summary>
    public Marker? Marker { get; init; }

    /// <summary>The index that it came from; null where that is not said.</summary>
    public Uri? Index { get; init; }

    /// <summary>For people; what is installed does not follow from it.</summary>
    public IReadOnlyList<PylockDependency> Dependencies { get; init; } = [];

    public required IReadOnlyList<IndexFile> Wheels { get; init; }

    /// <summary>Its source distribution, for where no wheel fits; null where there is none.</summary>
    public IndexFile? Source { get; init; }

    /// <summary>Exactly what a wheel of it is built with (the table <c>packages.tool.mayfly</c>); empty where nobody says.</summary>
    public IReadOnlyList<PylockPackage> BuildRequires { get; init; } = [];

    /// <summary>Of what was chosen, without what it needs.</summary>
    /// <exception cref="MayflyException">The digest of its file is not known.</exception>
    internal static PylockPackage Of(ChosenDistribution one)
    {
        var file = one.File! with { Hashes = new Dictionary<string, string> { ["sha256"] = RequirementsExport.Digest(one) } };
        var isSource = SourceName.TryParse(file.Name) is not null;
        return new PylockPackage { Name = one.Project, Version = one.Version, Index = one.Index, Wheels = isSource ? [] : [file], Source = isSource ? file : null, BuildRequires = [.. (one.BuildRequires ?? []).Select(Of)] };
    }

    /// <summary>As something to build with, which has one file.</summary>
    internal ChosenDistribution Chosen() => new()
    {
        Project = Name,
        Version = Version ?? throw new MayflyException($"{Name}, which something is built with, has no version"),
        Index = Index,
        Requires = [],
        File = Wheels is [var wheel, ..] ? wheel : Source,
        BuildRequires = BuildRequires.Count == 0 ? null : [.. BuildRequires.Select(static need => need.Chosen())],
    };

    internal static PylockPackage Read(IReadOnlyDictionary<string, object?> table, string origin, Uri place)
    {
        var name = ProjectName.Parse(table.Text("name", origin) ?? throw new MayflyException("a package says no name"));
        var wheels = table.List("wheels", origin);
        var source = table.Table("sdist", origin);
        if (wheels.Count == 0 && source.Count == 0)
            throw new MayflyException($"{name} has no wheel, and nothing is installed from {string.Join(" or ", table.Keys.Where(static key => key is "archive" or "vcs" or "directory").DefaultIfEmpty("anything else"))} yet", "lock it from an index that has a wheel of it");
        return new PylockPackage
        {
            Name = name,
            Version = table.Text("version", origin) is { } version ? PythonVersion.Parse(version) : null,
            Marker = table.Text("marker", origin) is { } marker ? Marker.Parse(marker) : null,
            Index = table.Text("index", origin) is { } index ? Address(index, place) : null,
            Dependencies = [.. table.List("dependencies", origin).OfType<IReadOnlyDictionary<string, object?>>().Where(one => one.ContainsKey("name"))
                .Select(one => new PylockDependency(ProjectName.Parse(one.Text("name", origin)!), one.Text("version", origin) is { } of ? PythonVersion.Parse(of) : null))],
            Source = source.Count == 0 ? null : File(source, "sources", name, origin, place),
            BuildRequires = [.. table.Table("tool", origin).Table("mayfly", origin).List("build-requires", origin).OfType<IReadOnlyDictionary<string, object?>>().Select(need => Read(need, origin, place))],
            Wheels = [.. wheels.Select(wheel => File(wheel as IReadOnlyDictionary<string, object?> ?? throw new MayflyException($"the wheels of {name} should be tables"), "a wheel", name, origin, place))],
        };
    }

    private static IndexFile File(IReadOnlyDictionary<string, object?> table, string kind, ProjectName project, string origin, Uri place)
    {
        // One of both must be there, and the name follows from either.
        var address = table.Text("url", origin) is { } url ? Address(url, place)
            : table.Text("path", origin) is { } path ? new Uri(Path.GetFullPath(path, Path.GetDirectoryName(place.LocalPath)!))
            : throw new MayflyException($"{kind} of {project} says neither url nor path");
        var name = table.Text("name", origin) ?? Uri.UnescapeDataString(address.Segments[^1]);
        if ((kind == "sources" ? SourceName.TryParse(name)?.Project : WheelName.TryParse(name)?.Project) != project)
            throw new MayflyException($"'{name}' is no name of {kind} of {project}");
        var hashes = FileDigests.Of(table.Table("hashes", origin).Where(static hash => hash.Value is string).Select(static hash => (hash.Key, (string)hash.Value!)));
        return hashes.Count > 0
            ? new IndexFile { Name = name, Address = address, Hashes = hashes, Size = table.GetValueOrDefault("size") as long? }
            : throw new MayflyException($"{name} has no digest");
    }

    private static Uri Address(string text, Uri place) => Uri.TryCreate(place, text, out var address) ? address : throw new MayflyException($"'{text}' is no address");
}
