using Mayfly.Environments;

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
        foreach (var change in Changes(plan))
            output.WriteLine(change);
        if (plan.IsEmpty)
            output.WriteLine(plan.Satisfied.Count > 0 ? $"{name} has {string.Join(", ", plan.Satisfied.Select(static one => one.ToString()).Distinct())} already" : $"nothing to do in {name}");
        else
            output.WriteLine($"{name}: {(dry ? "would be " : "")}{string.Join(", ", Counts(plan))}");
    }

    /// <summary>In the order of the names.</summary>
    public static IEnumerable<ChangeData> Changes(EnvironmentPlan plan) => plan.Install.Select(static one => new ChangeData(one.Chosen.Project.Text, (one.Before == one.Chosen.Version ? one.Chosen.Version : one.Before)?.ToString(), one.Chosen.Version.ToString()))
        .Concat(plan.Remove.Select(static one => new ChangeData(one.Project.Text, one.Version.ToString(), null))).OrderBy(static change => change.Name, StringComparer.Ordinal);

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
