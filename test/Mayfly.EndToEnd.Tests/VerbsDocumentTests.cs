using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.EndToEnd.Tests;

/// <summary>
/// docs/reference/verbs.md is a session that a user could type: it is typed here, from its first line to its last, and what
/// is printed must be what stands there. An ellipsis stands for anything; alone on a line, for any lines.
/// </summary>
[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
public sealed partial class VerbsDocumentTests
{
    private const string DocumentedPort = "8080", OwnPort = "18086";

    private static readonly string Document = File.ReadAllText(Path.Combine(Tool.Repository, "docs/reference/verbs.md"));

    [Fact]
    public async Task What_the_document_shows_is_what_happens()
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-verbs-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, ".bin"));
        File.CreateSymbolicLink(Path.Combine(folder, ".bin/mayfly"), Path.Combine(Tool.Repository, "mayfly"));
        // So that the tool is built, which others may be doing.
        (await Tool.MayflyAsync("--version")).Succeeded();
        try
        {
            var steps = Session();
            Assert.True(steps.Count > 30, $"only {steps.Count} commands were found");
            foreach (var (command, expected) in steps)
            {
                var printed = await PrintedAsync(folder, command);
                // What a server says comes when it comes.
                for (var times = 0; times < 20 && command.StartsWith("mayfly logs ", StringComparison.Ordinal) && !Pattern(expected).IsMatch(printed.Trim('\n')); times++)
                {
                    await Task.Delay(500);
                    printed = await PrintedAsync(folder, command);
                }

                Assert.True(Pattern(expected).IsMatch(printed.Trim('\n')), $"$ {command}\nprints\n{printed}\nand the document says\n{expected}");
                // A shop that the user has live holds the scaffold's port, and images of an earlier run are in the store.
                var script = Path.Combine(folder, "hello/stack.cs");
                if (File.Exists(script) && File.ReadAllText(script) is var text && text.Contains($"({DocumentedPort})", StringComparison.Ordinal))
                    await File.WriteAllTextAsync(script, text.Replace($"({DocumentedPort})", $"({OwnPort})", StringComparison.Ordinal));
                if (command.StartsWith("mayfly new", StringComparison.Ordinal))
                    await File.AppendAllTextAsync(Path.Combine(folder, "hello/site/index.html"), $"<!-- {Guid.NewGuid()} -->\n");
            }
        }
        finally
        {
            await Tool.MayflyAsync("down", Path.Combine(folder, "hello"), "--volumes");
            Directory.Delete(folder, recursive: true);
        }

        Assert.Empty(await Leftovers.FindAsync("hello"));
    }

    [Fact]
    public async Task Every_verb_has_its_section()
    {
        var help = (await Tool.MayflyAsync("--help")).Succeeded().Output;
        var verbs = HelpLine().Matches(help).Select(line => line.Groups[1].Value).ToList();
        Assert.Contains("up", verbs);
        Assert.Contains("doctor", verbs);
        Assert.All(verbs, verb => Assert.Contains($"\n## {verb}\n", Document));
        Assert.All(verbs, verb => Assert.Contains(Session(), step => step.Command.Contains($"mayfly {verb}", StringComparison.Ordinal)));
    }

    private static async Task<string> PrintedAsync(string folder, string command)
    {
        var ended = await Tool.RunAsync("/bin/sh", "-c", $"cd '{folder}' && PATH='{folder}/.bin':$PATH && exec 2>&1\n{command}");
        var printed = ended.Output.Replace(OwnPort, DocumentedPort, StringComparison.Ordinal).TrimEnd();
        return ended.ExitCode == 0 ? printed : $"{printed}\n(exit code {ended.ExitCode})";
    }

    private static List<(string Command, string Expected)> Session()
    {
        List<(string, string)> steps = [];
        foreach (var line in Console().Matches(Document).SelectMany(block => block.Groups[1].Value.TrimEnd('\n').Split('\n')))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
                steps.Add((line[2..], ""));
            else
                steps[^1] = (steps[^1].Item1, $"{steps[^1].Item2}{(steps[^1].Item2 is "" ? "" : "\n")}{line}");
        }

        return steps;
    }

    private static Regex Pattern(string expected)
    {
        var pattern = new StringBuilder("^");
        var lines = expected.Split('\n');
        for (var n = 0; n < lines.Length; n++)
        {
            var last = n == lines.Length - 1;
            if (lines[n] == "…")
                pattern.Append(last ? @"[\s\S]*" : @"(?:.*\n)*?");
            else
                pattern.Append(string.Join(".*", lines[n].Split('…').Select(Regex.Escape))).Append(last ? "" : lines[n + 1] == "…" && n + 2 == lines.Length ? @" *\n?" : @" *\n");
        }

        return new Regex(pattern.Append('$').ToString(), RegexOptions.None, TimeSpan.FromSeconds(10));
    }

    [GeneratedRegex(@"^```console\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Console();

    [GeneratedRegex(@"^  ([a-z]+) {2,}[A-Z]", RegexOptions.Multiline)]
    private static partial Regex HelpLine();
}
