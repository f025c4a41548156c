using System.CommandLine;
using Mayfly.Deploying;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>test</c>: runs the stack's tests on a rehearsal of what is declared, with copies of the live volumes.</summary>
internal static class TestVerb
{
    public static Command Describe(Stack stack)
    {
        var live = new Option<bool>("--live") { Description = "Run them on what is live; they may change its data" };
        var command = new Command("test", "Run the stack's tests on a rehearsal: new instances, a private view of the names, copies of the volumes.\n\nExample: mayfly test examples/shop") { live };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            await Screen.ShowAsync<int>(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                if (parsed.GetValue(live))
                {
                    var provider = await place.RequireAsync(cancellationToken);
                    var running = (await provider.ListAsync(stack.Name, cancellationToken)).Where(instance => instance.View == "live").ToList();
                    if (running.Count == 0)
                        throw new MayflyException($"{stack.Name} is down", "`mayfly up` brings it live; `mayfly test` without --live needs nothing live");
                    await StackTests.RunAsync(place.Spec, stack.Tests, provider, running, progress, cancellationToken);
                    return 0;
                }

                var (plan, building) = await new UpPlanner(place).PrepareAsync(progress, cancellationToken);
                await using var images = building;
                await new Deployment(place.Spec, stack, await place.RequireAsync(cancellationToken), images, progress).RehearseAsync(plan.Generation, cancellationToken);
                return 0;
            });
            Screen.Out.WriteLine($"{Counted.Of(stack.Tests.Count, "test")} passed");
            return 0;
        });
        return command;
    }
}
