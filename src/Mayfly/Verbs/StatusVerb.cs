using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Machines;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>status</c>: what runs, read from what runs, and what drifted from its image.</summary>
internal static class StatusVerb
{
    public static Command Describe(Stack stack)
    {
        var json = CommonOptions.Json();
        var command = new Command("status", "Show what runs, where, how healthy, and what drifted from its image.\n\nExample: mayfly status examples/shop") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var provider = await place.ObserveAsync(cancellationToken);
            var generation = provider is null ? null : await provider.ReadGenerationAsync(stack.Name, cancellationToken);
            var rows = new List<StatusRow>();
            foreach (var instance in provider is null ? [] : await provider.ListAsync(stack.Name, cancellationToken))
            {
                rows.Add(new StatusRow(
                    $"{instance.Spec.Component}-{instance.Spec.Replica}", instance.Spec.Machine, instance.View, instance.Phase.ToString().ToLowerInvariant(), instance.Address,
                    instance.StartedAt, instance.Restarts, instance.Reason, await provider!.ReadDriftAsync(instance.Id, cancellationToken)));
            }

            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(new StatusReport(stack.Name, generation?.Number, generation?.Published ?? [], rows), StatusJson.Default.StatusReport));
            else
                Show(stack, generation, rows);
            return generation is null || rows.Exists(row => row.Phase != "healthy") ? 1 : 0;
        });
        return command;
    }

    private static void Show(Stack stack, Generation? generation, List<StatusRow> rows)
    {
        if (generation is null)
        {
            Screen.Out.WriteLine($"{stack.Name} is down. `mayfly up` brings it live.");
            return;
        }

        Screen.Out.WriteLine($"{stack.Name}, generation {generation.Number}");
        var table = new Table().Border(TableBorder.Simple).AddColumns("instance", "machine", "state", "address", "up for", "restarts", "drift");
        foreach (var row in rows)
        {
            table.AddRow(new Text(row.View == "live" ? row.Instance : $"{row.Instance} ({row.View})"), new Text(row.Machine), State(row), new Text(row.Address),
                new Text(Age(row.StartedAt)), new Text($"{row.Restarts}"), new Text(row.Drift.Count == 0 ? "none" : Counted.Of(row.Drift.Count, "path")));
        }

        Screen.Out.Write(table);
        foreach (var row in rows.Where(row => row.Reason is not null))
            Screen.Out.WriteLine($"{row.Instance}: {row.Reason}");
        foreach (var row in rows.Where(row => row.Drift.Count > 0))
            Screen.Out.WriteLine($"{row.Instance} drifted: {string.Join(' ', row.Drift.Take(8))}{(row.Drift.Count > 8 ? $" and {row.Drift.Count - 8} more (--json lists all)" : "")}");
        foreach (var published in generation.Published)
            Screen.Out.WriteLine($"{published.Component} is published on http://{published.HostAddress ?? "localhost"}:{published.HostPort}/");
    }

    private static Markup State(StatusRow row) => row.Phase switch
    {
        "healthy" => new Markup("[green]healthy[/]"),
        "failed" or "unhealthy" => new Markup($"[red]{row.Phase}[/]"),
        _ => new Markup($"[yellow]{row.Phase}[/]"),
    };

    private static string Age(DateTimeOffset? started) => started is not { } since ? "" : (DateTimeOffset.UtcNow - since) switch
    {
        { TotalMinutes: < 2 } age => $"{age.TotalSeconds:0} s",
        { TotalHours: < 2 } age => $"{age.TotalMinutes:0} min",
        { TotalDays: < 2 } age => $"{age.TotalHours:0} h",
        var age => $"{age.TotalDays:0} days",
    };
}

internal sealed record StatusReport(string Stack, int? Generation, IReadOnlyList<PublishedPort> Published, IReadOnlyList<StatusRow> Instances);

internal sealed record StatusRow(string Instance, string Machine, string View, string Phase, string Address, DateTimeOffset? StartedAt, int Restarts, string? Reason, IReadOnlyList<string> Drift);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
