namespace Mayfly.Packages.Debian;

/// <summary>Debian's classes of importance, as apt orders them.</summary>
public enum PackagePriority : byte
{
    Unknown,
    Required,
    Important,
    Standard,
    Optional,
    Extra,
}

/// <summary>What a package says of itself in a world of several architectures.</summary>
public enum MultiArch : byte
{
    No,
    Same,
    Foreign,
    Allowed,
}

/// <summary>One binary package of an archive, as its Packages file describes it. Relations are parsed when they are first asked for.</summary>
public sealed class BinaryPackage
{
    public required string Name { get; init; }

    public required DebianVersion Version { get; init; }

    /// <summary>The archive's architecture or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The architecture that it counts as: one of <c>all</c> counts as the native one.</summary>
    public required string Home { get; init; }

    /// <summary>True when that is not the stack's own architecture.</summary>
    public bool IsForeign { get; init; }

    /// <summary>The name that an index finds it by: <c>nginx</c>, or <c>libc6:i386</c> when it is foreign.</summary>
    public string Key => IsForeign ? $"{Name}:{Home}" : Name;

    /// <summary>The source package's name.</summary>
    public required string Source { get; init; }

    /// <summary>Lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    public required long Size { get; init; }

    /// <summary>The path below the archive's root.</summary>
    public required string Path { get; init; }

    /// <summary>The release that offers it.</summary>
    public required LockedRelease Release { get; init; }

    public PackagePriority Priority { get; init; }

    public MultiArch MultiArch { get; init; }

    public bool Essential { get; init; }

    /// <summary>apt keeps such packages like essential ones (<c>Important: yes</c>, <c>Protected: yes</c>).</summary>
    public bool Important { get; init; }

    /// <summary>The position at which apt's cache would first have met the name: apt's last word among providers.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The position at which it stands in all lists together.</summary>
    internal int Position { get; init; }

    /// <summary>Which lists of its index have it, a bit for each.</summary>
    internal ulong OfferedBy { get; init; }

    /// <summary>The package's own number in its index.</summary>
    internal int Number { get; init; }

    public IReadOnlyList<Dependency> PreDepends => field ??= Parse(RelationKind.PreDepends);

    public IReadOnlyList<Dependency> Depends => field ??= Parse(RelationKind.Depends);

    public IReadOnlyList<Dependency> Recommends => field ??= Parse(RelationKind.Recommends);

    public IReadOnlyList<Dependency> Suggests => field ??= Parse(RelationKind.Suggests);

    public IReadOnlyList<Dependency> Conflicts => field ??= Parse(RelationKind.Conflicts);

    public IReadOnlyList<Dependency> Breaks => field ??= Parse(RelationKind.Breaks);

    public IReadOnlyList<Dependency> Provides => field ??= Parse(RelationKind.Provides);

    /// <summary><c>name:architecture</c>, as the lock refers to it.</summary>
    public string Id => $"{Name}:{Architecture}";

    /// <summary>The text of one relationship field.</summary>
    internal Func<RelationKind, string> Field { private get; init; } = _ => "";

    public LockedPackage Lock() => new()
    {
        Name = Name,
        Version = Version.Text,
        Architecture = Architecture,
        Sha256 = Sha256,
        Size = Size,
        Path = Path,
        Release = Release.Id,
    };

    /// <summary>
    /// True when this package, by its own name and version or by what it provides, is what a relation means that a package of the architecture
    /// <paramref name="home"/> has. Exclusions reach every architecture, requirements their own and what is <c>Multi-Arch: foreign</c>.
    /// </summary>
    internal bool Meets(Relation relation, string home, bool excludes = false)
    {
        if (!Reaches(relation.Qualifier, home, excludes))
            return false;
        if (Name == relation.Name && relation.Allows(Version))
            return true;
        // A provided name meets a relation with a version only by a version of its own (policy 7.5), and none with the qualifier any.
        return relation.Qualifier is not "any" && Provides.Any(provided => provided.Alternatives[0] is var own && own.Name == relation.Name
            && (relation.Operator == VersionOperator.Any || (own.Operator == VersionOperator.Equal && relation.Allows(own.Version))));
    }

    public override string ToString() => $"{Key} {Version}";

    private bool Reaches(string? qualifier, string home, bool excludes) => qualifier switch
    {
        null => excludes || home == Home || MultiArch == MultiArch.Foreign,
        "any" => MultiArch == MultiArch.Allowed,
        "native" => !IsForeign,
        _ => qualifier == Home,
    };

    private IReadOnlyList<Dependency> Parse(RelationKind kind)
    {
        try
        {
            return RelationField.Parse(Field(kind), Architecture);
        }
        catch (FormatException e)
        {
            throw new MayflyException($"the index of {Release.Id} is malformed at {this}: {e.Message}",
                "the archive's own signature covers this file: tell the archive's keepers, or leave that suite out", e);
        }
    }
}

/// <summary>The relationship fields that an index keeps.</summary>
internal enum RelationKind : byte
{
    PreDepends,
    Depends,
    Recommends,
    Conflicts,
    Breaks,
    Provides,
    Suggests,
}
