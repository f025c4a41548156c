using System.CommandLine;
using Mayfly.Terminal;
using Spectre.Console;

namespace Mayfly.Verbs;

/// <summary><c>down</c>: ends everything of the stack and leaves nothing of it on the host but its volumes and images.</summary>
internal static class DownVerb
{
    public static Command Describe(Stack stack)
    {
        var volumes = new Option<bool>("--volumes") { Description = "Remove its data and secrets too; there is no way back" };
        var command = new Command("down", "End every instance and remove networks, rules and names; data stays unless asked.\n\nExample: mayfly down examples/shop") { volumes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            await Screen.ShowAsync<int>(async progress =>
            {
                progress.Report(new Activity($"take {stack.Name} down"));
                if (await place.ObserveAsync(cancellationToken) is { } provider)
                    await provider.RemoveAsync(stack.Name, parsed.GetValue(volumes), cancellationToken);
                progress.Report(new Activity($"take {stack.Name} down") { Ended = true });
                return 0;
            });
            Screen.Out.WriteLine($"{stack.Name} is down{(parsed.GetValue(volumes) ? ", its data removed" : "; its data is kept")}");
            return 0;
        });
        return command;
    }
}
