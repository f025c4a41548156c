using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Mayfly.Packages;

namespace Mayfly.Cli;

/// <summary>What <c>--help</c> prints and what a mistyped verb is told.</summary>
internal static class Help
{
    public static string Overview()
    {
        var text = new StringBuilder();
        text.Append("""
            Builds disposable machines from one C# build script, and runs the stack that lives on them.

            Usage: mayfly VERB [FOLDER] [OPTIONS]

            The stack in FOLDER/stack.cs (in this folder unless named):

            """);
        foreach (var verb in StackVerb.All)
            text.Append($"  {verb.Name,-12}{verb.Summary}\n");
        text.Append("\nThis machine:\n");
        foreach (var command in Tool.OwnVerbs())
            text.Append($"  {command.Name,-12}{command.Description}\n");
        text.Append("""

            Examples:
              mayfly new shop              write a stack.cs to start from
              mayfly up shop               bring it live; again after every edit
              mayfly logs shop -f web      follow what one component writes
              mayfly down shop             end it; its data stays

            mayfly VERB --help explains one verb. Exit codes: 0 done, 1 failed, 2 misused, 3 tests failed, 130 interrupted.

            """);
        return text.ToString();
    }

    /// <summary>For a verb of the stack where no script is there to ask.</summary>
    public static string Of(StackVerb verb) => $"""
        {verb.Summary}.

        Usage: mayfly {verb.Name} [FOLDER] {verb.Arguments}

        FOLDER holds the stack.cs (this folder unless named), or is the path of another script. The script itself carries
        out the verb: in a folder with a stack.cs, mayfly {verb.Name} --help lists all its options.

        """.Replace(" \n", "\n");

    public static string PathOf(Command command)
    {
        var names = new Stack<string>();
        for (Symbol? symbol = command; symbol is Command { Name: not "mayfly" }; symbol = symbol.Parents.FirstOrDefault())
            names.Push(symbol.Name);
        return string.Join(' ', names);
    }

    /// <summary>A word that looks like an option and is none, which the parser takes for an argument where one may stand: nobody's package, file or environment is called so.</summary>
    public static UsageException? Slip(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Tokens.Any(static token => token.Type == TokenType.DoubleDash))
            return null;
        // Behind the name of a program, options are that program's.
        var words = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Argument.Name == "COMMAND" ? argument.Tokens.Take(1) : argument.Tokens).Select(static token => token.Value);
        var slip = words.Concat(parsed.UnmatchedTokens).FirstOrDefault(static word => word.Length > 1 && word[0] == '-');
        return slip is null ? null : new UsageException($"{PathOf(command)} has no option {slip.Split('=')[0]}",
            Spelling.Near(command.Options.Select(static option => option.Name), slip.Split('=')[0], count: 1) is [var nearest] ? $"did you mean {nearest}?" : $"mayfly {PathOf(command)} --help shows what it takes");
    }

    /// <summary>A parser's sentence in the form of our own: <c>error: required argument missing …</c>.</summary>
    public static string Lower(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');

    public static string Nearest(string typed) =>
        Spelling.Near(StackVerb.All.Select(verb => verb.Name).Concat(Tool.OwnVerbs().Select(command => command.Name)), typed, count: 1) is [var nearest]
            ? $"did you mean mayfly {nearest}?" : "mayfly --help lists the verbs";

    /// <summary>The same among the verbs of a verb.</summary>
    public static string Nearest(string typed, Command parent) => Spelling.Near(parent.Subcommands.Select(command => command.Name), typed, count: 1) is [var nearest]
        ? $"did you mean mayfly {PathOf(parent)} {nearest}?" : $"mayfly {PathOf(parent)} --help lists its verbs";
}
