namespace Mayfly.Cli;

/// <summary>Finds the script that a command line means.</summary>
/// <remarks>
/// The first word after the verb is the folder when it is one that holds a <c>stack.cs</c>, or is written as a path, or
/// is a <c>.cs</c> file; any other word belongs to the verb (<c>mayfly logs web</c>). To name a component that is called
/// like such a folder, write the folder too: <c>mayfly logs . web</c>.
/// </remarks>
internal static class StackScript
{
    public const string FileName = "stack.cs";

    /// <summary>The script's full path; <paramref name="arguments"/> gets what is left for it.</summary>
    public static string Find(string[] words, out string[] arguments)
    {
        if (TryFind(words, out var script, out arguments))
            return script;
        if (words is [var first, ..] && Names(first))
        {
            throw Directory.Exists(first)
                ? new MayflyException($"there is no {FileName} in {Path.GetFullPath(first)}", $"mayfly new {first} writes one to start from")
                : new MayflyException($"{first} does not exist", $"name a folder that holds a {FileName}");
        }

        var later = words.Skip(1).FirstOrDefault(word => !word.StartsWith('-') && File.Exists(Path.Combine(word, FileName)));
        throw later is null
            ? new MayflyException($"there is no {FileName} in {Directory.GetCurrentDirectory()}", "name the stack's folder after the verb, or write a stack with mayfly new")
            : new UsageException($"there is no {FileName} in {Directory.GetCurrentDirectory()}", $"the folder comes right after the verb: mayfly VERB {later} {words[0]} …");
    }

    public static bool TryFind(string[] words, out string script, out string[] arguments)
    {
        if (words is [var first, .. var rest] && Names(first))
        {
            arguments = rest;
            script = Path.GetFullPath(first.EndsWith(".cs", StringComparison.Ordinal) ? first : Path.Combine(first, FileName));
        }
        else
        {
            arguments = words;
            script = Path.GetFullPath(FileName);
        }

        return File.Exists(script);
    }

    private static bool Names(string word) => !word.StartsWith('-')
        && (word.Contains('/') || word is "." or ".." || word.EndsWith(".cs", StringComparison.Ordinal) || File.Exists(Path.Combine(word, FileName)));
}
