using System.CommandLine;
using System.Text;

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

    /// <summary>A parser's sentence in the form of our own: <c>error: required argument missing …</c>.</summary>
    public static string Lower(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');

    public static string Nearest(string typed)
    {
        var nearest = StackVerb.All.Select(verb => verb.Name).Concat(Tool.OwnVerbs().Select(command => command.Name))
            .MinBy(name => Distance(typed, name))!;
        return Distance(typed, nearest) <= 2 ? $"did you mean mayfly {nearest}?" : "mayfly --help lists the verbs";
    }

    /// <summary>Edits (insert, remove, replace one letter) from one word to the other.</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var next = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = next;
            }
        }

        return row[^1];
    }
}
