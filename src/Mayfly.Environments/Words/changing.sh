
# Changing the active one.

# The file is written beside the one that it replaces, so that an interpreter that starts meanwhile reads a whole one.
function _mayfly_replace {
    command mv -f "$1.new-$$" "$1"
}

function toggleglobalsitepackages {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    local line="" to=true found="" file="$VIRTUAL_ENV/pyvenv.cfg"
    while IFS= read -r line || [ -n "$line" ]; do
        case "$line" in
            'include-system-site-packages'*[=\ ]true*) to=false ;;
        esac
    done <"$file" || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        case "$line" in
            'include-system-site-packages'*)
                found=yes
                line="include-system-site-packages = $to"
                ;;
        esac
        printf '%s\n' "$line"
    done <"$file" >"$file.new-$$" || return 1
    if [ -z "$found" ]; then
        printf 'include-system-site-packages = %s\n' "$to" >>"$file.new-$$"
    fi
    _mayfly_replace "$file" || return 1
    if [ "${1:-}" != -q ]; then
        if [ "$to" = true ]; then
            printf 'Enabled global site-packages\n'
        else
            printf 'Disabled global site-packages\n'
        fi
    fi
}

function add2virtualenv {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    _mayfly_site_packages || return 1
    local file="$_mayfly_found/_virtualenv_path_extensions.pth" line="" remove="" folder="" first=""
    if [ $# -eq 0 ]; then
        printf 'Usage: add2virtualenv dir [dir ...]\n'
        if [ -f "$file" ]; then
            printf '\nExisting paths:\n'
            while IFS= read -r line; do
                case "$line" in
                    import*) ;;
                    *) printf '%s\n' "$line" ;;
                esac
            done <"$file"
        fi
        return 1
    fi
    if [ "$1" = -d ]; then
        remove=yes
        shift
    fi
    if [ ! -f "$file" ]; then
        # These two lines put what is between them before the environment's own packages.
        printf '%s\n' 'import sys; sys.__plen = len(sys.path)' \
            "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; p=getattr(sys,'__egginsert',0); sys.path[p:p]=new; sys.__egginsert = p+len(new)" >"$file" || return 1
    fi
    for folder in "$@"; do
        _mayfly_absolute "$folder"
        if [ "$_mayfly_found" != "$folder" ]; then
            printf 'Warning: Converting "%s" to "%s"\n' "$folder" "$_mayfly_found" >&2
        fi
        first=yes
        while IFS= read -r line; do
            if [ -z "$remove" ] || [ "$line" != "$_mayfly_found" ]; then
                printf '%s\n' "$line"
            fi
            if [ -z "$remove" ] && [ -n "$first" ]; then
                printf '%s\n' "$_mayfly_found"
                first=""
            fi
        done <"$file" >"$file.new-$$" || return 1
        _mayfly_replace "$file" || return 1
    done
}
