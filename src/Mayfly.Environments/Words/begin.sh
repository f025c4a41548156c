
# As a shell begins.
_mayfly_list=()
_mayfly_found=""
_mayfly_expanded "${WORKON_HOME:-$HOME/.virtualenvs}"
case "$_mayfly_found" in
    /*) ;;
    *) _mayfly_found="$HOME/$_mayfly_found" ;;
esac
_mayfly_absolute "$_mayfly_found"
export WORKON_HOME="$_mayfly_found"
export VIRTUALENVWRAPPER_PROJECT_FILENAME="${VIRTUALENVWRAPPER_PROJECT_FILENAME:-.project}"
export VIRTUALENVWRAPPER_WORKON_CD="${VIRTUALENVWRAPPER_WORKON_CD:-1}"
export VIRTUALENVWRAPPER_HOOK_DIR="${VIRTUALENVWRAPPER_HOOK_DIR:-$WORKON_HOME}"
if virtualenvwrapper_verify_workon_home -q; then
    [ -d "$VIRTUALENVWRAPPER_HOOK_DIR" ] || command mkdir -p "$VIRTUALENVWRAPPER_HOOK_DIR"
    _mayfly_write_hooks "$VIRTUALENVWRAPPER_HOOK_DIR" premkproject postmkproject initialize premkvirtualenv postmkvirtualenv prermvirtualenv postrmvirtualenv \
        predeactivate postdeactivate preactivate postactivate get_env_details
    virtualenvwrapper_run_hook initialize
fi
