# The words of virtualenvwrapper in fish, which virtualenvwrapper itself does not know. Hooks that are run are the same programs as in other
# shells; those that are read by the shell are written in its language, and called NAME.fish.
# Whatever is on the way of workon and deactivate is a builtin, and starts no process.

# The program that wrote this; when it is gone, the one on PATH.
function _mayfly
    if test -x "$_MAYFLY"
        $_MAYFLY $argv
    else
        command mayfly $argv
    end
end

# A path without dots and doubled slashes, from the root. Links stay what they are.
function _mayfly_absolute
    set -l given $argv[1]
    string match -q '/*' -- $given; or set given $PWD/$given
    set -l whole
    for part in (string split / -- $given)
        switch $part
            case '' .
            case ..
                set -e whole[-1]
            case '*'
                set -a whole $part
        end
    end
    echo /(string join / -- $whole)
end

function _mayfly_names
    for script in $WORKON_HOME/*/bin/activate.fish
        string replace -r '.*/([^/]+)/bin/activate\.fish$' '$1' -- $script
    end
end

function _mayfly_require_home
    if not test -d "$WORKON_HOME/"
        test "$argv[1]" = -q; or echo "NOTE: Virtual environments directory $WORKON_HOME does not exist. Creating..." >&2
        command mkdir -p $WORKON_HOME
    end
end

function _mayfly_require_active
    if test -z "$VIRTUAL_ENV"; or not test -d "$VIRTUAL_ENV"
        echo 'ERROR: no virtualenv active, or active virtualenv is missing' >&2
        return 1
    end
end

function _mayfly_site_packages
    for folder in $VIRTUAL_ENV/lib/*/site-packages
        echo $folder
        return
    end
    echo 'ERROR: currently-active virtualenv does not appear to have a site-packages directory' >&2
    return 1
end

function _mayfly_first_line
    set -l line
    read -l line <$argv[1]
    echo $line
end

function _mayfly_name_of
    string replace -r '.*/' '' -- (string trim -r -c / -- $argv[1])
end

# Hooks

# Runs a hook as a program, in WORKON_HOME; how it ends decides nothing, and one that says nothing is not run.
function _mayfly_run_hook
    set -l hook $argv[1]
    test -f $hook; or return 0
    if test -r $hook
        set -l speaks
        while read -l line
            if string match -qr '^\s*[^\s#]' -- $line
                set speaks yes
                break
            end
        end <$hook
        test -n "$speaks"; or return 0
    end
    if not test -x $hook
        echo "could not run \"$hook\": it may not be executed" >&2
        return 0
    end
    set -l prior $PWD
    builtin cd $WORKON_HOME
    $argv
    builtin cd $prior
    return 0
end

# In this function's scope, as in other shells; the moment's name is the first argument.
function _mayfly_source_hook
    if test -f $argv[1].fish
        source $argv[1].fish $argv[2..]
    end
    return 0
end

function _mayfly_hook
    set -l hooks $VIRTUALENVWRAPPER_HOOK_DIR
    switch $argv[1]
        case initialize post_mkvirtualenv post_cpvirtualenv
            _mayfly_source_hook $hooks/(string replace _ '' -- $argv[1]) $argv
        case post_mkproject
            _mayfly_source_hook $hooks/postmkproject $argv
        case pre_mkvirtualenv pre_cpvirtualenv pre_rmvirtualenv post_rmvirtualenv pre_mkproject
            _mayfly_run_hook $hooks/(string replace _ '' -- $argv[1]) $argv[2..]
        case pre_activate
            _mayfly_run_hook $hooks/preactivate $argv[2]
            _mayfly_run_hook $WORKON_HOME/$argv[2]/bin/preactivate $argv[2]
        case get_env_details
            _mayfly_run_hook $hooks/get_env_details $argv[2]
            _mayfly_run_hook $WORKON_HOME/$argv[2]/bin/get_env_details $argv[2]
        case post_activate
            if test "$argv[2]" = 1; and test -f $VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME
                builtin cd (_mayfly_first_line $VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME)
            end
            _mayfly_source_hook $hooks/postactivate post_activate
            _mayfly_source_hook $VIRTUAL_ENV/bin/postactivate post_activate
        case pre_deactivate
            _mayfly_source_hook $VIRTUAL_ENV/bin/predeactivate $argv
            _mayfly_source_hook $hooks/predeactivate $argv
        case post_deactivate
            set -g VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV $WORKON_HOME/$argv[2]
            _mayfly_source_hook $WORKON_HOME/$argv[2]/bin/postdeactivate $argv
            _mayfly_source_hook $hooks/postdeactivate $argv
            set -e VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV
    end
    return 0
