
# Projects: the folder that belongs to an environment.

function setvirtualenvproject {
    local environment="${1:-${VIRTUAL_ENV:-}}" project=""
    if [ -n "${2:-}" ]; then
        _mayfly_absolute "$2"
        project="$_mayfly_found"
    else
        project="$PWD"
    fi
    [ -d "$environment" ] || environment="$WORKON_HOME/$environment"
    # Without a name and without an active one, it would be the folder of all of them.
    if [ ! -d "$environment" ] || [ "$environment" = "$WORKON_HOME/" ]; then
        environment="${environment%/}"
        printf 'No virtualenv %s\n' "${environment##*/}" >&2
        return 1
    fi
    if [ ! -d "$project" ]; then
        printf 'Cannot associate virtualenv with "%s", it is not a directory\n' "$project" >&2
        return 1
    fi
    environment="${environment%/}"
    printf 'Setting project for %s to %s\n' "${environment##*/}" "$project"
    printf '%s\n' "$project" >"$environment/$VIRTUALENVWRAPPER_PROJECT_FILENAME"
}

function cdproject {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    local file="$VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME"
    if [ ! -f "$file" ]; then
        printf 'No project set in %s\n' "$file" >&2
        return 1
    fi
    _mayfly_first_line "$file"
    if [ -z "$_mayfly_found" ]; then
        printf 'Project directory %s does not exist\n' "$_mayfly_found" >&2
        return 1
    fi
    virtualenvwrapper_cd "$_mayfly_found" || :
    return 0
}

function mkproject {
    local name="" force="" args=()
    while [ $# -gt 0 ]; do
        case "$1" in
            -h | --help)
                printf '%s\n' 'Usage: mkproject [-f|--force] [virtualenv options] project_name' '' \
                    '-f, --force    Create the virtualenv even if the project directory' \
                    '               already exists' '' 'mkvirtualenv help:' ''
                mkvirtualenv -h
                return
                ;;
            -f | --force) force=yes ;;
            -t)
                printf 'mkproject: there is no template %s: templates are plugins of virtualenvwrapper\n' "${2:-}" >&2
                return 1
                ;;
            *)
                args+=("$1")
                name="$1"
                ;;
        esac
        shift
    done
    virtualenvwrapper_verify_project_home || return 1
    if [ -z "$force" ] && [ -d "$PROJECT_HOME/$name" ]; then
        printf 'Project %s already exists.\n' "$name" >&2
        return 1
    fi
    mkvirtualenv "${args[@]}" || return 1
    virtualenvwrapper_cd "$PROJECT_HOME"
    virtualenvwrapper_run_hook project.pre_mkproject "$name"
    printf 'Creating %s\n' "$PROJECT_HOME/$name"
    command mkdir -p "$PROJECT_HOME/$name"
    setvirtualenvproject "$VIRTUAL_ENV" "$PROJECT_HOME/$name"
    virtualenvwrapper_cd "$PROJECT_HOME/$name"
    virtualenvwrapper_run_hook project.post_mkproject
}

function _mayfly_first_line {
    _mayfly_found=""
    IFS= read -r _mayfly_found <"$1" || :
}

function virtualenvwrapper {
    printf '%s\n' '' 'The words of virtualenvwrapper, answered by Mayfly.' '' 'Commands available:' '' \
        '  add2virtualenv: add directory to the import path' \
        '  allvirtualenv: run a command in all virtualenvs' \
        '  cdproject: change directory to the active project' \
        '  cdsitepackages: change to the site-packages directory' \
        '  cdvirtualenv: change to the $VIRTUAL_ENV directory' \
        '  cpvirtualenv: duplicate the named virtualenv to make a new one' \
        '  lssitepackages: list contents of the site-packages directory' \
        '  lsvirtualenv: list virtualenvs' \
        '  mkproject: create a new project directory and its associated virtualenv' \
        '  mktmpenv: create a temporary virtualenv' \
        '  mkvirtualenv: Create a new virtualenv in $WORKON_HOME' \
        '  rmvirtualenv: Remove a virtualenv' \
        '  setvirtualenvproject: associate a project directory with a virtualenv' \
        '  showvirtualenv: show details of a single virtualenv' \
        '  toggleglobalsitepackages: turn access to global site-packages on/off' \
        '  virtualenvwrapper: show this help message' \
        '  wipeenv: remove all packages installed in the current virtualenv' \
        '  workon: list or change working virtualenvs'
}
