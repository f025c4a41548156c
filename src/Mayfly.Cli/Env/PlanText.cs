using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary>A plan in lines: what comes, what changes, what goes.</summary>
internal static class PlanText
{
    public static void Write(EnvironmentPlan plan, TextWriter output)
    {
        foreach (var (sign, text) in plan.Install.Select(static one => (Sign: one.Before is null ? '+' : '~', Name: one.Chosen.Project.Text, Text: one.Before is null || one.Before == one.Chosen.Version ? $"{one.Chosen.Version}" : $"{one.Before} → {one.Chosen.Version}"))
            .Concat(plan.Remove.Select(static one => (Sign: '-', Name: one.Project.Text, Text: one.Version.ToString()))).OrderBy(static line => line.Name, StringComparer.Ordinal).Select(static line => (line.Sign, $"{line.Name} {line.Text}")))
            output.WriteLine($"{sign} {text}");
    }

    /// <summary>Carries a plan out and says what was done.</summary>
    public static async Task RunAsync(Store store, VirtualEnvironment environment, Func<IProgress<Activity>, Task<EnvironmentPlan>> choose, bool dry, TextWriter output, CancellationToken cancellationToken)
    {
        var plan = await Terminal.Screen.ShowAsync(async progress =>
        {
            var plan = await choose(progress);
            if (!plan.IsEmpty && !dry)
                await plan.RunAsync(store, environment, progress, cancellationToken);
            return plan;
        });
        Write(plan, output);
        var name = EnvironmentPlaces.OfHost().NameOf(environment.Root);
        if (plan.IsEmpty)
            output.WriteLine(plan.Satisfied.Count > 0 ? $"{name} has {string.Join(", ", plan.Satisfied.Select(static one => one.ToString()).Distinct())} already" : $"nothing to do in {name}");
        else
            output.WriteLine($"{name}: {(dry ? "would be " : "")}{string.Join(", ", Counts(plan))}");
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
