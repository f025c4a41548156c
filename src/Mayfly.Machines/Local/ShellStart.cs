namespace Mayfly.Machines.Local;

/// <summary>How a shell begins that is in a stack: as the user's own does, then with the stack's programs first and its name before the prompt; <c>deactivate</c> leaves it.</summary>
internal static class ShellStart
{
    /// <summary>Writes what it reads as it begins, and gives its command line.</summary>
    /// <param name="shell">By its name or path.</param>
    /// <param name="stack">The stack's name, which has letters, digits and hyphens alone.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="path">What its PATH shall be, whatever its own files make of it.</param>
    /// <param name="variables">Its variables, which may be changed.</param>
    public static IReadOnlyList<string> Write(string shell, string stack, string folder, string path, Dictionary<string, string> variables)
    {
        Directory.CreateDirectory(folder);
        var places = $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        switch (Path.GetFileName(shell))
        {
            case "bash":
                File.WriteAllText($"{folder}/bashrc", $$"""
                    [ ! -r ~/.bashrc ] || . ~/.bashrc
                    PATH={{places}}
                    PS1="({{stack}}) ${PS1-}"
                    deactivate() { exit "$@"; }

                    """);
                return [shell, "--rcfile", $"{folder}/bashrc", "-i"];
            case "zsh":
                var own = variables.GetValueOrDefault("ZDOTDIR") ?? variables.GetValueOrDefault("HOME") ?? "/";
                variables["_MAYFLY_ZDOTDIR"] = own;
                variables["ZDOTDIR"] = folder;
                File.WriteAllText($"{folder}/.zshenv", "[ ! -r \"$_MAYFLY_ZDOTDIR/.zshenv\" ] || . \"$_MAYFLY_ZDOTDIR/.zshenv\"\n");
                File.WriteAllText($"{folder}/.zshrc", $$"""
                    ZDOTDIR=$_MAYFLY_ZDOTDIR
                    unset _MAYFLY_ZDOTDIR
                    [ ! -r "$ZDOTDIR/.zshrc" ] || . "$ZDOTDIR/.zshrc"
                    PATH={{places}}
                    PROMPT="({{stack}}) ${PROMPT-}"
                    deactivate() { exit "$@"; }

                    """);
                return [shell, "-i"];
            case "fish":
                return
                [
                    shell, "-i", "-C", $"""
                    set -gx PATH (string split : -- '{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}')
                    functions -q fish_prompt; and functions -c fish_prompt _mayfly_prompt
                    function fish_prompt; printf '({stack}) '; functions -q _mayfly_prompt; and _mayfly_prompt; end
                    function deactivate; exit $argv; end
                    """,
                ];
            default:
                variables["PS1"] = $"({stack}) $ ";
                return [shell, "-i"];
        }
    }
}
