
# Working in environments, and leaving them.

function workon {
    local _mayfly_cd="$VIRTUALENVWRAPPER_WORKON_CD" _mayfly_name="" _mayfly_activate=""
    while [ $# -gt 0 ]; do
        case "$1" in
            -h | --help)
                _mayfly_workon_help
                return 0
                ;;
            -n | --no-cd) _mayfly_cd=0 ;;
            -c | --cd) _mayfly_cd=1 ;;
            *) [ -n "$_mayfly_name" ] || _mayfly_name="$1" ;;
        esac
        shift
    done
    if [ -z "$_mayfly_name" ]; then
        virtualenvwrapper_show_workon_options
        return 1
    fi
    [ "$_mayfly_name" != . ] || _mayfly_name="${PWD##*/}"
    virtualenvwrapper_verify_workon_home || return 1
    # What is no environment's name may be a running stack's, whose shell is a program.
    if [ ! -d "$WORKON_HOME/$_mayfly_name" ] && _mayfly_runs "$_mayfly_name"; then
        _mayfly workon --shell "${BASH_VERSION:+bash}${ZSH_VERSION:+zsh}" "$_mayfly_name"
        return
    fi
    virtualenvwrapper_verify_workon_environment "$_mayfly_name" || return 1
    _mayfly_activate="$WORKON_HOME/$_mayfly_name/bin/activate"
    if [ ! -f "$_mayfly_activate" ]; then
        printf "ERROR: Environment '%s' does not contain an activate script.\n" "$WORKON_HOME/$_mayfly_name" >&2
        return 1
    fi

    # As virtualenvwrapper does, one is entered that cannot run any more; it is told, for its programs would only say that they are not found.
    if [ ! -x "$WORKON_HOME/$_mayfly_name/bin/python" ]; then
        printf "NOTE: the interpreter of '%s' is gone; mayfly env doctor --env %s tells more.\n" "$_mayfly_name" "$_mayfly_name" >&2
    fi

    # Only out of what these words went into; what somebody activated by hand is left by the script that is read next.
    if typeset -f virtualenv_deactivate >/dev/null; then
        deactivate
    fi
    virtualenvwrapper_run_hook pre_activate "$_mayfly_name"
    _mayfly_source_activate "$_mayfly_activate"
    function deactivate {
        _mayfly_deactivate "$@"
    }
    VIRTUALENVWRAPPER_PROJECT_CD=$_mayfly_cd virtualenvwrapper_run_hook post_activate
    return 0
}

function _mayfly_deactivate {
    local _mayfly_left="${VIRTUAL_ENV##*/}"
    virtualenvwrapper_run_hook pre_deactivate
    virtualenv_deactivate "$@"
    # It takes the name deactivate with it, which is this function's.
    if [ "${1:-}" != nondestructive ]; then
        unset -f virtualenv_deactivate
        unset -f deactivate 2>/dev/null || :
    fi
    virtualenvwrapper_run_hook post_deactivate "$_mayfly_left"
}

function _mayfly_workon_help {
    printf '%s\n' 'Usage: workon env_name' '' \
        '           Deactivate any currently activated virtualenv' \
        '           and activate the named environment, triggering' \
        '           any hooks in the process.' '' \
        '       workon' '' \
        '           Print a list of available environments.' \
        '           (See also lsvirtualenv -b)' '' \
        '       workon (-h|--help)' '' \
        '           Show this help message.' '' \
        '       workon (-c|--cd) envname' '' \
        '           After activating the environment, cd to the associated' \
        '           project directory if it is set.' '' \
        '       workon (-n|--no-cd) envname' '' \
        '           After activating the environment, do not cd to the' \
        '           associated project directory.' ''
}
