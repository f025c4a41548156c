
# Making and removing environments.

function mkvirtualenv {
    local project="" requirements="" name="" clear="" word="" code=0
    local packages=() given=()
    eval "set -- ${VIRTUALENVWRAPPER_VIRTUALENV_ARGS:-} \"\$@\""
    while [ $# -gt 0 ]; do
        word="$1"
        shift
        case "$word" in
            -h | --help)
                _mayfly_mkvirtualenv_help
                return 0
                ;;
            -a | -i | -r | -p | --python | --prompt | --app-data | --activators | --creator | --seeder | --discovery | --try-first-with | --extra-search-dir | --pip | --setuptools | --wheel)
                if [ $# -eq 0 ]; then
                    printf 'mkvirtualenv: %s needs a word after it\n' "$word" >&2
                    return 2
                fi
                case "$word" in
                    -a)
                        if [ ! -d "$1" ]; then
                            printf 'Cannot associate project with %s, it is not a directory\n' "$1" >&2
                            return 1
                        fi
                        _mayfly_absolute "$1"
                        project="$_mayfly_found"
                        ;;
                    -i) packages+=("$1") ;;
                    -r)
                        _mayfly_expanded "$1"
                        requirements="$_mayfly_found"
                        ;;
                    -p | --python) given+=(--python "$1") ;;
                    --prompt) given+=(--prompt "$1") ;;
                esac
                shift
                ;;
            --python=* | --prompt=*) given+=("${word%%=*}" "${word#*=}") ;;
            -p?*) given+=(--python "${word#-p}") ;;
            --system-site-packages) given+=("$word") ;;
            --clear) clear=yes ;;
            # How virtualenv brings pip and setuptools and where it keeps them: nothing is brought here.
            -q | --quiet | -v | -vv | --verbose | --no-site-packages | --no-pip | --no-setuptools | --no-wheel | --no-seed | --without-pip | --download | --no-download | --never-download | --symlinks | --copies | --always-copy | --no-vcs-ignore | --no-periodic-update | --reset-app-data | --read-only-app-data | --symlink-app-data | --with-traceback) ;;
            --app-data=* | --activators=* | --creator=* | --seeder=* | --discovery=* | --try-first-with=* | --extra-search-dir=* | --pip=* | --setuptools=* | --wheel=*) ;;
            -*)
                printf 'mkvirtualenv: unrecognized option %s\n' "$word" >&2
                return 2
                ;;
            *)
                if [ -n "$name" ]; then
                    printf 'mkvirtualenv: unrecognized argument %s: one environment is created at a time\n' "$name" >&2
                    return 2
                fi
                name="$word"
                ;;
        esac
    done
    case "$name" in
        '' | . | ..)
            printf 'mkvirtualenv: name an environment: mkvirtualenv [-a project_path] [-i package] [-r requirements_file] env_name\n' >&2
            return 2
            ;;
    esac
    virtualenvwrapper_verify_workon_home || return 1

    if [ -n "$clear" ] && [ -e "$WORKON_HOME/$name" ]; then
        _mayfly_delete "$name" || return
    fi
    # As virtualenv does, what is there is kept; only another interpreter cannot be had that way.
    if [ ! -f "$WORKON_HOME/$name/bin/activate" ] || [ "${#given[@]}" -gt 0 ]; then
        _mayfly env create "$WORKON_HOME/$name" "${given[@]}" || return
    fi
    virtualenvwrapper_run_hook pre_mkvirtualenv "$name"
    if [ -n "$project" ]; then
        setvirtualenvproject "$WORKON_HOME/$name" "$project" || return
    fi
    workon "$name" || return
    if [ -n "$requirements" ]; then
        _mayfly_pip install -r "$requirements" || :
    fi
    for word in "${packages[@]}"; do
        _mayfly_pip install "$word" || :
    done
    virtualenvwrapper_run_hook post_mkvirtualenv
}

function _mayfly_mkvirtualenv_help {
    printf '%s\n' 'Usage: mkvirtualenv [-a project_path] [-i package] [-r requirements_file] [virtualenv options] env_name' '' \
        ' -a project_path' '' \
        '    Provide a full path to a project directory to associate with' \
        '    the new environment.' '' \
        ' -i package' '' \
        '    Install a package after the environment is created.' \
        '    This option may be repeated.' '' \
        ' -r requirements_file' '' \
        '    Provide a pip requirements file to install a base set of packages' \
        '    into the new environment.' '' \
        'virtualenv options:' '' \
        ' -p, --python        the interpreter: 3.11, python3.11 or a path' \
        ' --prompt            what the prompt shows instead of the name' \
        ' --system-site-packages' \
        '                     also see the packages of the interpreter' \
        ' --clear             empty an environment that is there already' \
        ' Others, about how pip and setuptools are brought, are taken and change nothing.'
}

# The environment's own pip; where it has none, Mayfly does what is asked here of pip.
function _mayfly_pip {
    if [ -x "$VIRTUAL_ENV/bin/pip" ]; then
        "$VIRTUAL_ENV/bin/pip" "$@"
        return
    fi
    local word="$1"
    shift
    case "$word" in
        install) _mayfly env install --env "$VIRTUAL_ENV" "$@" ;;
        uninstall)
            shift
            _mayfly env remove --env "$VIRTUAL_ENV" "$@"
            ;;
        *) _mayfly env freeze --env "$VIRTUAL_ENV" ;;
    esac
}

