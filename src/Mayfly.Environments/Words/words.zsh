# What zsh does in a way of its own.
zmodload zsh/parameter

function virtualenvwrapper_cd {
    builtin cd -q "$@"
}

# The names of all environments, in _mayfly_list.
function _mayfly_names {
    setopt localoptions nullglob noshwordsplit
    local folder=""
    _mayfly_list=()
    for folder in "$WORKON_HOME"/*/bin/activate; do
        folder="${folder%/bin/activate}"
        _mayfly_list+=("${folder##*/}")
    done
}

# Whether a stack of this name has instances on this host.
function _mayfly_runs {
    setopt localoptions nullglob
    local folder=""
    for folder in /run/mayfly/instances/"$1"-*/; do
        return 0
    done
    return 1
}

function _mayfly_site_packages {
    setopt localoptions nullglob
    local folder=""
    for folder in "$VIRTUAL_ENV"/lib/*/site-packages; do
        _mayfly_found="$folder"
        return 0
    done
    printf 'ERROR: currently-active virtualenv does not appear to have a site-packages directory\n' >&2
    return 1
}

# Reads the environment's own script, so that what users wrote into it counts, and gives its deactivate another name.
function _mayfly_source_activate {
    source "$1"
    functions[virtualenv_deactivate]="${functions[deactivate]:-:}"
}

function _mayfly_complete_names {
    _mayfly_names
    reply=("${_mayfly_list[@]}")
}

function _mayfly_complete_folders {
    setopt localoptions nullglob
    local base="${VIRTUAL_ENV:-}" folder=""
    reply=()
    [ -n "$base" ] || return 0
    if [ "$3" = sitepackages ]; then
        _mayfly_site_packages 2>/dev/null || return 0
        base="$_mayfly_found"
    fi
    for folder in "$base/$1"*/; do
        folder="${folder#"$base"/}"
        reply+=("${folder%/}")
    done
}

function _mayfly_complete_packages {
    _mayfly_complete_folders "$1" "$2" sitepackages
}

# The older of zsh's two ways: the newer one asks it too, whichever of them begins first in a user's file.
compctl -K _mayfly_complete_names workon rmvirtualenv cpvirtualenv showvirtualenv
compctl -S / -K _mayfly_complete_folders cdvirtualenv
compctl -S / -K _mayfly_complete_packages cdsitepackages
