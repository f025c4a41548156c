using System.Text;

namespace Mayfly.Environments;

/// <summary>The words of virtualenvwrapper (<c>mkvirtualenv</c>, <c>workon</c>, …) as functions of a shell, for it to read as it begins.</summary>
/// <remarks>They are functions and no programs, for only the shell itself can change its variables; the texts are in <c>Words/</c>, in the language of each shell.</remarks>
public static class ShellWords
{
    /// <summary>The shells that have them.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="tool">The path of the program that makes and deletes environments; where it is gone later, the functions look for <c>mayfly</c> on PATH.</param>
    public static string For(string shell, string tool)
    {
        string[] parts = shell == "fish" ? ["words.fish"] : ["base.sh", $"words.{shell}", "hooks.sh", "working.sh", "making.sh", "looking.sh", "changing.sh", "projects.sh", "begin.sh"];
        var text = new StringBuilder(shell == "fish"
            ? $"# mayfly shell-init for fish: put  mayfly shell-init fish | source  into ~/.config/fish/config.fish\nset -g _MAYFLY '{tool.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'\n"
            : $"# mayfly shell-init for {shell}: put  eval \"$(mayfly shell-init {shell})\"  into ~/.{shell}rc\n_MAYFLY='{tool.Replace("'", "'\\''", StringComparison.Ordinal)}'\n");
        foreach (var part in parts)
            text.Append(EmbeddedText.Of($"Words.{part}"));
        return text.ToString();
    }
}
