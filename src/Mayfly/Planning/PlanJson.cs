using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Machines;

namespace Mayfly.Planning;

/// <summary>A plan for programs: stable names, no secrets, one object.</summary>
internal static class PlanJson
{
    public static string Write(Plan plan) => JsonSerializer.Serialize(new Document(
        plan.Stack, plan.Nothing, plan.Generation.Number, plan.Resolve, plan.PackagesToFetch, plan.BytesToFetch, plan.LicencesToJudge,
        [.. plan.Layers],
        [.. plan.Instances.Select(change => new Instance(change.Name, change.Machine, change.Kind, change.Reason))],
        plan.Migrations, plan.Rehearsal, plan.Tests, plan.Published), PlanDocumentJson.Default.Document);

    internal sealed record Document(
        string Stack, bool Nothing, int Generation, string? Resolve, int PackagesToFetch, long BytesToFetch, int LicencesToJudge, IReadOnlyList<LayerChange> Layers,
        IReadOnlyList<Instance> Instances, IReadOnlyList<string> Migrations, bool Rehearsal, IReadOnlyList<string> Tests, IReadOnlyList<PublishedPort> Published);

    internal sealed record Instance(string Name, string Machine, ChangeKind Change, string Reason);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PlanJson.Document))]
internal sealed partial class PlanDocumentJson : JsonSerializerContext;
