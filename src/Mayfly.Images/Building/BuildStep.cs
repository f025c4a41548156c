using Mayfly.Packages;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Images.Building;

/// <summary>One layer that an image needs, as data: what it is made of and the key that follows from that.</summary>
/// <param name="Key">The hash of its inputs and of everything below.</param>
/// <param name="Below">The key of the layer below; null for a base.</param>
/// <param name="Origin">For people: <c>packages nginx</c>.</param>
/// <param name="Epoch">The latest second in it, since 1970.</param>
internal abstract record BuildStep(string Key, string? Below, string Origin, long Epoch);

/// <summary>Locked packages installed in stages.</summary>
internal sealed record PackageStep(string Key, string? Below, string Origin, long Epoch, IReadOnlyList<PackageStage> Stages, IReadOnlyList<string> Requests, string Architecture)
    : BuildStep(Key, Below, Origin, Epoch)
{
    /// <summary>The hash of what it is made from. Its key is another one when its scripts make accounts: known once the store has it (<see cref="IdTable.KeyOf"/>).</summary>
    public required string Inputs { get; init; }

    /// <summary>True when it was added to a set that was installed before.</summary>
    public bool IsAddition { get; init; }

    /// <summary>By id, packages of the base that apt asks for in one go with the requests, by priority.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Of a base, those of it that apt notes as installed for others' sake; null to go by the packages' own priorities.</summary>
    public IReadOnlyList<string>? Automatic { get; init; }
}

/// <summary>A stage of the lock: what is placed, and what is then configured; nothing named means all that is left (<see cref="LockedStage"/>).</summary>
internal sealed record PackageStage(IReadOnlyList<LockedPackage> Packages, IReadOnlyList<LockedPackage> Configured)
{
    /// <summary>The second that its scripts are told.</summary>
    public required long Epoch { get; init; }

    /// <summary>The hash of what is installed when it is, and of everything below; what a layer ends with has none, for triggers run then.</summary>
    public string? Inputs { get; init; }
}

/// <summary>An environment of locked Python packages, and the interpreter that runs it.</summary>
internal sealed record EnvironmentStep(string Key, string? Below, string Origin, long Epoch, LockedEnvironment Environment, bool SystemPackages, ImagePython Python) : BuildStep(Key, Below, Origin, Epoch);

/// <summary>Files of the host.</summary>
internal sealed record CopyStep(string Key, string? Below, string Origin, long Epoch, IReadOnlyList<HostFile> Files) : BuildStep(Key, Below, Origin, Epoch);

/// <summary>A command run inside.</summary>
internal sealed record RunStep(string Key, string? Below, string Origin, long Epoch, CommandStep Command) : BuildStep(Key, Below, Origin, Epoch);
