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
        return new PylockPackage
        {
            Name = name,
            Version = table.Text("version", origin) is { } version ? PythonVersion.Parse(version) : null,
            Marker = table.Text("marker", origin) is { } marker ? Marker.Parse(marker) : null,
            Index = table.Text("index", origin) is { } index ? Address(index, place) : null,
            Dependencies = [.. table.List("dependencies", origin).OfType<IReadOnlyDictionary<string, object?>>().Select(one => one.Text("name", origin)).OfType<string>().Select(static one => ProjectName.Parse(one))],
            Wheels = [.. table.List("wheels", origin).OfType<IReadOnlyDictionary<string, object?>>().Select(wheel => Wheel(wheel, name, origin, place))],
        };
    }

    private static IndexFile Wheel(IReadOnlyDictionary<string, object?> table, ProjectName project, string origin, Uri place)
    {
        // "If only one of url and path is … the other may be omitted"; the name may be taken from either.
        var address = Address(table.Text("url", origin) ?? table.Text("path", origin) ?? throw new MayflyException($"a wheel of {project} says neither url nor path"), place);
        var name = table.Text("name", origin) ?? Uri.UnescapeDataString(address.Segments[^1]);
        if (WheelName.TryParse(name) is not { } wheel || wheel.Project != project)
            throw new MayflyException($"'{name}' is no name of a wheel of {project}");
        var hashes = table.Table("hashes", origin).Where(static hash => hash.Value is string).ToDictionary(static hash => hash.Key.ToLowerInvariant(), static hash => ((string)hash.Value!).ToLowerInvariant());
        return hashes.Count > 0
            ? new IndexFile { Name = name, Address = address, Hashes = hashes, Size = table.GetValueOrDefault("size") as long? }
            : throw new MayflyException($"{name} has no digest");
    }

    private static Uri Address(string text, Uri place) => Uri.TryCreate(place, text, out var address) ? address : throw new MayflyException($"'{text}' is no address");
}
