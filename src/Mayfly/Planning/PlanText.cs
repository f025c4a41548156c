using System.Globalization;
using System.Text;

namespace Mayfly.Planning;

/// <summary>A plan for people: what changes first, what stays in one line, no colours needed to understand it.</summary>
internal static class PlanText
{
    public static string Write(Plan plan)
    {
        if (plan.Nothing)
            return $"{plan.Stack} is live as declared: `up` would do nothing";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{plan.Stack}: `up` would go to generation {plan.Generation.Number}\n");
        if (plan.Resolve is not null)
            text.Append($"  resolve packages and write stack.lock: {plan.Resolve}\n");
        if (plan.PackagesToFetch > 0)
            text.Append(CultureInfo.InvariantCulture, $"  fetch {plan.PackagesToFetch} packages, {plan.BytesToFetch / 1e6:0.0} MB\n");
        if (plan.LicencesToJudge > 0)
            text.Append($"  judge the licences of {Counted.Of(plan.LicencesToJudge, "package")}\n");
        foreach (var image in plan.Layers.GroupBy(layer => layer.Component))
        {
            var built = image.Where(layer => layer.Build).Select(layer => layer.Origin).ToList();
            if (built.Count > 0)
                text.Append(CultureInfo.InvariantCulture, $"  build image {image.Key}: {string.Join(", ", built)}{(built.Count < image.Count() ? $" ({image.Count() - built.Count} layers are there)" : "")}\n");
        }

        if (plan.Rehearsal)
            text.Append(CultureInfo.InvariantCulture, $"  rehearse: {Counted.Of(plan.Generation.Instances.Count, "instance")} on copies of the volumes\n");
        foreach (var migration in plan.Migrations)
            text.Append($"  migrate {migration}\n");
        foreach (var test in plan.Tests)
            text.Append($"  test: {test}\n");
        foreach (var change in plan.Instances.Where(change => change.Kind != ChangeKind.Keep))
            text.Append($"  {change.Kind.ToString().ToLowerInvariant()} {change.Name} on {change.Machine}: {change.Reason}\n");
        var kept = plan.Instances.Where(change => change.Kind == ChangeKind.Keep).Select(change => change.Name).ToList();
        if (kept.Count > 0)
            text.Append($"  keep {string.Join(", ", kept)}\n");
        foreach (var published in plan.Published)
            text.Append(CultureInfo.InvariantCulture, $"  publish {published.Component} on port {published.HostPort}\n");
        return text.ToString().TrimEnd('\n');
    }
}
