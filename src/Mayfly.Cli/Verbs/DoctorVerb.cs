using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly doctor</c>: what this machine lacks, and the remedy.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "For programs: one array of findings" };
        var command = new Command("doctor", "Show what this machine lacks, and the remedy") { json };
        command.SetAction(async (result, cancellationToken) =>
        {
            var findings = await Diagnosis.MakeAsync(cancellationToken);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(findings, FindingJson.Default.IReadOnlyListFinding));
            else
                Print(findings, output);
            return findings.Any(finding => finding is { Met: false, Required: true }) ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<Finding> findings, TextWriter output)
    {
        var width = findings.Max(finding => finding.Name.Length) + 2;
        foreach (var finding in findings)
        {
            output.WriteLine($"{(finding.Met ? "ok" : finding.Required ? "FAIL" : "warn"),-6}{finding.Name.PadRight(width)}{finding.Found}");
            if (!finding.Met && finding.Remedy is { } remedy)
                output.WriteLine($"      hint: {remedy}");
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
