using System.Text.Json.Serialization;

namespace Mayfly.Cli.Env;

/// <summary>What is another one by now, or was, or is new; also in a line for people.</summary>
/// <param name="Name">The project.</param>
/// <param name="Before">Its version before; null when it was not there.</param>
/// <param name="After">Its version afterwards; null when it is there no more.</param>
internal sealed record ChangeData(string Name, string? Before, string? After)
{
    public override string ToString() => Before is null ? $"+ {Name} {After}" : After is null ? $"- {Name} {Before}" : $"~ {Name} {(Before == After ? "" : $"{Before} → ")}{After}";
}

/// <param name="Environment">The name, or the path.</param>
/// <param name="DryRun">True when nothing was changed.</param>
/// <param name="Changes">In the order of the names.</param>
internal sealed record PlanData(string Environment, string Path, bool DryRun, ChangeData[] Changes);

/// <param name="Python">Null when its interpreter is gone, or is another one.</param>
/// <param name="Fault">Why it cannot run; null when it can.</param>
internal sealed record EnvironmentData(string Name, string Path, string? Python, string? Interpreter, string? Fault, int Packages, int Requested, bool CanRollBack);

/// <param name="Origin">The address that it was asked for by; null for an index.</param>
/// <param name="Requires">What of it counts here.</param>
/// <param name="Files">From the folder of packages; null unless asked for.</param>
internal sealed record DistributionData(string Name, string Version, string Summary, string? Licence, bool Requested, string Installer, string? Origin, string[] Requires, string[] RequiredBy, string[]? Files);

/// <param name="Requirement">As a requirements file has it.</param>
internal sealed record FrozenData(string Name, string Version, string Requirement);

internal sealed record PlaceData(string Environment, string? Name, string Path);

/// <param name="Findings">A sentence each; none when all is well.</param>
internal sealed record CheckData(string Environment, string Path, string[] Findings);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ChangeData[]))]
[JsonSerializable(typeof(PlanData))]
[JsonSerializable(typeof(EnvironmentData))]
[JsonSerializable(typeof(DistributionData))]
[JsonSerializable(typeof(FrozenData[]))]
[JsonSerializable(typeof(PlaceData))]
[JsonSerializable(typeof(CheckData))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;
