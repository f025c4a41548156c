# The same day as session.sh in the language of fish, whose hooks that are read by the shell are called NAME.fish.
function say; set -l e none; set -q VIRTUAL_ENV; and set e $VIRTUAL_ENV; printf '%s\n' "-- $argv[1] [code $argv[2], in $PWD, env $e]"; end
mkdir -p "$HOME/proj ect" "$HOME/other"
for h in postmkvirtualenv postactivate predeactivate postdeactivate; echo 'set -l e; set -q VIRTUAL_ENV; and set e (basename $VIRTUAL_ENV); echo "global '$h' in $PWD [$argv] env=$e last=$VIRTUALENVWRAPPER_LAST_VIRTUAL_ENV"' >> $WORKON_HOME/$h.fish; end
for h in premkvirtualenv preactivate prermvirtualenv postrmvirtualenv precpvirtualenv get_env_details; printf '#!/bin/sh\necho "global %s in $PWD [$*]"\n' $h > "$WORKON_HOME/$h"; chmod +x "$WORKON_HOME/$h"; end
printf 'echo "global postcpvirtualenv [$argv]"\n' > "$WORKON_HOME/postcpvirtualenv.fish"
cd "$HOME/other"
mkvirtualenv -a "$HOME/other" one >/dev/null; say made $status
for h in postactivate predeactivate postdeactivate; echo 'echo "local '$h' in $PWD [$argv]"' >> $VIRTUAL_ENV/bin/$h.fish; end
printf '#!/bin/sh\necho "local preactivate in $PWD [$*]"\n' > "$VIRTUAL_ENV/bin/preactivate"; chmod +x "$VIRTUAL_ENV/bin/preactivate"
deactivate; say deactivated $status
mkvirtualenv 'with space' >/dev/null; say made $status
cd /
workon one; say workon $status
cd /
workon -n 'with space'; say 'workon -n' $status
workon -n one; say "workon -n" $status
workon -c one; say "workon -c" $status
workon; say 'workon' $status
lsvirtualenv; say ls $status
lsvirtualenv -b; say ls-b $status
lsvirtualenv -h; say ls-h $status
lsvirtualenv -x; say ls-x $status
showvirtualenv; say show $status
showvirtualenv 'with space'; say show $status
cdvirtualenv; say cdv $status
cdvirtualenv bin; say cdv-bin $status
cdvirtualenv nosuch 2>/dev/null; say cdv-no $status
cdsitepackages; say cds $status
cd "$HOME/other"
add2virtualenv; say add $status
add2virtualenv . /usr/share; say add $status
add2virtualenv; say add $status
lssitepackages | grep -A9 'extensions.pth:'; say lssite $status
python -c 'import sys; print("/usr/share" in sys.path, [p for p in sys.path if "other" in p])'
add2virtualenv -d /usr/share; say add-d $status
add2virtualenv; say add $status
setvirtualenvproject one "$HOME/proj ect"; say setproject $status
setvirtualenvproject nosuch; say setproject $status
setvirtualenvproject one /nowhere; say setproject $status
cdproject; say cdproject $status
workon 'with space'; say workon $status
cdproject; say cdproject $status
rmvirtualenv 'with space'; say 'rm active' $status
rmvirtualenv; say 'rm none' $status
workon nosuch; say 'workon no' $status
mkdir "$WORKON_HOME/empty"; workon empty; say 'workon empty' $status
mkdir -p "$HOME/x/one"; cd "$HOME/x/one"; workon .; say 'workon .' $status
cpvirtualenv; say cp $status
cpvirtualenv nosuch; say cp $status
cpvirtualenv one 'with space'; say cp $status
cpvirtualenv one copy; say cp $status
workon copy; say 'workon copy' $status
allvirtualenv pwd; say all $status
deactivate; say deactivated $status
cdvirtualenv; say 'cdv none' $status
cdsitepackages; say 'cds none' $status
lssitepackages; say 'lss none' $status
add2virtualenv x; say 'add none' $status
toggleglobalsitepackages; say 'toggle none' $status
cdproject; say 'cdproject none' $status
wipeenv; say 'wipe none' $status
showvirtualenv; say 'show none' $status
workon --help; say help $status
cd "$WORKON_HOME/copy"
rmvirtualenv copy 'with space' nosuch; say 'rm several' $status
mktmpenv -n >/dev/null; say tmp $status
mkproject p; say 'mkproject no home' $status
set PROJECT_HOME $HOME/projects
mkproject p; say 'mkproject no folder' $status
mkdir -p $PROJECT_HOME
mkproject p >/dev/null; say 'mkproject' $status
mkvirtualenv -a /nowhere z; say 'mk no project' $status
mkvirtualenv q > /dev/null; say q $status
cd /; workon p; say p $status
mkproject p; say 'mkproject again' $status
mktmpenv > /dev/null; test (basename $PWD) = (basename $VIRTUAL_ENV); and echo in tmp; set d $VIRTUAL_ENV; deactivate >/dev/null; ls -d $d >/dev/null 2>&1; say tmp $status
mkvirtualenv p >/dev/null; say "there already" $status
workon -n nosuch -c p; say "two names" $status
ls "$WORKON_HOME" | grep -v "post\|pre\|initialize\|get_env"
