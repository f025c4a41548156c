using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Mayfly.Cli.Verbs;

namespace Mayfly.Cli;

/// <summary>The command line of <c>mayfly</c>: the stack's verbs are passed on, the tool's own are parsed here.</summary>
internal static class Tool
{
    public static string Version { get; } =
        typeof(Tool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The tool's own verbs, in the order of the help.</summary>
    public static IReadOnlyList<Command> OwnVerbs() =>
    [
        NewVerb.Create(), ImageVerb.Create(), Env.EnvVerb.Create(), WorkonVerb.Create(), ShellInitVerb.Create(), DiffVerb.Create(), Depot.DepotVerb.Create(), PruneVerb.Create(), DoctorVerb.Create(), CompletionVerb.Create(),
    ];

    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // The stack's verbs come first and never load the parser: they are typed all day, and their options are the script's.
        switch (args)
        {
            case [] or ["help"] or ["--help"] or ["-h"] or ["-?"]:
                output.Write(Help.Overview());
                return args is [] ? ExitCode.Misused : ExitCode.Done;
            case ["--version"]:
                output.WriteLine($"mayfly {Version}");
                return ExitCode.Done;
            case ["help", .. var names]:
                return await RunAsync([.. names, "--help"], output);
            case ["pip", .. var typed]:
                return await Pip.PipVerb.RunAsync(typed, output, Console.Error);
            case [Env.Preparation.Word, .. var wheels]:
                return Env.Preparation.Run(wheels);
            case [var name, .. var rest] when StackVerb.Find(name) is { } verb:
                return PassOn(verb, rest, output);
        }

        // Not a RootCommand: that one takes its name from the file of the program, which is not what is typed.
        var root = new Command("mayfly") { ExampledCommand.Help() };
        foreach (var command in OwnVerbs())
            root.Add(command);
        if (root.Subcommands.All(command => command.Name != args[0]))
            throw new UsageException($"mayfly has no verb {args[0]}", Help.Nearest(args[0]));

        var parsed = root.Parse(args);
        if (parsed.CommandResult.Command is { Subcommands.Count: > 0 } parent && parsed.UnmatchedTokens is [var wrong, ..] && wrong[0] != '-')
            throw new UsageException($"mayfly {Help.PathOf(parent)} has no verb {wrong}", Help.Nearest(wrong, parent));
        if (Help.Slip(parsed) is { } slip && !AsksForHelp(args))
            throw slip;
        if (parsed.Errors is [var error, ..] && !AsksForHelp(args))
            throw new UsageException(Help.Lower(error.Message), $"mayfly {Help.PathOf(parsed.CommandResult.Command)} --help shows what it takes");
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, ProcessTerminationTimeout = null };
        return parsed.Action is not AsynchronousCommandLineAction ? parsed.Invoke(configuration) : await Interruption.RunAsync(cancellationToken => parsed.InvokeAsync(configuration, cancellationToken), static () =>
        {
            Console.Error.WriteLine("error: interrupted");
            Console.Error.WriteLine("hint: nothing is half-done; run the command again to carry on");
        });
    }

    private static bool AsksForHelp(IEnumerable<string> words) => words.TakeWhile(static word => word != "--").Any(static word => word is "--help" or "-h" or "-?");

    private static int PassOn(StackVerb verb, string[] rest, TextWriter output)
    {
        if (AsksForHelp(rest) && StackScript.TryFind(rest, out _, out _) is false)
        {
            output.Write(Help.Of(verb));
            return ExitCode.Done;
        }

        var script = StackScript.Find(rest, out var arguments);
        var program = ScriptBuild.Ensure(script, Console.Error);
        return Execution.Replace(program, [verb.Name, .. arguments]);
    }
}
