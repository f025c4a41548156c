namespace Mayfly.Machines.Local;

/// <summary>What running instances needs of this host.</summary>
public static class HostRequirements
{
    /// <summary>Every requirement, met or not, in the order in which they should be mended. Changes nothing.</summary>
    public static IReadOnlyList<HostRequirement> Check() => throw new NotImplementedException();
}

/// <param name="Name">What is needed, for people: <c>overlay file system</c>.</param>
/// <param name="Met">It is there.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do about it; null when met.</param>
/// <param name="Required">Without it nothing runs; otherwise it is a warning.</param>
public sealed record HostRequirement(string Name, bool Met, string Found, string? Remedy, bool Required = true);
