namespace Mayfly.Environments;

/// <summary>What a shell reads to work in an environment, by the names and with the variables that Python's own venv has given them, so that editors and prompts find them.</summary>
internal static class ActivationScript
{
    /// <summary>By the file's name.</summary>
    /// <param name="root">The environment's path.</param>
    /// <param name="prompt">What the prompt shows of it.</param>
    public static IReadOnlyDictionary<string, string> All(string root, string prompt) => new Dictionary<string, string>
    {
        ["activate"] = Posix(root, prompt),
        ["activate.fish"] = Fish(root, prompt),
        ["activate.csh"] = Csh(root, prompt),
    };

    /// <summary>In single quotes, for shells and fish alike.</summary>
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Variables are read with a default, for some shells run with <c>set -u</c>.</summary>
    private static string Posix(string root, string prompt) => $$"""
        # To be read by bash, zsh or another POSIX shell: . bin/activate

        deactivate() {
            if [ -n "${_OLD_VIRTUAL_PATH+set}" ]; then
                PATH=$_OLD_VIRTUAL_PATH
                export PATH
                unset _OLD_VIRTUAL_PATH
            fi
            if [ -n "${_OLD_VIRTUAL_PYTHONHOME+set}" ]; then
                PYTHONHOME=$_OLD_VIRTUAL_PYTHONHOME
                export PYTHONHOME
                unset _OLD_VIRTUAL_PYTHONHOME
            fi
            if [ -n "${_OLD_VIRTUAL_PS1+set}" ]; then
                PS1=$_OLD_VIRTUAL_PS1
                unset _OLD_VIRTUAL_PS1
            fi
            unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
            hash -r 2>/dev/null || true
            [ "${1:-}" = nondestructive ] || unset -f deactivate
        }

        # Out of whatever environment this shell was in.
        deactivate nondestructive

        VIRTUAL_ENV={{Quoted(root)}}
        VIRTUAL_ENV_PROMPT={{Quoted($"({prompt}) ")}}
        export VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        _OLD_VIRTUAL_PATH=$PATH
        PATH=$VIRTUAL_ENV/bin:$PATH
        export PATH
        if [ -n "${PYTHONHOME+set}" ]; then
            _OLD_VIRTUAL_PYTHONHOME=$PYTHONHOME
            unset PYTHONHOME
        fi
        if [ -z "${VIRTUAL_ENV_DISABLE_PROMPT:-}" ] && [ -n "${PS1+set}" ]; then
            _OLD_VIRTUAL_PS1=$PS1
            PS1=$VIRTUAL_ENV_PROMPT$PS1
        fi
        hash -r 2>/dev/null || true

        """;

    private static string Fish(string root, string prompt) => $$"""
        # To be read by fish: source bin/activate.fish

        function deactivate -d "Leave the environment"
            if set -q _OLD_VIRTUAL_PATH
                set -gx PATH $_OLD_VIRTUAL_PATH
                set -e _OLD_VIRTUAL_PATH
            end
            if set -q _OLD_VIRTUAL_PYTHONHOME
                set -gx PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME
                set -e _OLD_VIRTUAL_PYTHONHOME
            end
            if functions -q _old_virtual_prompt
                functions -e fish_prompt
                functions -c _old_virtual_prompt fish_prompt
                functions -e _old_virtual_prompt
            end
            set -e VIRTUAL_ENV
            set -e VIRTUAL_ENV_PROMPT
            if test "$argv[1]" != nondestructive
                functions -e deactivate
            end
        end

        deactivate nondestructive

        set -gx VIRTUAL_ENV {{Quoted(root)}}
        set -gx VIRTUAL_ENV_PROMPT {{Quoted($"({prompt}) ")}}
        set -gx _OLD_VIRTUAL_PATH $PATH
        set -gx PATH "$VIRTUAL_ENV/bin" $PATH
        if set -q PYTHONHOME
            set -gx _OLD_VIRTUAL_PYTHONHOME $PYTHONHOME
            set -e PYTHONHOME
        end
        if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
            functions -c fish_prompt _old_virtual_prompt
            function fish_prompt
                set -l last $status
                echo -n $VIRTUAL_ENV_PROMPT
                echo "exit $last" | source
                _old_virtual_prompt
            end
        end

        """;

    private static string Csh(string root, string prompt) => $$"""
        # To be read by csh or tcsh: source bin/activate.csh

        alias deactivate 'test $?_OLD_VIRTUAL_PATH != 0 && setenv PATH "$_OLD_VIRTUAL_PATH" && unset _OLD_VIRTUAL_PATH; rehash; test $?_OLD_VIRTUAL_PROMPT != 0 && set prompt="$_OLD_VIRTUAL_PROMPT" && unset _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; test "\!:*" != nondestructive && unalias deactivate'

        deactivate nondestructive

        setenv VIRTUAL_ENV {{Quoted(root)}}
        setenv VIRTUAL_ENV_PROMPT {{Quoted($"({prompt}) ")}}
        set _OLD_VIRTUAL_PATH="$PATH"
        setenv PATH "$VIRTUAL_ENV/bin:$PATH"
        if (! "$?VIRTUAL_ENV_DISABLE_PROMPT" && $?prompt) then
            set _OLD_VIRTUAL_PROMPT="$prompt"
            set prompt="$VIRTUAL_ENV_PROMPT$prompt"
        endif
        rehash

        """;
}