end

# Working in environments

function workon -d 'list or change working virtualenvs'
    set -l goes $VIRTUALENVWRAPPER_WORKON_CD
    set -l name
    for word in $argv
        switch $word
            case -h --help
                printf '%s\n' 'Usage: workon env_name' '' '           Deactivate any currently activated virtualenv' '           and activate the named environment, triggering' '           any hooks in the process.' '' \
                    '       workon' '' '           Print a list of available environments.' '           (See also lsvirtualenv -b)' '' '       workon (-h|--help)' '' '           Show this help message.' '' \
                    '       workon (-c|--cd) envname' '' '           After activating the environment, cd to the associated' '           project directory if it is set.' '' \
                    '       workon (-n|--no-cd) envname' '' '           After activating the environment, do not cd to the' '           associated project directory.' ''
                return 0
            case -n --no-cd
                set goes 0
            case -c --cd
                set goes 1
            case '*'
                test -n "$name"; or set name $word
        end
    end
    if test -z "$name"
        lsvirtualenv -b
        return 1
    end
    test "$name" = .; and set name (_mayfly_name_of $PWD)
    _mayfly_require_home; or return 1
    # What is no environment's name may be a running stack's, whose shell is a program.
    if not test -d "$WORKON_HOME/$name"; and set -l instances /run/mayfly/instances/$name-*/; and test -n "$instances"
        _mayfly workon --shell fish $name
        return
    end
    if not test -d "$WORKON_HOME/$name"
        echo "ERROR: Environment '$name' does not exist. Create it with 'mkvirtualenv $name'." >&2
        return 1
    end
    if not test -f "$WORKON_HOME/$name/bin/activate.fish"
        echo "ERROR: Environment '$WORKON_HOME/$name' does not contain an activate script." >&2
        return 1
    end
    # As virtualenvwrapper does, one is entered that cannot run any more; it is told, for its programs would only say that they are not found.
    test -x "$WORKON_HOME/$name/bin/python"; or echo "NOTE: the interpreter of '$name' is gone; mayfly env doctor --env $name tells more." >&2
    functions -q virtualenv_deactivate; and deactivate
    _mayfly_hook pre_activate $name
    source $WORKON_HOME/$name/bin/activate.fish
    functions -e virtualenv_deactivate
    functions -c deactivate virtualenv_deactivate
    function deactivate -d 'leave the virtualenv'
        set -l left (_mayfly_name_of $VIRTUAL_ENV)
        _mayfly_hook pre_deactivate
        virtualenv_deactivate $argv
        if test "$argv[1]" != nondestructive
            functions -e virtualenv_deactivate
            functions -e deactivate
        end
        _mayfly_hook post_deactivate $left
    end
    _mayfly_hook post_activate $goes
    return 0
end

# Making and removing

