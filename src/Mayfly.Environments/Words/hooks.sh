
# Hooks: what users have done before and after.

# A hook that says nothing need not be run; so are all of those that were written for users to fill.
function _mayfly_is_bare {
    local line=""
    [ -r "$1" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        line="${line#"${line%%[![:space:]]*}"}"
        case "$line" in
            '' | '#'*) ;;
            *) return 1 ;;
        esac
    done <"$1"
    return 0
}

# Runs a hook as a program, in WORKON_HOME; how it ends decides nothing.
function _mayfly_run_hook {
    if [ -f "$1" ] && ! _mayfly_is_bare "$1"; then
        if [ -x "$1" ]; then
            (virtualenvwrapper_cd "$WORKON_HOME" && "$@") || :
        else
            printf 'could not run "%s": it may not be executed\n' "$1" >&2
        fi
    fi
    return 0
}

# The user's scripts for one moment: before something they are programs, and get arguments; after it they are read by this shell.
# Those that are read see the moment's name as their first argument.
function virtualenvwrapper_run_hook {
    case "$1" in
        initialize | post_mkvirtualenv | post_cpvirtualenv)
            if [ -f "$VIRTUALENVWRAPPER_HOOK_DIR/${1/_/}" ]; then source "$VIRTUALENVWRAPPER_HOOK_DIR/${1/_/}"; fi
            ;;
        project.post_mkproject)
            if [ -f "$VIRTUALENVWRAPPER_HOOK_DIR/postmkproject" ]; then source "$VIRTUALENVWRAPPER_HOOK_DIR/postmkproject"; fi
            ;;
        pre_mkvirtualenv)
            _mayfly_write_hooks "$WORKON_HOME/$2/bin" predeactivate postdeactivate preactivate postactivate get_env_details
            _mayfly_run_hook "$VIRTUALENVWRAPPER_HOOK_DIR/premkvirtualenv" "$2"
            ;;
        pre_cpvirtualenv | pre_rmvirtualenv | post_rmvirtualenv)
            local _mayfly_hook="$VIRTUALENVWRAPPER_HOOK_DIR/${1/_/}"
            shift
            _mayfly_run_hook "$_mayfly_hook" "$@"
            ;;
        project.pre_mkproject) _mayfly_run_hook "$VIRTUALENVWRAPPER_HOOK_DIR/premkproject" "$2" ;;
        pre_activate)
            _mayfly_run_hook "$VIRTUALENVWRAPPER_HOOK_DIR/preactivate" "$2"
            _mayfly_run_hook "$WORKON_HOME/$2/bin/preactivate" "$2"
            ;;
        get_env_details)
            _mayfly_run_hook "$VIRTUALENVWRAPPER_HOOK_DIR/get_env_details" "$2"
            _mayfly_run_hook "$WORKON_HOME/$2/bin/get_env_details" "$2"
            ;;
        post_activate)
            if [ "${VIRTUALENVWRAPPER_PROJECT_CD:-}" = 1 ] && [ -f "$VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME" ]; then
                _mayfly_first_line "$VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME"
                virtualenvwrapper_cd "$_mayfly_found" || :
            fi
            if [ -f "$VIRTUALENVWRAPPER_HOOK_DIR/postactivate" ]; then source "$VIRTUALENVWRAPPER_HOOK_DIR/postactivate"; fi
            if [ -f "$VIRTUAL_ENV/bin/postactivate" ]; then source "$VIRTUAL_ENV/bin/postactivate"; fi
            ;;
        # The environment's own comes first, so that it can undo what it did last.
        pre_deactivate)
            if [ -f "$VIRTUAL_ENV/bin/predeactivate" ]; then source "$VIRTUAL_ENV/bin/predeactivate"; fi
            if [ -f "$VIRTUALENVWRAPPER_HOOK_DIR/predeactivate" ]; then source "$VIRTUALENVWRAPPER_HOOK_DIR/predeactivate"; fi
            ;;
        post_deactivate)
            VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV="$WORKON_HOME/$2"
            if [ -f "$WORKON_HOME/$2/bin/postdeactivate" ]; then source "$WORKON_HOME/$2/bin/postdeactivate"; fi
            if [ -f "$VIRTUALENVWRAPPER_HOOK_DIR/postdeactivate" ]; then source "$VIRTUALENVWRAPPER_HOOK_DIR/postdeactivate"; fi
            unset VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV
            ;;
    esac
    return 0
}

# Writes those hooks that are not there, for users to fill; the first argument is their folder.
function _mayfly_write_hooks {
    local folder="$1" name="" what="" runs=()
    shift
    [ -w "$folder" ] || return 0
    for name in "$@"; do
        [ ! -e "$folder/$name" ] || continue
        case "$name" in
            initialize) what='This hook is sourced when a shell reads the words of mayfly shell-init.' ;;
            premkvirtualenv) what='This hook is run after an environment is created and before it is activated; argument: its name.' ;;
            postmkvirtualenv) what='This hook is sourced after a new environment is activated.' ;;
            prermvirtualenv) what='This hook is run before an environment is deleted; argument: its name.' ;;
            postrmvirtualenv) what='This hook is run after an environment is deleted; argument: its name.' ;;
            preactivate) what='This hook is run before an environment is activated; argument: its name.' ;;
            postactivate) what='This hook is sourced after an environment is activated.' ;;
            predeactivate) what='This hook is sourced before an environment is deactivated.' ;;
            postdeactivate) what='This hook is sourced after an environment is deactivated.' ;;
            premkproject) what='This hook is run before the folder of a new project is made; argument: its name.' ;;
            postmkproject) what='This hook is sourced after a new project is made and activated.' ;;
            get_env_details) what='This hook is run when environments are listed, to say more about each; argument: its name.' ;;
        esac
        printf '#!%s\n# %s\n\n' "${SHELL:-/bin/sh}" "$what" >"$folder/$name" || return 0
        case "$name" in
            prem* | prer* | postrm* | preactivate | get_env_details) runs+=("$folder/$name") ;;
        esac
    done
    [ "${#runs[@]}" -eq 0 ] || command chmod +x "${runs[@]}"
}
