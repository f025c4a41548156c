using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Universal;

/// <summary>What one lock for several interpreters and systems shall have.</summary>
public sealed record UniversalRequest
{
    public required RequirementsFile Requirements { get; init; }

    public required PythonRange Pythons { get; init; }

    /// <summary>No two of them answer markers alike.</summary>
    public required IReadOnlyList<LockPlatform> Platforms { get; init; }

    /// <summary>What may be taken where the requirements do not say it.</summary>
    public PythonSources Usual { get; init; } = new();

    /// <summary>Its versions stay as far as they can; null: the newest of everything.</summary>
    public Pylock? Before { get; init; }

    /// <summary>Every environment that is locked for: the newest Python first, for whose sake the others may have older versions and not the other way round.</summary>
    internal IReadOnlyList<(LockPlatform Platform, PythonVersion Python)> Environments(PythonThresholds thresholds)
    {
        if (Platforms.GroupBy(static one => (one.Markers.SysPlatform, one.Markers.PlatformMachine)).FirstOrDefault(static group => group.Count() > 1) is { } same)
            throw new MayflyException($"markers cannot tell {string.Join(" and ", same)} apart, so no lock can be for both", "name one of them; a wheel for the other is locked beside, where there is one");
        return [.. Pythons.Parts(thresholds).Reverse().SelectMany(python => Platforms.Select(platform => (platform, python)))];
    }
}