# What Mayfly or venv made is deleted whole or not at all; anything else that stands among the environments as well, as ever.
function _mayfly_delete {
    if [ -f "$WORKON_HOME/$1/pyvenv.cfg" ]; then
        _mayfly env delete "$WORKON_HOME/$1" >/dev/null
    else
        command rm -rf "$WORKON_HOME/$1"
    fi
}

function rmvirtualenv {
    virtualenvwrapper_verify_workon_home || return 1
    if [ $# -eq 0 ]; then
        printf 'Please specify an environment.\n' >&2
        return 1
    fi
    local name="" prior="" code=0
    for name in "$@"; do
        printf 'Removing %s...\n' "$name"
        case "$name" in
            '' | . | .. | */ | */. | */..)
                printf "ERROR: '%s' is not the name of an environment.\n" "$name" >&2
                return 1
                ;;
        esac
        if [ "${VIRTUAL_ENV:-}" = "$WORKON_HOME/$name" ]; then
            printf "ERROR: You cannot remove the active environment ('%s').\nEither switch to another environment, or run 'deactivate'.\n" "$name" >&2
            return 1
        fi
        if [ ! -d "$WORKON_HOME/$name" ]; then
            printf 'Did not find environment %s to remove.\n' "$WORKON_HOME/$name" >&2
        fi
        # This shell may be somewhere in it.
        prior="$PWD"
        virtualenvwrapper_cd "$WORKON_HOME"
        virtualenvwrapper_run_hook pre_rmvirtualenv "$name"
        if [ -e "$WORKON_HOME/$name" ] && ! _mayfly_delete "$name"; then
            code=1
        else
            virtualenvwrapper_run_hook post_rmvirtualenv "$name"
        fi
        if [ -d "$prior" ]; then
            virtualenvwrapper_cd "$prior"
        fi
    done
    return "$code"
}

function cpvirtualenv {
    virtualenvwrapper_verify_workon_home || return 1
    local from="${1:-}" name="${2:-}" origin=""
    if [ -n "$from" ] && [ -e "$WORKON_HOME/$from" ]; then
        origin="$WORKON_HOME/$from"
    elif [ -n "$from" ]; then
        # One from elsewhere is taken among the others.
        _mayfly_expanded "$from"
        _mayfly_absolute "$_mayfly_found"
        origin="$_mayfly_found"
        from="${origin##*/}"
    fi
    if [ -z "$from" ] || [ ! -e "$origin" ]; then
        printf 'Please provide a valid virtualenv to copy.\n'
        return 1
    fi
    [ -n "$name" ] || name="$from"
    if [ -e "$WORKON_HOME/$name" ]; then
        printf '%s virtualenv already exists.\n' "$name"
        return 1
    fi
    printf 'Copying %s as %s...\n' "$from" "$name"
    _mayfly env copy "$origin" "$WORKON_HOME/$name" >/dev/null || return
    virtualenvwrapper_run_hook pre_cpvirtualenv "$origin" "$name"
    virtualenvwrapper_run_hook pre_mkvirtualenv "$name"
    workon "$name" || return
    virtualenvwrapper_run_hook post_mkvirtualenv
    virtualenvwrapper_run_hook post_cpvirtualenv
}

function mktmpenv {
    local goes="$VIRTUALENVWRAPPER_WORKON_CD" word="" name="" args=()
    for word in "$@"; do
        case "$word" in
            -n | --no-cd) goes=0 ;;
            -c | --cd) goes=1 ;;
            *) args+=("$word") ;;
        esac
    done
    read -r name </proc/sys/kernel/random/uuid
    mkvirtualenv "${args[@]}" "tmp-${name%%-*}${name##*-}" || return
    if [ "$goes" = 1 ]; then
        cdvirtualenv
    fi
    printf "This is a temporary environment. It will be deleted when you run 'deactivate'.\n"
    printf "This is a temporary environment. It will be deleted when you run 'deactivate'.\n" >"$VIRTUAL_ENV/README.tmpenv"
    printf 'if [ -f "$VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV/README.tmpenv" ]\nthen\n    echo "Removing temporary environment:" %s\n    rmvirtualenv %s\nfi\n' \
        "${VIRTUAL_ENV##*/}" "${VIRTUAL_ENV##*/}" >>"$VIRTUAL_ENV/bin/postdeactivate"
}

function wipeenv {
    virtualenvwrapper_verify_workon_home || return 1
    virtualenvwrapper_verify_active_environment || return 1
    local kept="" name="" rest="" names=()
    kept="$(_mayfly_pip freeze)" || return
    if [ -z "$kept" ]; then
        printf 'Nothing to remove.\n'
        return 0
    fi
    printf 'Uninstalling packages:\n%s\n\n' "$kept"
    # Not from what freeze prints: an editable project has its folder there and not its name.
    while IFS='= ' read -r name rest; do
        # pip stays, where somebody has installed it: there is one in every environment.
        [ "$name" = pip ] || names+=("$name")
    done <<EOF
$(_mayfly_pip list --format=freeze)
EOF
    _mayfly_pip uninstall -y "${names[@]}"
}