function mkvirtualenv -d 'Create a new virtualenv in $WORKON_HOME'
    set -l project
    set -l requirements
    set -l packages
    set -l options
    set -l clear
    set -l name
    set argv (string split -n ' ' -- $VIRTUALENVWRAPPER_VIRTUALENV_ARGS) $argv
    while set -q argv[1]
        set -l word $argv[1]
        set -e argv[1]
        switch $word
            case -h --help
                printf '%s\n' 'Usage: mkvirtualenv [-a project_path] [-i package] [-r requirements_file] [virtualenv options] env_name' '' ' -a project_path' '' '    Provide a full path to a project directory to associate with' '    the new environment.' '' \
                    ' -i package' '' '    Install a package after the environment is created.' '    This option may be repeated.' '' ' -r requirements_file' '' '    Provide a pip requirements file to install a base set of packages' '    into the new environment.' '' \
                    'virtualenv options:' '' ' -p, --python        the interpreter: 3.11, python3.11 or a path' ' --prompt            what the prompt shows instead of the name' ' --system-site-packages' '                     also see the packages of the interpreter' \
                    ' --clear             empty an environment that is there already' ' Others, about how pip and setuptools are brought, are taken and change nothing.'
                return 0
            case -a -i -r -p --python --prompt --app-data --activators --creator --seeder --discovery --try-first-with --extra-search-dir --pip --setuptools --wheel
                if not set -q argv[1]
                    echo "mkvirtualenv: $word needs a word after it" >&2
                    return 2
                end
                switch $word
                    case -a
                        if not test -d "$argv[1]"
                            echo "Cannot associate project with $argv[1], it is not a directory" >&2
                            return 1
                        end
                        set project (_mayfly_absolute $argv[1])
                    case -i
                        set -a packages $argv[1]
                    case -r
                        set requirements $argv[1]
                    case -p --python
                        set -a options --python $argv[1]
                    case --prompt
                        set -a options --prompt $argv[1]
                end
                set -e argv[1]
            case '--python=*' '--prompt=*'
                set -a options (string split -m 1 = -- $word)
            case '-p?*'
                set -a options --python (string sub -s 3 -- $word)
            case --system-site-packages
                set -a options $word
            case --clear
                set clear yes
            case -q --quiet -v -vv --verbose --no-site-packages --no-pip --no-setuptools --no-wheel --no-seed --without-pip --download --no-download --never-download --symlinks --copies --always-copy --no-vcs-ignore --no-periodic-update --reset-app-data --read-only-app-data --symlink-app-data --with-traceback
                # How virtualenv brings pip and setuptools and where it keeps them: nothing is brought here.
            case '--app-data=*' '--activators=*' '--creator=*' '--seeder=*' '--discovery=*' '--try-first-with=*' '--extra-search-dir=*' '--pip=*' '--setuptools=*' '--wheel=*'
            case '-*'
                echo "mkvirtualenv: unrecognized option $word" >&2
                return 2
            case '*'
                if test -n "$name"
                    echo "mkvirtualenv: unrecognized argument $name: one environment is created at a time" >&2
                    return 2
                end
                set name $word
        end
    end
    if contains -- "$name" '' . ..
        echo 'mkvirtualenv: name an environment: mkvirtualenv [-a project_path] [-i package] [-r requirements_file] env_name' >&2
        return 2
    end
    _mayfly_require_home; or return 1
    if test -n "$clear"; and test -e $WORKON_HOME/$name
        _mayfly_delete $name; or return
    end
    # As virtualenv does, what is there is kept; only another interpreter cannot be had that way.
    if not test -f $WORKON_HOME/$name/bin/activate.fish; or set -q options[1]
        _mayfly env create $WORKON_HOME/$name $options; or return
    end
    _mayfly_hook pre_mkvirtualenv $name
    if test -n "$project"
        setvirtualenvproject $WORKON_HOME/$name $project; or return
    end
    workon $name; or return
    test -z "$requirements"; or _mayfly_pip install -r $requirements
    for package in $packages
        _mayfly_pip install $package
    end
    _mayfly_hook post_mkvirtualenv
end

# The environment's own pip; where it has none, Mayfly does what is asked here of pip.
function _mayfly_pip
    if test -x $VIRTUAL_ENV/bin/pip
        $VIRTUAL_ENV/bin/pip $argv
        return
    end
    switch $argv[1]
        case install
            _mayfly env install --env $VIRTUAL_ENV $argv[2..]
        case uninstall
            _mayfly env remove --env $VIRTUAL_ENV $argv[3..]
        case '*'
            _mayfly env freeze --env $VIRTUAL_ENV
    end
end

function _mayfly_delete
    if test -f $WORKON_HOME/$argv[1]/pyvenv.cfg
        _mayfly env delete $WORKON_HOME/$argv[1] >/dev/null
    else
        command rm -rf $WORKON_HOME/$argv[1]
    end
end

