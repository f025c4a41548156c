using System.CommandLine;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly completion bash|zsh|fish</c>: a script for the shell, made from the same tables as the help.</summary>
internal static class CompletionVerb
{
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("bash" or "zsh" or "fish") } token])
                result.AddError($"there is no completion for {token.Value}, only for bash, zsh and fish");
        });
        var command = new Command("completion", "Print a script that completes mayfly's words in your shell") { shell };
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.Write(result.GetValue(shell) switch
            {
                "bash" => Bash(),
                "zsh" => Zsh(),
                _ => Fish(),
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<(string Name, string Summary)> Verbs() =>
        StackVerb.All.Select(verb => (verb.Name, verb.Summary)).Concat(Tool.OwnVerbs().Select(command => (command.Name, command.Description!)));

    /// <summary>What may follow one of the tool's own verbs, by verb.</summary>
    private static IEnumerable<(string Verb, string Words)> Following() =>
        from command in Tool.OwnVerbs()
        let words = command.Subcommands.Select(sub => sub.Name)
            .Concat(command.Options.Where(option => option is not System.CommandLine.Help.HelpOption).Select(option => option.Name))
            .Concat(command.Name is "completion" or "shell-init" ? ["bash", "zsh", "fish"] : [])
        where words.Any()
        select (command.Name, string.Join(' ', words));

    private static string Bash() => $$"""
        # mayfly completion for bash: put  eval "$(mayfly completion bash)"  into ~/.bashrc
        _mayfly() {
            local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-}
            if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "{{string.Join(' ', Verbs().Select(verb => verb.Name))}} --help --version" -- "$word"))
                return
            fi
            case $verb in
        {{string.Join('\n', Following().Select(follow => $"        {follow.Verb}) COMPREPLY=($(compgen -W \"{follow.Words}\" -- \"$word\")) ;;"))}}
            esac
            [ "$COMP_CWORD" -ne 2 ] || COMPREPLY+=($(compgen -d -- "$word"))
        }
        complete -o filenames -F _mayfly mayfly ./mayfly

        """;

    private static string Zsh() => $$"""
        #compdef mayfly
        # mayfly completion for zsh: put  eval "$(mayfly completion zsh)"  into ~/.zshrc
        _mayfly() {
            local -a verbs
            verbs=(
        {{string.Join('\n', Verbs().Select(verb => $"        '{verb.Name}:{verb.Summary.Replace("'", "'\\''")}'"))}}
            )
            if (( CURRENT == 2 )); then
                _describe verb verbs
                return
            fi
            case $words[2] in
        {{string.Join('\n', Following().Select(follow => $"        {follow.Verb}) compadd -- {follow.Words} ;;"))}}
            esac
            (( CURRENT == 3 )) && _files -/
        }
        compdef _mayfly mayfly

        """;

    private static string Fish() => $$"""
        # mayfly completion for fish: put this into ~/.config/fish/completions/mayfly.fish
        complete -c mayfly -n __fish_use_subcommand -f
        {{string.Concat(Verbs().Select(verb => $"complete -c mayfly -n __fish_use_subcommand -f -a {verb.Name} -d '{verb.Summary.Replace("'", "\\'")}'\n"))}}{{string.Concat(Following().Select(follow => $"complete -c mayfly -n '__fish_seen_subcommand_from {follow.Verb}' -a '{follow.Words}'\n"))}}
        """;
}
