# What bash does in a way of its own.

function virtualenvwrapper_cd {
    builtin cd "$@"
}

# The names of all environments, in _mayfly_list.
function _mayfly_names {
    local folder=""
    _mayfly_list=()
    for folder in "$WORKON_HOME"/*/bin/activate; do
        if [ -f "$folder" ]; then
            folder="${folder%/bin/activate}"
            _mayfly_list+=("${folder##*/}")
        fi
    done
}

# Whether a stack of this name has instances on this host.
function _mayfly_runs {
    local folder=""
    for folder in /run/mayfly/instances/"$1"-*/; do
        [ ! -d "$folder" ] || return 0
    done
    return 1
}

function _mayfly_site_packages {
    local folder=""
    for folder in "$VIRTUAL_ENV"/lib/*/site-packages; do
        if [ -d "$folder" ]; then
            _mayfly_found="$folder"
            return 0
        fi
    done
    printf 'ERROR: currently-active virtualenv does not appear to have a site-packages directory\n' >&2
    return 1
}

# Reads the environment's own script, so that what users wrote into it counts, and gives its deactivate another name. A function
# cannot be copied without a process here; but where a function is defined, its name may be an alias.
function _mayfly_source_activate {
    local _mayfly_aliases="" _mayfly_alias="${BASH_ALIASES[deactivate]:-}"
    shopt -q expand_aliases || _mayfly_aliases=off
    shopt -s expand_aliases
    alias deactivate=virtualenv_deactivate
    source "$1"
    unalias deactivate
    [ -z "$_mayfly_alias" ] || alias deactivate="$_mayfly_alias"
    [ -z "$_mayfly_aliases" ] || shopt -u expand_aliases
    # A script that defines it with the word function, before which no alias is looked for.
    if ! declare -F virtualenv_deactivate >/dev/null && declare -F deactivate >/dev/null; then
        eval "virtualenv_$(declare -f deactivate)"
    fi
}

function _mayfly_complete_names {
    local word="${COMP_WORDS[COMP_CWORD]}" name="" quoted=""
    COMPREPLY=()
    virtualenvwrapper_verify_workon_home -q || return 0
    # What is typed may have spaces behind backslashes, as what is offered has.
    word="${word//\\/}"
    _mayfly_names
    for name in "${_mayfly_list[@]}"; do
        case "$name" in
            "$word"*)
                printf -v quoted %q "$name"
                COMPREPLY+=("$quoted")
                ;;
        esac
    done
}

function _mayfly_complete_folders {
    local word="$2" base="" folder=""
    COMPREPLY=()
    [ -n "${VIRTUAL_ENV:-}" ] || return 0
    base="$VIRTUAL_ENV"
    if [ "$1" = cdsitepackages ]; then
        _mayfly_site_packages 2>/dev/null || return 0
        base="$_mayfly_found"
    fi
    for folder in "$base/${word//\\/}"*/; do
        if [ -d "$folder" ]; then
            folder="${folder#"$base"/}"
            printf -v folder %q "${folder%/}"
            COMPREPLY+=("$folder/")
        fi
    done
}

complete -o nospace -F _mayfly_complete_names workon rmvirtualenv cpvirtualenv showvirtualenv
complete -o nospace -F _mayfly_complete_folders cdvirtualenv cdsitepackages
