using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>What an environment shall have besides what it has.</summary>
public sealed record EnvironmentRequest
{
    /// <summary>What is asked for, and where it may come from: the command line and the files that it names.</summary>
    public required RequirementsFile Requirements { get; init; }

    /// <summary>True to take the newest of what is asked for, although an older one that would do is there.</summary>
    public bool Upgrade { get; init; }

    /// <summary>True to take the newest of everything that is there, too.</summary>
    public bool UpgradeAll { get; init; }

    /// <summary>True to install what is asked for anew, although it is there.</summary>
    public bool Reinstall { get; init; }

    /// <summary>True to install all that it needs anew with it, in its newest versions that fit: so has pip.</summary>
    public bool ReinstallNeeds { get; init; }

    /// <summary>True when an archive that is asked for by its address does not replace what is there of the same version: so has pip.</summary>
    public bool KeepsVersions { get; init; }

    /// <summary>True to take what is asked for without what it needs.</summary>
    public bool WithoutDependencies { get; init; }

    /// <summary>Projects that come from one index alone.</summary>
    public IReadOnlyDictionary<ProjectName, Uri> Bound { get; init; } = new Dictionary<ProjectName, Uri>();

    /// <summary>Where what is there came from, as far as that is known (<see cref="EnvironmentRecord.Origins"/>): it does not come from elsewhere in silence.</summary>
    public IReadOnlyDictionary<ProjectName, KnownOrigin> Known { get; init; } = new Dictionary<ProjectName, KnownOrigin>();

    /// <summary>Take the place of whatever projects say of these.</summary>
    public IReadOnlyList<DependencySpecifier> Overrides { get; init; } = [];
}
