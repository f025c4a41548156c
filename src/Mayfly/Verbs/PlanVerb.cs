using System.CommandLine;
using Mayfly.Deploying;
using Mayfly.Planning;
using Mayfly.Terminal;

namespace Mayfly.Verbs;

/// <summary><c>plan</c>: prints exactly what <c>up</c> would do, and does none of it.</summary>
internal static class PlanVerb
{
    public static Command Describe(Stack stack)
    {
        var json = CommonOptions.Json();
        var command = new Command("plan", "Print what `up` would do, without doing it.\n\nExample: mayfly plan examples/shop --json") { json, CommonOptions.Offline };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var plan = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                return await new UpPlanner(place).PlanAsync(progress, cancellationToken);
            });
            Console.Out.WriteLine(parsed.GetValue(json) ? PlanJson.Write(plan) : PlanText.Write(plan));
            return 0;
        });
        return command;
    }
}
