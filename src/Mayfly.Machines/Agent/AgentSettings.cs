using System.Text.Json;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Agent;

/// <summary>All that an agent is told, kept as <c>agent.json</c> beside its assemblies: the same copy always does the same.</summary>
internal sealed record AgentSettings
{
    public const string FileName = "agent.json";

    /// <summary>The hash of the assemblies and of everything else here.</summary>
    public required string Identity { get; init; }

    public required string Store { get; init; }

    public required string RunFolder { get; init; }

    public required RuntimePrograms Programs { get; init; }

    public static AgentSettings Read(string folder) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, FileName)), AgentJson.Default.AgentSettings)
        ?? throw new InvalidDataException($"{folder}/{FileName} is empty");
}
