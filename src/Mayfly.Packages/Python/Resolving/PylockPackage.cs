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
    public IReadOnlyList<ProjectName> Dependencies { get; init; } = [];

    public required IReadOnlyList<IndexFile> Wheels { get; init; }

    internal static PylockPackage Read(IReadOnlyDictionary<string, object?> table, string origin, Uri place)
    {
        var name = ProjectName.Parse(table.Text("name", origin) ?? throw new MayflyException("a package says no name"));
        var wheels = table.List("wheels", origin);
        if (wheels.Count == 0)
            throw new MayflyException($"{name} has no wheel, and nothing is built from {string.Join(" or ", table.Keys.Where(static key => key is "sdist" or "archive" or "vcs" or "directory").DefaultIfEmpty("anything else"))} yet", "lock it from an index that has a wheel of it");
        return new PylockPackage
        {
            Name = name,
            Version = table.Text("version", origin) is { } version ? PythonVersion.Parse(version) : null,
            Marker = table.Text("marker", origin) is { } marker ? Marker.Parse(marker) : null,
            Index = table.Text("index", origin) is { } index ? Address(index, place) : null,
            Dependencies = [.. table.List("dependencies", origin).OfType<IReadOnlyDictionary<string, object?>>().Select(one => one.Text("name", origin)).OfType<string>().Select(static one => ProjectName.Parse(one))],
            Wheels = [.. wheels.Select(wheel => Wheel(wheel as IReadOnlyDictionary<string, object?> ?? throw new MayflyException($"the wheels of {name} should be tables"), name, origin, place))],
        };
    }

    private static IndexFile Wheel(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        // One of both must be there, and the name follows from either.
        var address = table.Text("url", origin) is { } url ? Address(url, place)
            : table.Text("path", origin) is { } path ? new Uri(Path.GetFullPath(path, Path.GetDirectoryName(place.LocalPath)!))
            : throw new MayflyException($"a wheel of {project} says neither url nor path");
        var name = table.Text("name", origin) ?? Uri.UnescapeDataString(address.Segments[^1]);
        if (WheelName.TryParse(name) is not { } wheel || wheel.Project != project)
            throw new MayflyException($"'{name}' is no name of a wheel of {project}");
        var hashes = FileDigests.Of(table.Table("hashes", origin).Where(static hash => hash.Value is string).Select(static hash => (hash.Key, (string)hash.Value!)));
        return hashes.Count > 0
            ? new IndexFile { Name = name, Address = address, Hashes = hashes, Size = table.GetValueOrDefault("size") as long? }
            : throw new MayflyException($"{name} has no digest");
    }

    private static Uri Address(string text, Uri place) => Uri.TryCreate(place, text, out var address) ? address : throw new MayflyException($"'{text}' is no address");
}
