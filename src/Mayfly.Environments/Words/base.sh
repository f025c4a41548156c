# The words of virtualenvwrapper, answered by Mayfly: read by bash and by zsh alike.
# What is on the way of workon and deactivate is done by the shell itself, for a process takes longer than all of it;
# so functions hand back what they find in a variable (_mayfly_found) and not through a substitution, which is a process.

# The program that wrote this; when it is gone, the one on PATH.
function _mayfly {
    if [ -x "$_MAYFLY" ]; then
        "$_MAYFLY" "$@"
    else
        command mayfly "$@"
    fi
}

# A path without dots and doubled slashes, from the root. Links stay what they are.
function _mayfly_absolute {
    local rest="$1" part="" whole=""
    case "$rest" in
        /*) ;;
        *) rest="$PWD/$rest" ;;
    esac
    while [ -n "$rest" ]; do
        part="${rest%%/*}"
        case "$rest" in
            */*) rest="${rest#*/}" ;;
            *) rest="" ;;
        esac
        case "$part" in
            '' | .) ;;
            ..) whole="${whole%/*}" ;;
            *) whole="$whole/$part" ;;
        esac
    done
    _mayfly_found="${whole:-/}"
}

# WORKON_HOME may be written with a tilde and variables in it, and is below HOME when it does not begin at the root.
function _mayfly_expanded {
    local rest="$1" whole="" name="" after="" value=""
    case "$rest" in
        '~') rest="$HOME" ;;
        '~/'*) rest="$HOME/${rest#??}" ;;
    esac
    while :; do
        case "$rest" in
            *'$'*) ;;
            *) break ;;
        esac
        whole="$whole${rest%%\$*}"
        rest="${rest#*\$}"
        case "$rest" in
            '{'*'}'*)
                name="${rest#?}"
                name="${name%%\}*}"
                after="${rest#*\}}"
                ;;
            *)
                name="${rest%%[!A-Za-z0-9_]*}"
                after="${rest#"$name"}"
                ;;
        esac
        value=""
        case "$name" in
            '' | [0-9]* | *[!A-Za-z0-9_]*) ;;
            *) eval "value=\"\${$name:-}\"" ;;
        esac
        if [ -n "$value" ]; then
            whole="$whole$value"
            rest="$after"
        else
            whole="$whole\$"
        fi
    done
    _mayfly_found="$whole$rest"
}

function virtualenvwrapper_verify_workon_home {
    if [ ! -d "$WORKON_HOME/" ]; then
        if [ "${1:-}" != -q ]; then
            printf 'NOTE: Virtual environments directory %s does not exist. Creating...\n' "$WORKON_HOME" >&2
        fi
        command mkdir -p "$WORKON_HOME"
    fi
}

function virtualenvwrapper_verify_workon_environment {
    if [ ! -d "$WORKON_HOME/$1" ]; then
        printf "ERROR: Environment '%s' does not exist. Create it with 'mkvirtualenv %s'.\n" "$1" "$1" >&2
        return 1
    fi
}

function virtualenvwrapper_verify_active_environment {
    if [ -z "${VIRTUAL_ENV:-}" ] || [ ! -d "$VIRTUAL_ENV" ]; then
        printf 'ERROR: no virtualenv active, or active virtualenv is missing\n' >&2
        return 1
    fi
}

function virtualenvwrapper_verify_project_home {
    if [ -z "${PROJECT_HOME:-}" ]; then
        printf 'ERROR: Set the PROJECT_HOME shell variable to the name of the directory where projects should be created.\n' >&2
        return 1
    fi
    if [ ! -d "$PROJECT_HOME" ]; then
        printf "ERROR: Project directory '%s' does not exist.  Create it or set PROJECT_HOME to an existing directory.\n" "$PROJECT_HOME" >&2
        return 1
    fi
}

# The environments' names, one a line.
function virtualenvwrapper_show_workon_options {
    virtualenvwrapper_verify_workon_home || return 1
    _mayfly_names
    if [ "${#_mayfly_list[@]}" -gt 0 ]; then
        printf '%s\n' "${_mayfly_list[@]}"
    fi
}

function virtualenvwrapper_get_site_packages_dir {
    _mayfly_site_packages && printf '%s\n' "$_mayfly_found"
}

function virtualenvwrapper_get_python_version {
    _mayfly_site_packages || return 1
    local version="${_mayfly_found%/site-packages}"
    version="${version##*/}"
    printf '%s\n' "${version##*[!0-9.]}"
}
