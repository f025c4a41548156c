
# Looking at them.

function lsvirtualenv {
    local long=yes word=""
    for word in "$@"; do
        case "$word" in
            -l) long=yes ;;
            -b) long="" ;;
            -h)
                printf 'lsvirtualenv [-blh]\n  -b -- brief mode\n  -l -- long mode\n  -h -- this help message\n'
                return 1
                ;;
            -*)
                printf 'Invalid option: %s\n' "$word" >&2
                printf 'lsvirtualenv [-blh]\n  -b -- brief mode\n  -l -- long mode\n  -h -- this help message\n'
                return 1
                ;;
        esac
    done
    if [ -n "$long" ]; then
        allvirtualenv showvirtualenv ""
    else
        virtualenvwrapper_show_workon_options
    fi
}

function showvirtualenv {
    local name="${1:-}"
    if [ -z "$name" ]; then
        if [ -z "${VIRTUAL_ENV:-}" ]; then
            printf 'showvirtualenv [env]\n'
            return 1
        fi
        name="${VIRTUAL_ENV##*/}"
    fi
    virtualenvwrapper_run_hook get_env_details "$name"
    printf '\n'
}

function allvirtualenv {
    virtualenvwrapper_verify_workon_home || return 1
    local _mayfly_name=""
    _mayfly_names
    for _mayfly_name in "${_mayfly_list[@]}"; do
        printf '%s\n%s\n' "$_mayfly_name" "${_mayfly_name//?/=}"
        # Without the hooks, and in a shell of its own.
        (
            source "$WORKON_HOME/$_mayfly_name/bin/activate"
            virtualenvwrapper_cd "$VIRTUAL_ENV"
            "$@"
        ) || :
        printf '\n'
    done
}

function cdvirtualenv {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    virtualenvwrapper_cd "$VIRTUAL_ENV/${1:-}"
}

function cdsitepackages {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    _mayfly_site_packages || return 1
    virtualenvwrapper_cd "$_mayfly_found/${1:-}"
}

function lssitepackages {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    _mayfly_site_packages || return 1
    local folder="$_mayfly_found" line=""
    ls "$@" "$folder"
    if [ -f "$folder/_virtualenv_path_extensions.pth" ]; then
        printf '\n_virtualenv_path_extensions.pth:\n'
        while IFS= read -r line; do
            printf '%s\n' "$line"
        done <"$folder/_virtualenv_path_extensions.pth"
    fi
}
