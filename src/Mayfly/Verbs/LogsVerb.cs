using System.CommandLine;

namespace Mayfly.Verbs;

/// <summary><c>logs</c>: what components have printed.</summary>
internal static class LogsVerb
{
    public static Command Describe(Stack stack)
    {
        var components = new Argument<string[]>("COMPONENT") { Description = "Only these components; all without it", Arity = ArgumentArity.ZeroOrMore };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until interrupted" };
        var command = new Command("logs", "Show what components have printed, merged by time.\n\nExample: mayfly logs examples/shop web -f") { components, follow };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var asked = parsed.GetValue(components)!;
            foreach (var name in asked)
                Instances.RequireKnown(stack, name);
            var provider = await place.RequireAsync(cancellationToken);
            try
            {
                await foreach (var line in provider.ReadLogsAsync(stack.Name, asked, parsed.GetValue(follow), cancellationToken))
                    Console.Out.WriteLine($"{line.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss.fff} {line.Instance} | {line.Text}");
            }
            catch (OperationCanceledException) when (parsed.GetValue(follow))
            {
                // An interrupt is how following ends.
            }

            return 0;
        });
        return command;
    }
}
