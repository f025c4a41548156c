using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Mayfly.Cli.Tests;

/// <summary>The same day's work with virtualenvwrapper and with ours: what is printed, exit codes, hooks and their order, where one is and what is active.</summary>
[Trait("needs", "oracle")]
public sealed partial class WordsOfVirtualenvwrapper : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_word_does_in_every_shell_what_it_does_there()
    {
        var theirs = new ShellUnderTest("bash", Directory.CreateDirectory($"{_folder.Path}/theirs").FullName);
        var judged = Plain(theirs, theirs.Run($"source /usr/share/virtualenvwrapper/virtualenvwrapper.sh\n{Session("session.sh")}"));
        Assert.Contains("-- two names [code", judged);
        foreach (var (shell, session) in ((string, string)[])[("bash", $"set -u\n{Session("session.sh")}"), ("zsh", $"set -u\n{Session("session.sh")}"), ("fish", Session("session.fish"))])
        {
            var ours = new ShellUnderTest(shell, Directory.CreateDirectory($"{_folder.Path}/{shell}").FullName);
            ours.TakeWords(_folder);
            Assert.Equal(judged, Plain(ours, ours.Run($"source {ours.Words}\n{session}")));
        }
    }

    private static string Plain(ShellUnderTest shell, string output) => Random().Replace(Announced().Replace(output.Replace(shell.Home, "HOME"), ""), "tmp-X");

    private static string Session(string name, [CallerFilePath] string source = "") => File.ReadAllText($"{Path.GetDirectoryName(source)}/Words/{name}");

    [GeneratedRegex("^virtualenvwrapper.user_scripts creating .*\n", RegexOptions.Multiline)]
    private static partial Regex Announced();

    [GeneratedRegex("tmp-[0-9a-f]+")]
    private static partial Regex Random();
}
