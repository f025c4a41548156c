using Mayfly.Images.Building;

namespace Mayfly.Images.Dpkg;

/// <summary>Packages placed together, and those that are then configured; nothing named means all that is left.</summary>
internal sealed record DpkgStage(IReadOnlyList<DpkgPackage> Packages, IReadOnlyList<DpkgPackage> Configured)
{
    /// <summary>The second that scripts are told, since 1970.</summary>
    public long Epoch { get; init; }

    /// <summary>The hash of what is installed when it is (<see cref="PackageStage.Inputs"/>); null for the last one.</summary>
    public string? Inputs { get; init; }

    /// <summary>
    /// The same stages, fewer: apt unpacks and configures one by one what it counts as essential, and a stage costs mounts and a call of dpkg. Two in a row
    /// come to the same as one where no script could tell: nothing of the first has one to run when it is configured, nothing of the second before it is placed.
    /// </summary>
    /// <param name="stages">In order.</param>
    /// <param name="overNothing">True when the first one is the beginning of a base, which is placed and configured in a way of its own.</param>
    public static IReadOnlyList<DpkgStage> Joined(IReadOnlyList<DpkgStage> stages, bool overNothing)
    {
        List<DpkgStage> joined = [];
        foreach (var stage in stages)
        {
            if (joined.Count > (overNothing ? 1 : 0) && joined[^1] is { Configured.Count: > 0 } before && before.Epoch == stage.Epoch && stage.Configured.Count > 0 && !Any(before.Configured, "postinst") && !Any(stage.Packages, "preinst"))
                joined[^1] = stage with { Packages = [.. before.Packages, .. stage.Packages], Configured = [.. before.Configured, .. stage.Configured] };
            else
                joined.Add(stage);
        }

        return joined;

        static bool Any(IReadOnlyList<DpkgPackage> packages, string script) => packages.Any(package => File.Exists(Path.Combine(package.Unpacked.ControlFolder, script)));
    }
}
