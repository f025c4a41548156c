namespace Mayfly.Cli.Tests;

/// <summary>What the tool says of itself and of wrong words: whole, exit code, stdout and stderr.</summary>
public sealed class HelpAndMistakes : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("no-words")]
    [InlineData("help-of-new", "new", "--help")]
    [InlineData("help-of-doctor", "doctor", "--help")]
    [InlineData("help-of-completion", "completion", "--help")]
    [InlineData("help-of-shell-init", "shell-init", "--help")]
    [InlineData("help-of-workon", "workon", "--help")]
    [InlineData("help-of-image-build", "image", "build", "--help")]
    [InlineData("help-of-image-export", "image", "export", "--help")]
    [InlineData("help-of-env", "env", "--help")]
    [InlineData("help-of-env-create", "env", "create", "--help")]
    [InlineData("help-of-env-install", "env", "install", "--help")]
    [InlineData("help-of-env-lock", "env", "lock", "--help")]
    [InlineData("nothing-to-install", "env", "install")]
    [InlineData("help-of-env-create", "help", "env", "create")]
    [InlineData("misspelt-option", "env", "install", "--upgrad", "driver")]
    [InlineData("option-of-other-verbs", "env", "install", "driver", "--offline")]
    [InlineData("misspelt-option-of-run", "env", "run", "--evn", "shop", "python", "--version")]
    [InlineData("unknown-verb-of-env", "env", "instal", "django")]
    [InlineData("unknown-verb-of-image", "image", "frobnicate")]
    [InlineData("no-name-of-an-environment", "env", "create", ".hidden")]
    [InlineData("help-of-depot", "depot", "--help")]
    [InlineData("help-of-depot-publish", "depot", "publish", "--help")]
    [InlineData("help-of-depot-verify", "depot", "verify", "--help")]
    [InlineData("help-of-depot-list", "depot", "list", "--help")]
    [InlineData("no-depot", "depot", "verify", "nowhere")]
    [InlineData("no-lock", "depot", "publish", "nowhere", "--to", "depot")]
    [InlineData("no-endpoint", "depot", "serve", "depot", "--listen", "somewhere")]
    [InlineData("no-format", "image", "export", "some", "--output", "x", "--format", "zip")]
    [InlineData("no-base", "image", "build", "--base", "plan9")]
    [InlineData("no-image", "image", "inspect", "nothing")]
    [InlineData("no-images", "image", "list")]
    [InlineData("help-of-a-stack-verb", "help", "exec")]
    [InlineData("unknown-verb-near", "stauts")]
    [InlineData("unknown-verb-far", "frobnicate")]
    [InlineData("unknown-option", "new", "--wrong")]
    [InlineData("unknown-shell", "completion", "tcsh")]
    [InlineData("unknown-shell-for-words", "shell-init", "tcsh")]
    [InlineData("missing-argument", "completion")]
    [InlineData("no-stack-here", "up")]
    [InlineData("no-stack-there", "up", "./nowhere")]
    [InlineData("no-stack-in-folder", "plan", ".")]
    public void Is_said_whole(string snapshot, params string[] arguments) => Invocation.Run(_folder, arguments).ShouldMatch(snapshot);

    [Fact]
    public void A_folder_in_the_wrong_place_is_recognised()
    {
        _folder.With("shop/stack.cs", "return 0;");
        Invocation.Run(_folder, "up", "--json", "shop").ShouldMatch("folder-in-the-wrong-place");
    }

    [Fact]
    public void Help_shows_what_an_argument_is_and_not_what_there_is()
    {
        _folder.With("environments/work/pyvenv.cfg", "");
        foreach (var verb in new[] { "copy", "delete", "list" })
        {
            var help = Invocation.Run(_folder, new Dictionary<string, string?> { ["WORKON_HOME"] = $"{_folder.Path}/environments" }, "env", verb, "--help").Output;
            Assert.Contains("NAME", help, StringComparison.Ordinal);
            Assert.DoesNotContain("work>", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_help_names_every_verb_once()
    {
        var text = Help.Overview();
        foreach (var name in StackVerb.All.Select(verb => verb.Name).Concat(Tool.OwnVerbs().Select(command => command.Name)))
            Assert.Single(text.Split('\n'), line => line.StartsWith($"  {name} ", StringComparison.Ordinal));
    }
}
