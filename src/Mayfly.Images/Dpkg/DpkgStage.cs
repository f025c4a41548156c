namespace Mayfly.Images.Dpkg;

/// <summary>Packages placed together, and those that are then configured; nothing named means all that is left.</summary>
internal sealed record DpkgStage(IReadOnlyList<DpkgPackage> Packages, IReadOnlyList<DpkgPackage> Configured);