function rmvirtualenv -d 'Remove a virtualenv'
    _mayfly_require_home; or return 1
    if not set -q argv[1]
        echo 'Please specify an environment.' >&2
        return 1
    end
    set -l code 0
    for name in $argv
        echo "Removing $name..."
        if string match -qr '^$|(^|/)(\.|\.\.)?$' -- $name
            echo "ERROR: '$name' is not the name of an environment." >&2
            return 1
        end
        if test "$VIRTUAL_ENV" = "$WORKON_HOME/$name"
            echo "ERROR: You cannot remove the active environment ('$name')." >&2
            echo "Either switch to another environment, or run 'deactivate'." >&2
            return 1
        end
        test -d $WORKON_HOME/$name; or echo "Did not find environment $WORKON_HOME/$name to remove." >&2
        # This shell may be somewhere in it.
        set -l prior $PWD
        builtin cd $WORKON_HOME
        _mayfly_hook pre_rmvirtualenv $name
        if test -e $WORKON_HOME/$name; and not _mayfly_delete $name
            set code 1
        else
            _mayfly_hook post_rmvirtualenv $name
        end
        test -d $prior; and builtin cd $prior
    end
    return $code
end

function cpvirtualenv -d 'duplicate the named virtualenv to make a new one'
    _mayfly_require_home; or return 1
    set -l from "$argv[1]"
    set -l name "$argv[2]"
    set -l origin $WORKON_HOME/$from
    if test -n "$from"; and not test -e $origin
        # One from elsewhere is taken among the others.
        set origin (_mayfly_absolute $from)
        set from (_mayfly_name_of $origin)
    end
    if test -z "$from"; or not test -e $origin
        echo 'Please provide a valid virtualenv to copy.'
        return 1
    end
    test -n "$name"; or set name $from
    if test -e $WORKON_HOME/$name
        echo "$name virtualenv already exists."
        return 1
    end
    echo "Copying $from as $name..."
    _mayfly env copy $origin $WORKON_HOME/$name >/dev/null; or return
    _mayfly_hook pre_cpvirtualenv $origin $name
    _mayfly_hook pre_mkvirtualenv $name
    workon $name; or return
    _mayfly_hook post_mkvirtualenv
    _mayfly_hook post_cpvirtualenv
end

function mktmpenv -d 'create a temporary virtualenv'
    set -l goes $VIRTUALENVWRAPPER_WORKON_CD
    set -l options
    for word in $argv
        switch $word
            case -n --no-cd
                set goes 0
            case -c --cd
                set goes 1
            case '*'
                set -a options $word
        end
    end
    set -l parts (string split - -- (_mayfly_first_line /proc/sys/kernel/random/uuid))
    mkvirtualenv $options tmp-$parts[1]$parts[5]; or return
    test "$goes" = 1; and cdvirtualenv
    echo "This is a temporary environment. It will be deleted when you run 'deactivate'."
    echo "This is a temporary environment. It will be deleted when you run 'deactivate'." >$VIRTUAL_ENV/README.tmpenv
    set -l name (_mayfly_name_of $VIRTUAL_ENV)
    printf '%s\n' 'if test -f $VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV/README.tmpenv' "    echo 'Removing temporary environment:' $name" "    rmvirtualenv $name" end >>$VIRTUAL_ENV/bin/postdeactivate.fish
end

function wipeenv -d 'remove all packages installed in the current virtualenv'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    set -l kept (_mayfly_pip freeze); or return
    if not set -q kept[1]
        echo 'Nothing to remove.'
        return 0
    end
    echo 'Uninstalling packages:'
    printf '%s\n' $kept ''
    # Not from what freeze prints: an editable project has its folder there and not its name.
    # pip stays, where somebody has installed it: there is one in every environment.
    _mayfly_pip uninstall -y (_mayfly_pip list --format=freeze | string replace -r '=.*' '' | string match -v pip)
end

# Looking

function lsvirtualenv -d 'list virtualenvs'
    set -l long yes
    for word in $argv
        switch $word
            case -l
                set long yes
            case -b
                set long
            case '*'
                test "$word" = -h; or echo "Invalid option: $word" >&2
                printf '%s\n' 'lsvirtualenv [-blh]' '  -b -- brief mode' '  -l -- long mode' '  -h -- this help message'
                return 1
        end
    end
    _mayfly_require_home; or return 1
    if test -n "$long"
        allvirtualenv showvirtualenv
    else
        _mayfly_names
    end
    return 0
