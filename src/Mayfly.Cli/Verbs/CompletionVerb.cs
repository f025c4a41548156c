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

    /// <summary>Those of <c>env</c> whose words are environments.</summary>
    private static readonly string[] OfEnvironments = ["copy", "delete", "list"];

    /// <summary>Verbs that have verbs below them.</summary>
    private static IEnumerable<Command> Parents() => Tool.OwnVerbs().Where(static command => command.Subcommands.Count > 0);

    private static string Below(Command parent) => string.Join(' ', parent.Subcommands.Select(static sub => sub.Name));

    private static string Options(Command command) => string.Join(' ', command.Options.Where(static option => option is not System.CommandLine.Help.HelpOption).Select(static option => option.Name));

    /// <summary>What may follow one of the tool's own verbs that has none below it, by verb.</summary>
    private static IEnumerable<(string Verb, string Words)> Following() =>
        from command in Tool.OwnVerbs()
        where command.Subcommands.Count == 0
        let words = $"{Options(command)}{(command.Name is "completion" or "shell-init" ? " bash zsh fish" : "")}".Trim()
        where words.Length > 0
        select (command.Name, words);

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);

    private static string Bash() => $$"""
        # mayfly completion for bash: put  eval "$(mayfly completion bash)"  into ~/.bashrc
        _mayfly_environments() {
            local found
            for found in "${WORKON_HOME:-$HOME/.virtualenvs}"/*/pyvenv.cfg; do
                found=${found%/pyvenv.cfg}
                [ ! -d "$found" ] || printf '%s\n' "${found##*/}"
            done
        }
        _mayfly() {
            local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-} words="" IFS=$' \t\n'
            if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "{{string.Join(' ', Verbs().Select(verb => verb.Name))}} --help --version" -- "$word"))
                return
            fi
            case $verb in
        {{Lines(Following().Select(follow => $"        {follow.Verb}) words=\"{follow.Words}\" ;;"))}}
        {{Lines(Parents().Select(parent => $"        {parent.Name}) [ \"$COMP_CWORD\" -ne 2 ] || words=\"{Below(parent)}\" ;;"))}}
            esac
            [ "$COMP_CWORD" -le 2 ] || case "$verb ${COMP_WORDS[2]}" in
        {{Lines(Parents().SelectMany(static parent => parent.Subcommands.Where(static sub => Options(sub).Length > 0).Select(sub => $"        '{parent.Name} {sub.Name}') words=\"{Options(sub)}\" ;;")))}}
            esac
            COMPREPLY=($(compgen -W "$words" -- "$word"))
            if [ "$COMP_CWORD" -eq 2 ]; then
                COMPREPLY+=($(compgen -d -- "$word"))
            elif [ "$verb" = env ]; then
                case "${COMP_WORDS[COMP_CWORD-1]} ${COMP_WORDS[2]}" in
                    "--env "*) COMPREPLY=() ;;
                    {{string.Join(" | ", OfEnvironments.Select(static name => $"*\" {name}\""))}}) ;;
                    *) return ;;
                esac
                IFS=$'\n'
                COMPREPLY+=($(compgen -W "$(_mayfly_environments)" -- "$word"))
            fi
        }
        complete -o filenames -F _mayfly mayfly ./mayfly

        """;

    private static string Zsh() => $$"""
        #compdef mayfly
        # mayfly completion for zsh: put  eval "$(mayfly completion zsh)"  into ~/.zshrc
        _mayfly_environments() {
            local -a found
            found=("${WORKON_HOME:-$HOME/.virtualenvs}"/*/pyvenv.cfg(N:h:t))
            compadd -a found
        }
        _mayfly() {
            local -a verbs
            verbs=(
        {{Lines(Verbs().Select(verb => $"        '{verb.Name}:{verb.Summary.Replace("'", "'\\''")}'"))}}
            )
            if (( CURRENT == 2 )); then
                _describe verb verbs
                return
            fi
            if (( CURRENT > 3 )) && [[ $words[2] == env ]]; then
                if [[ $words[CURRENT-1] == --env ]]; then
                    _mayfly_environments
                    return
                fi
                [[ $words[3] != ({{string.Join('|', OfEnvironments)}}) ]] || _mayfly_environments
            fi
            (( CURRENT == 3 )) || case "$words[2] $words[3]" in
        {{Lines(Parents().SelectMany(static parent => parent.Subcommands.Where(static sub => Options(sub).Length > 0).Select(sub => $"        '{parent.Name} {sub.Name}') compadd -- {Options(sub)} ;;")))}}
            esac
            case $words[2] in
        {{Lines(Following().Select(follow => $"        {follow.Verb}) compadd -- {follow.Words} ;;"))}}
        {{Lines(Parents().Select(parent => $"        {parent.Name}) (( CURRENT > 3 )) || compadd -- {Below(parent)} ;;"))}}
            esac
            (( CURRENT == 3 )) && _files -/
        }
        compdef _mayfly mayfly

        """;

    private static string Fish() => $$"""
        # mayfly completion for fish: put this into ~/.config/fish/completions/mayfly.fish
        function _mayfly_environments
            set -l home $HOME/.virtualenvs
            set -q WORKON_HOME; and set home $WORKON_HOME
            for found in $home/*/pyvenv.cfg
                string replace -r '.*/([^/]*)/pyvenv.cfg$' '$1' $found
            end
        end
        complete -c mayfly -n __fish_use_subcommand -f
        {{string.Concat(Verbs().Select(verb => $"complete -c mayfly -n __fish_use_subcommand -f -a {verb.Name} -d '{verb.Summary.Replace("'", "\\'")}'\n"))}}{{string.Concat(Following().Select(follow => $"complete -c mayfly -n '__fish_seen_subcommand_from {follow.Verb}' -a '{follow.Words}'\n"))}}{{string.Concat(Parents().SelectMany(FishBelow))}}
        """;

    private static IEnumerable<string> FishBelow(Command parent)
    {
        var verb = $"__fish_seen_subcommand_from {parent.Name}";
        yield return $"complete -c mayfly -n '{verb}; and not __fish_seen_subcommand_from {Below(parent)}' -f -a '{Below(parent)}'\n";
        foreach (var sub in parent.Subcommands.Where(static sub => Options(sub).Length > 0))
            yield return $"complete -c mayfly -n '{verb}; and __fish_seen_subcommand_from {sub.Name}' -a '{Options(sub)}'\n";
        if (parent.Name != "env")
            yield break;
        yield return $"complete -c mayfly -n '{verb}; and __fish_seen_subcommand_from {string.Join(' ', OfEnvironments)}' -f -a '(_mayfly_environments)'\n";
        yield return $"complete -c mayfly -n '{verb}; and not __fish_seen_subcommand_from {string.Join(' ', OfEnvironments)}' -l env -x -a '(_mayfly_environments)'\n";
    }
}
