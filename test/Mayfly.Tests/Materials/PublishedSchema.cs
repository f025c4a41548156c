using System.Text.Json;
using Json.Schema;

namespace Mayfly.Tests.Materials;

/// <summary>The schemas that the two specifications publish, and what they say of a document.</summary>
internal static class PublishedSchema
{
    private static readonly Lazy<(JsonSchema CycloneDx, JsonSchema Spdx)> Schemas = new(() =>
    {
        // CycloneDX refers to these two by their addresses.
        Read("spdx.schema.json");
        Read("jsf-0.82.schema.json");
        return (Read("bom-1.6.schema.json"), Read("spdx-2.3.schema.json"));
    });

    /// <summary>Every complaint with its place; none of a valid document.</summary>
    public static IReadOnlyList<string> Complaints(string format, byte[] document)
    {
        using var json = JsonDocument.Parse(document);
        var result = (format == "spdx" ? Schemas.Value.Spdx : Schemas.Value.CycloneDx).Evaluate(json.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
        if (result.IsValid)
            return [];
        string[] complaints = [.. (result.Details ?? []).Where(static detail => detail.Errors is not null).SelectMany(static detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"))];
        return complaints.Length > 0 ? complaints : ["invalid"];
    }

    private static JsonSchema Read(string name) => JsonSchema.FromText(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Materials/Schemas", name)));
}