end

function showvirtualenv -d 'show details of a single virtualenv'
    set -l name $argv[1]
    if test -z "$name"
        if test -z "$VIRTUAL_ENV"
            echo 'showvirtualenv [env]'
            return 1
        end
        set name (_mayfly_name_of $VIRTUAL_ENV)
    end
    _mayfly_hook get_env_details $name
    echo
end

# Without the hooks; what a command leaves in this shell is put back, for fish has no shell within a shell.
function allvirtualenv -d 'run a command in all virtualenvs'
    _mayfly_require_home; or return 1
    set -l prior $PWD
    for name in (_mayfly_names)
        echo $name
        string repeat -n (string length -- $name) =
        begin
            set -lx VIRTUAL_ENV $WORKON_HOME/$name
            set -lx PATH $WORKON_HOME/$name/bin $PATH
            builtin cd $VIRTUAL_ENV
            $argv
        end
        builtin cd $prior
        echo
    end
    return 0
end

function cdvirtualenv -d 'change to the $VIRTUAL_ENV directory'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    builtin cd $VIRTUAL_ENV/"$argv[1]"
end

function cdsitepackages -d 'change to the site-packages directory'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    set -l folder (_mayfly_site_packages); or return 1
    builtin cd $folder/"$argv[1]"
end

function lssitepackages -d 'list contents of the site-packages directory'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    set -l folder (_mayfly_site_packages); or return 1
    ls $argv $folder
    if test -f $folder/_virtualenv_path_extensions.pth
        echo
        echo _virtualenv_path_extensions.pth:
        string collect <$folder/_virtualenv_path_extensions.pth
    end
end

# Changing the active one

# The file is written beside the one that it replaces, so that an interpreter that starts meanwhile reads a whole one.
function _mayfly_replace
    printf '%s\n' $argv[2..] >$argv[1].new-$fish_pid; and command mv -f $argv[1].new-$fish_pid $argv[1]
end

function toggleglobalsitepackages -d 'turn access to global site-packages on/off'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    set -l lines (string split \n <$VIRTUAL_ENV/pyvenv.cfg)
    set -l to true
    string match -qr '^include-system-site-packages\s*=\s*true' -- $lines; and set to false
    _mayfly_replace $VIRTUAL_ENV/pyvenv.cfg (string match -rv '^include-system-site-packages' -- $lines) "include-system-site-packages = $to"; or return 1
    test "$argv[1]" = -q; and return 0
    test $to = true; and echo 'Enabled global site-packages'; or echo 'Disabled global site-packages'
end

function add2virtualenv -d 'add directory to the import path'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    set -l packages (_mayfly_site_packages); or return 1
    set -l file $packages/_virtualenv_path_extensions.pth
    # These two lines put what is between them before the environment's own packages.
    set -l lines 'import sys; sys.__plen = len(sys.path)' "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; p=getattr(sys,'__egginsert',0); sys.path[p:p]=new; sys.__egginsert = p+len(new)"
    test -f $file; and set lines (string split \n <$file)
    if not set -q argv[1]
        echo 'Usage: add2virtualenv dir [dir ...]'
        if test -f $file
            printf '%s\n' '' 'Existing paths:' (string match -v 'import*' -- $lines)
        end
        return 1
    end
    set -l remove
    if test "$argv[1]" = -d
        set remove yes
        set -e argv[1]
    end
    for folder in $argv
        set -l found (_mayfly_absolute $folder)
        test "$found" = "$folder"; or echo "Warning: Converting \"$folder\" to \"$found\"" >&2
        if test -z "$remove"
            set lines $lines[1] $found $lines[2..]
        else
            set -l kept
            for line in $lines
                test "$line" = "$found"; or set -a kept $line
            end
            set lines $kept
        end
    end
    _mayfly_replace $file $lines
end

# Projects

