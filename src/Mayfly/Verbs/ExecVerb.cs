using System.CommandLine;

namespace Mayfly.Verbs;

/// <summary><c>exec</c>: runs a command in an instance.</summary>
internal static class ExecVerb
{
    public static Command Describe(Stack stack)
    {
        var component = CommonOptions.Component(stack);
        var words = new Argument<string[]>("COMMAND") { Description = "The command and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        var command = new Command("exec", "Run a command in a running instance, as the component's user.\n\nExample: mayfly exec examples/shop web -- python3 manage.py check") { component, words };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var provider = await place.RequireAsync(cancellationToken);
            var instance = await Instances.FindAsync(stack, provider, parsed.GetValue(component)!, cancellationToken);
            return await provider.AttachAsync(instance.Id, parsed.GetValue(words)!, terminal: !Console.IsInputRedirected && !Console.IsOutputRedirected, cancellationToken);
        });
        return command;
    }
}
