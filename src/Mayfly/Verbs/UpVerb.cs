using System.CommandLine;
using Mayfly.Deploying;
using Mayfly.Planning;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>up</c>: builds, tests and goes live; again without a change it does nothing.</summary>
internal static class UpVerb
{
    public static Command Describe(Stack stack)
    {
        var json = CommonOptions.Json();
        var keep = CommonOptions.KeepFailed();
        var command = new Command("up", "Build what changed, test it, and go live.\n\nExample: mayfly up examples/shop") { json, CommonOptions.Offline, keep };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var plan = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                var (plan, building) = await new UpPlanner(place) { KeepFailed = parsed.GetValue(keep) }.PrepareAsync(progress, cancellationToken);
                await using var images = building;
                if (!plan.Nothing)
                    await new Deployment(place.Spec, stack, await place.RequireAsync(cancellationToken), images, progress).RunAsync(plan, cancellationToken);
                await images.WaitAsync();
                return plan;
            });
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(PlanJson.Write(plan));
                return 0;
            }

            Screen.Out.MarkupLineInterpolated(plan.Nothing
                ? (FormattableString)$"{stack.Name} is live as declared: nothing to do (generation {plan.Generation.Number})"
                : $"[green]{stack.Name} is live[/] (generation {plan.Generation.Number}, {Counted.Of(plan.Generation.Instances.Count, "instance")})");
            foreach (var published in plan.Published)
                Screen.Out.WriteLine($"  {published.Component}: http://{published.HostAddress ?? "localhost"}:{published.HostPort}/");
            return 0;
        });
        return command;
    }
}