function setvirtualenvproject -d 'associate a project directory with a virtualenv'
    set -l environment "$argv[1]"
    test -n "$environment"; or set environment "$VIRTUAL_ENV"
    set -l project $PWD
    test -z "$argv[2]"; or set project (_mayfly_absolute $argv[2])
    test -d "$environment"; or set environment $WORKON_HOME/$environment
    if not test -d $environment; or test $environment = $WORKON_HOME/
        echo "No virtualenv "(_mayfly_name_of $environment) >&2
        return 1
    end
    if not test -d $project
        echo "Cannot associate virtualenv with \"$project\", it is not a directory" >&2
        return 1
    end
    echo "Setting project for "(_mayfly_name_of $environment)" to $project"
    echo $project >$environment/$VIRTUALENVWRAPPER_PROJECT_FILENAME
end

function cdproject -d 'change directory to the active project'
    _mayfly_require_home; or return 1
    _mayfly_require_active; or return 1
    if not test -f $VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME
        echo "No project set in $VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME" >&2
        return 1
    end
    builtin cd (_mayfly_first_line $VIRTUAL_ENV/$VIRTUALENVWRAPPER_PROJECT_FILENAME)
end

function mkproject -d 'create a new project directory and its associated virtualenv'
    set -l force
    set -l options
    for word in $argv
        switch $word
            case -h --help
                printf '%s\n' 'Usage: mkproject [-f|--force] [virtualenv options] project_name' '' '-f, --force    Create the virtualenv even if the project directory' '               already exists' '' 'mkvirtualenv help:' ''
                mkvirtualenv -h
                return
            case -f --force
                set force yes
            case -t
                echo 'mkproject: there are no templates: they are plugins of virtualenvwrapper' >&2
                return 1
            case '*'
                set -a options $word
        end
    end
    if test -z "$PROJECT_HOME"
        echo 'ERROR: Set the PROJECT_HOME shell variable to the name of the directory where projects should be created.' >&2
        return 1
    end
    if not test -d $PROJECT_HOME
        echo "ERROR: Project directory '$PROJECT_HOME' does not exist.  Create it or set PROJECT_HOME to an existing directory." >&2
        return 1
    end
    set -l name $options[-1]
    if test -z "$force"; and test -d $PROJECT_HOME/$name
        echo "Project $name already exists." >&2
        return 1
    end
    mkvirtualenv $options; or return 1
    builtin cd $PROJECT_HOME
    _mayfly_hook pre_mkproject $name
    echo "Creating $PROJECT_HOME/$name"
    command mkdir -p $PROJECT_HOME/$name
    setvirtualenvproject $VIRTUAL_ENV $PROJECT_HOME/$name
    builtin cd $PROJECT_HOME/$name
    _mayfly_hook post_mkproject
end

# Completion

function _mayfly_folders
    set -l base $argv[1]
    for folder in $base/*/
        string replace -- $base/ '' $folder
    end
end

complete -c workon -f -a '(_mayfly_names)'
complete -c workon -s n -l no-cd -d 'stay in this folder'
complete -c workon -s c -l cd -d 'change to the project'
complete -c rmvirtualenv -f -a '(_mayfly_names)'
complete -c cpvirtualenv -f -a '(_mayfly_names)'
complete -c showvirtualenv -f -a '(_mayfly_names)'
complete -c cdvirtualenv -f -a '(set -q VIRTUAL_ENV; and _mayfly_folders $VIRTUAL_ENV)'
complete -c cdsitepackages -f -a '(set -q VIRTUAL_ENV; and _mayfly_folders (_mayfly_site_packages))'

# As a shell begins.
test -n "$WORKON_HOME"; or set WORKON_HOME $HOME/.virtualenvs
string match -q '~*' -- $WORKON_HOME; and set WORKON_HOME $HOME(string sub -s 2 -- $WORKON_HOME)
string match -q '/*' -- $WORKON_HOME; or set WORKON_HOME $HOME/$WORKON_HOME
set -gx WORKON_HOME (_mayfly_absolute $WORKON_HOME)
set -q VIRTUALENVWRAPPER_PROJECT_FILENAME; or set -gx VIRTUALENVWRAPPER_PROJECT_FILENAME .project
set -q VIRTUALENVWRAPPER_WORKON_CD; or set -gx VIRTUALENVWRAPPER_WORKON_CD 1
set -q VIRTUALENVWRAPPER_HOOK_DIR; or set -gx VIRTUALENVWRAPPER_HOOK_DIR $WORKON_HOME
if _mayfly_require_home -q
    _mayfly_hook initialize
end
