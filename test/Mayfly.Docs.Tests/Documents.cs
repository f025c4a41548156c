using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.Docs.Tests;

/// <summary>Documents that rot are worse than none: what they point to is there, what they show is compiled by a test.</summary>
public sealed partial class Documents
{
    public static TheoryData<string> Paths => [.. RepositoryFiles.Documents];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Links_lead_somewhere(string path)
    {
        var text = CodeBlock().Replace(RepositoryFiles.Read(path), "");
        foreach (Match link in Link().Matches(text))
        {
            var target = link.Groups[1].Value;
            if (target.Contains("://", StringComparison.Ordinal))
                continue;
            var (file, anchor) = target.Split('#') is [var before, var after] ? (before, after) : (target, null);
            var full = file is "" ? Path.Combine(RepositoryFiles.Root, path)
                : Path.GetFullPath(Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(path)!, file));
            Assert.True(Path.Exists(full), $"{path} links to {target}, which is not there");
            if (anchor is not null)
                Assert.True(Anchors(File.ReadAllText(full)).Contains(anchor), $"{path} links to {target}, and {file} has no such heading");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Code_is_copied_from_what_tests_run(string path)
    {
        string[] sources = [.. RepositoryFiles.All
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && (file.StartsWith("examples/", StringComparison.Ordinal) || file.StartsWith("test/", StringComparison.Ordinal)))
            .Select(RepositoryFiles.Read).Select(Unindented)];
        foreach (Match block in CodeBlock().Matches(RepositoryFiles.Read(path)).Where(block => block.Groups[1].Value is "csharp" or "cs" or "c#"))
        {
            var code = Unindented(block.Groups[2].Value);
            Assert.True(sources.Any(source => source.Contains(code, StringComparison.Ordinal)),
                $"{path} shows code that is in no file of examples/ or test/:\n{block.Groups[2].Value}");
        }
    }

    [Fact]
    public void The_first_code_block_of_the_readme_is_the_two_commands()
    {
        var block = CodeBlock().Match(RepositoryFiles.Read("README.md")).Groups[2].Value;
        var commands = block.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('#')[0].Trim());
        Assert.Equal(["./mayfly up examples/shop", "./check"], commands);
    }

    /// <summary>Indentation is the document's own business.</summary>
    private static string Unindented(string code)
        => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static HashSet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(CodeBlock().Replace(text, "")))
        {
            var anchor = new StringBuilder();
            foreach (var c in heading.Groups[1].Value.Trim().ToLowerInvariant())
            {
                if (char.IsLetterOrDigit(c) || c is '-' or '_')
                    anchor.Append(c);
                else if (c == ' ')
                    anchor.Append('-');
            }

            anchors.Add(anchor.ToString());
        }

        return anchors;
    }

    [GeneratedRegex(@"^```(\S*)[^\n]*\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
