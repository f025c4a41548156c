using System.CommandLine;

namespace Mayfly.Verbs;

/// <summary><c>shell</c>: a shell in an instance, to look; what is changed there is gone at the next start.</summary>
internal static class ShellVerb
{
    public static Command Describe(Stack stack)
    {
        var component = CommonOptions.Component(stack);
        var command = new Command("shell", "Open a shell in a running instance. Look, do not edit: changes are gone at its next start.\n\nExample: mayfly shell examples/shop orders") { component };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var provider = await place.RequireAsync(cancellationToken);
            var instance = await Instances.FindAsync(stack, provider, parsed.GetValue(component)!, cancellationToken);
            return await provider.AttachAsync(instance.Id, ["/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"], terminal: !Console.IsInputRedirected, cancellationToken);
        });
        return command;
    }
}
