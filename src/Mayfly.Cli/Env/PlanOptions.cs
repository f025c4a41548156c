using System.CommandLine;
using System.Text.Json;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary>How a plan is carried out and told: <c>--dry-run</c>, <c>--json</c>.</summary>
internal sealed class PlanOptions
{
    private readonly Option<bool> _dry = new("--dry-run") { Description = "Only say what would change" };
    private readonly Option<bool> _json = CommonOptions.Json();

    private PlanOptions()
    {
    }

    public static PlanOptions AddTo(Command command)
    {
        var options = new PlanOptions();
        command.Add(options._dry);
        command.Add(options._json);
        return options;
    }

    /// <summary>Makes a plan, carries it out before anybody else changes the environment, and says what was done.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="store">Gets what is fetched.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="choose">Makes the plan.</param>
    /// <param name="placement">How the environment gets the files of what comes; null for what is usual.</param>
    /// <param name="cancellationToken">Ends it, with nothing changed.</param>
    public async Task RunAsync(ParseResult result, Store store, VirtualEnvironment environment, Func<IProgress<Activity>, Task<EnvironmentPlan>> choose, Placement? placement, CancellationToken cancellationToken)
    {
        var dry = IsDry(result);
        var plan = await Terminal.Screen.ShowAsync(async progress =>
        {
            using var held = store.LockShared(progress, cancellationToken);
            if (dry)
                return await choose(progress);
            return await environment.AloneAsync(async () =>
            {
                var plan = await choose(progress);
                if (!plan.IsEmpty)
                    Preparation.Begin(await plan.RunAsync(store, environment, progress, placement, cancellationToken), environment);
                return plan;
            }, progress, cancellationToken);
        });
        Tell(result, plan, environment.Root);
    }

    /// <summary>True when nothing shall be changed.</summary>
    public bool IsDry(ParseResult result) => result.GetValue(_dry);

    /// <summary>True when a program reads what is said.</summary>
    public bool IsForPrograms(ParseResult result) => result.GetValue(_json);

    /// <summary>Says what was done, or would be.</summary>
    public void Tell(ParseResult result, EnvironmentPlan plan, string root)
    {
        var (output, name) = (result.InvocationConfiguration.Output, EnvironmentPlaces.OfHost().NameOf(root));
        if (IsForPrograms(result))
            output.WriteLine(JsonSerializer.Serialize(new PlanData(name, root, IsDry(result), [.. PlanText.Changes(plan)]), EnvironmentJson.Default.PlanData));
        else
            PlanText.Write(plan, name, IsDry(result), output);
    }
}
