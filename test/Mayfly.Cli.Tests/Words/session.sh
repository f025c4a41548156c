# A day with environments, as bash and zsh read it: every word, with what it prints, how it ends, and where it leaves the shell.
say() { printf '%s [code %s, in %s, env %s]\n' "-- $1" "$2" "$PWD" "${VIRTUAL_ENV:-none}"; }
mkdir -p "$HOME/proj ect" "$HOME/other"
for h in postmkvirtualenv postactivate predeactivate postdeactivate; do printf 'e=${VIRTUAL_ENV:-}; echo "global %s in $PWD [$*] env=${e##*/} last=${VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV:-}"\n' $h >> "$WORKON_HOME/$h"; done
for h in premkvirtualenv preactivate prermvirtualenv postrmvirtualenv precpvirtualenv get_env_details; do printf '#!/bin/sh\necho "global %s in $PWD [$*]"\n' $h > "$WORKON_HOME/$h"; chmod +x "$WORKON_HOME/$h"; done
printf 'echo "global postcpvirtualenv [$*]"\n' > "$WORKON_HOME/postcpvirtualenv"
cd "$HOME/other"
mkvirtualenv -a "$HOME/other" one >/dev/null; say made $?
for h in postactivate predeactivate postdeactivate; do printf 'echo "local %s in $PWD [$*]"\n' $h >> "$VIRTUAL_ENV/bin/$h"; done
printf '#!/bin/sh\necho "local preactivate in $PWD [$*]"\n' > "$VIRTUAL_ENV/bin/preactivate"; chmod +x "$VIRTUAL_ENV/bin/preactivate"
deactivate; say deactivated $?
mkvirtualenv 'with space' >/dev/null; say made $?
cd /
workon one; say workon $?
cd /
workon -n 'with space'; say 'workon -n' $?
workon -n one; say "workon -n" $?
workon -c one; say "workon -c" $?
workon; say 'workon' $?
lsvirtualenv; say ls $?
lsvirtualenv -b; say ls-b $?
lsvirtualenv -h; say ls-h $?
lsvirtualenv -x; say ls-x $?
showvirtualenv; say show $?
showvirtualenv 'with space'; say show $?
cdvirtualenv; say cdv $?
cdvirtualenv bin; say cdv-bin $?
cdvirtualenv nosuch 2>/dev/null; say cdv-no $?
cdsitepackages; say cds $?
cd "$HOME/other"
add2virtualenv; say add $?
add2virtualenv . /usr/share; say add $?
add2virtualenv; say add $?
lssitepackages | grep -A9 'extensions.pth:'; say lssite $?
python -c 'import sys; print("/usr/share" in sys.path, [p for p in sys.path if "other" in p])'
add2virtualenv -d /usr/share; say add-d $?
add2virtualenv; say add $?
setvirtualenvproject one "$HOME/proj ect"; say setproject $?
setvirtualenvproject nosuch; say setproject $?
setvirtualenvproject one /nowhere; say setproject $?
cdproject; say cdproject $?
workon 'with space'; say workon $?
cdproject; say cdproject $?
rmvirtualenv 'with space'; say 'rm active' $?
rmvirtualenv; say 'rm none' $?
workon nosuch; say 'workon no' $?
mkdir "$WORKON_HOME/empty"; workon empty; say 'workon empty' $?
mkdir -p "$HOME/x/one"; cd "$HOME/x/one"; workon .; say 'workon .' $?
cpvirtualenv; say cp $?
cpvirtualenv nosuch; say cp $?
cpvirtualenv one 'with space'; say cp $?
cpvirtualenv one copy; say cp $?
workon copy; say 'workon copy' $?
allvirtualenv pwd; say all $?
deactivate; say deactivated $?
cdvirtualenv; say 'cdv none' $?
cdsitepackages; say 'cds none' $?
lssitepackages; say 'lss none' $?
add2virtualenv x; say 'add none' $?
toggleglobalsitepackages; say 'toggle none' $?
cdproject; say 'cdproject none' $?
wipeenv; say 'wipe none' $?
showvirtualenv; say 'show none' $?
workon --help; say help $?
cd "$WORKON_HOME/copy"
rmvirtualenv copy 'with space' nosuch; say 'rm several' $?
mktmpenv -n >/dev/null; say tmp $?
mkproject p; say 'mkproject no home' $?
PROJECT_HOME=$HOME/projects
mkproject p; say 'mkproject no folder' $?
mkdir -p $PROJECT_HOME
mkproject p >/dev/null; say 'mkproject' $?
mkvirtualenv -a /nowhere z; say 'mk no project' $?
mkvirtualenv q > /dev/null; say q $?
cd /; workon p; say p $?
mkproject p; say 'mkproject again' $?
mktmpenv > /dev/null; [ "${PWD##*/}" = "${VIRTUAL_ENV##*/}" ] && echo in tmp; d=$VIRTUAL_ENV; deactivate >/dev/null; ls -d $d >/dev/null 2>&1; say tmp $?
mkvirtualenv p >/dev/null; say "there already" $?
workon -n nosuch -c p; say "two names" $?
ls "$WORKON_HOME" | grep -v "post\|pre\|initialize\|get_env"
