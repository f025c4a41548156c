using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary>A plan in lines: what comes, what changes, what goes.</summary>
internal static class PlanText
{
    /// <param name="plan">What is, or would be, done.</param>
    /// <param name="name">Whose plan it is.</param>
    /// <param name="dry">True when it is not done.</param>
    /// <param name="output">Gets the lines.</param>
    public static void Write(EnvironmentPlan plan, string name, bool dry, TextWriter output)
    {
        var lines = plan.Install.Select(static one => (Name: one.Chosen.Project.Text, Text: one.Before is null ? $"+ {one.Chosen.Project} {one.Chosen.Version}" : $"~ {one.Chosen.Project} {(one.Before == one.Chosen.Version ? "" : $"{one.Before} → ")}{one.Chosen.Version}"))
            .Concat(plan.Remove.Select(static one => (Name: one.Project.Text, Text: $"- {one.Project} {one.Version}")));
        foreach (var (_, text) in lines.OrderBy(static line => line.Name, StringComparer.Ordinal))
            output.WriteLine(text);
        if (plan.IsEmpty)
            output.WriteLine(plan.Satisfied.Count > 0 ? $"{name} has {string.Join(", ", plan.Satisfied.Select(static one => one.ToString()).Distinct())} already" : $"nothing to do in {name}");
        else
            output.WriteLine($"{name}: {(dry ? "would be " : "")}{string.Join(", ", Counts(plan))}");
    }

    /// <summary>Makes a plan, carries it out before anybody else changes the environment, and says what was done.</summary>
    public static async Task RunAsync(Store store, VirtualEnvironment environment, Func<IProgress<Activity>, Task<EnvironmentPlan>> choose, bool dry, Placement? placement, TextWriter output, CancellationToken cancellationToken)
    {
        var plan = await Terminal.Screen.ShowAsync(async progress =>
        {
            if (dry)
                return await choose(progress);
            return await environment.AloneAsync(async () =>
            {
                var plan = await choose(progress);
                if (!plan.IsEmpty)
                    await plan.RunAsync(store, environment, progress, placement, cancellationToken);
                return plan;
            }, progress, cancellationToken);
        });
        Write(plan, EnvironmentPlaces.OfHost().NameOf(environment.Root), dry, output);
    }

    private static IEnumerable<string> Counts(EnvironmentPlan plan)
    {
        if (plan.Install.Count(static one => one.Before is null) is > 0 and var installed)
            yield return $"{installed} installed";
        if (plan.Install.Count(static one => one.Before is not null) is > 0 and var changed)
            yield return $"{changed} changed";
        if (plan.Remove.Count is > 0 and var removed)
            yield return $"{removed} removed";
    }
}
