using System.Collections.Frozen;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Placing;

/// <summary>What placing must know of one package: its names and where their contents are. No effects.</summary>
internal sealed record PackageContents
{
    public required string Name { get; init; }

    public required DebianVersion Version { get; init; }

    /// <summary>The names in the order of its tar.</summary>
    public required IReadOnlyList<ManifestEntry> Entries { get; init; }

    /// <summary>The folder whose numbered files hold the contents.</summary>
    public required string FilesFolder { get; init; }

    /// <summary>True when those files carry owners, modes and attributes already.</summary>
    public bool OwnersApplied { get; init; } = true;

    /// <summary>Paths of its configuration files, without the leading slash.</summary>
    public IReadOnlySet<string> Conffiles { get; init; } = FrozenSet<string>.Empty;

    public IReadOnlyList<Dependency> Replaces { get; init; } = [];

    /// <summary>True when this package may take files of the other one (policy 7.6.1).</summary>
    public bool MayReplace(string name, DebianVersion version) =>
        Replaces.Any(entry => entry.Alternatives.Any(relation => relation.Name == name && relation.Allows(version)));
}

/// <summary>A package that lies below already, as far as placing asks.</summary>
internal sealed record InstalledPackage(string Name, DebianVersion Version, IReadOnlyList<Dependency> Replaces);
