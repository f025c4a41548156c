using Mayfly.Images.Layers;
using Mayfly.Images.Placing;

namespace Mayfly.Images.Building;

/// <summary>
/// Programs that stand in for real ones while packages are configured. Most of theirs would be work for nothing: a key or a database that the
/// image leaves out (<see cref="LeftOut"/>), and that is made when an instance starts. What such a stand-in makes is left out in the same way. find
/// gives names in whatever order the file system has them, which differs from one to the next; its stand-in does in the names' order what was to be done with each,
/// for TeX's scripts, which write what they find. Some only answer faster.
/// Whatever else is asked of a program goes to the real one.
/// </summary>
internal static class StandIns
{
    /// <summary>What follows a real program's name, beside which the stand-in has it.</summary>
    public const string Real = ".stood-in-for";

    /// <summary>Programs, by a pattern; the script; and what an image must have for that to matter, or null. A stand-in for what is called often costs time.</summary>
    private static readonly (string Programs, string Script, string? Where)[] Table =
    [
        // A key of 2048 bits and a certificate: what looks for them finds files.
        ("usr/sbin/make-ssl-cert", """
            if [ "$*" = generate-default-snakeoil ]; then
                key=/etc/ssl/private/ssl-cert-snakeoil.key
                : >/etc/ssl/certs/ssl-cert-snakeoil.pem
                : >$key
                chmod 640 $key
                exec chown root:ssl-cert $key
            fi
            """, null),
        // initdb writes the configuration by itself; these two calls fill the data with system tables that it tells them by standard input. Data elsewhere is not left out.
        ("usr/lib/postgresql/*/bin/postgres", """
            case $1:$PGDATA in --boot:/var/lib/postgresql/*/*|--single:/var/lib/postgresql/*/*) exec cat >/dev/null ;; esac
            """, null),
        // Scripts of every service ask to unmask what nothing has masked, and whether an administrator has disabled what is only now installed (deb-systemd-helper(1)). It loads Perl and many modules for each.
        ("usr/bin/deb-systemd-helper", """
            state=/var/lib/systemd/deb-systemd
            case $DPKG_ROOT:$_DEB_SYSTEMD_HELPER_DEBUG:$#:$1:$2 in
                ::2:unmask:*) [ -e "/etc/systemd/system/${2##*/}" ] || [ -e $state-helper-masked ] || [ -e $state-user-helper-masked ] || exit 0 ;;
                ::3:--quiet:was-enabled) [ "${3#-}" != "$3" ] || [ -z "$DPKG_MAINTSCRIPT_PACKAGE" ] || [ -e "$state-helper-enabled/${3##*/}.dsh-also" ] || exit 0 ;;
            esac
            """, null),
        ("usr/bin/localedef", LocaleArchive.Without, null),
        ("usr/sbin/locale-gen", LocaleArchive.Again, null),
        // Only where the one action comes last: what has to be printed or executed is then known when all names are. A list of tests joined by -o has its action behind it alone.
        ("usr/bin/find", $$"""
            real=/usr/bin/find{{Real}}
            action= at=0 number=0 either= end=
            for argument; do
                number=$((number + 1))
                case $action:$argument in
                    -exec:\;) [ $number -eq $# ] || exec $real "$@" ;;
                    -exec:*) ;;
                    -*:*) exec $real "$@" ;;
                    :-exec|:-print|:-print0) action=$argument at=$number ;;
                    :-o|:-or) either=yes ;;
                    :,|:-d|:-delete|:-depth|:-execdir|:-files0-from|:-fls|:-fprint*|:-help|:--help|:-ls|:-ok|:-okdir|:-printf|:-quit|:-version|:--version) exec $real "$@" ;;
                esac
                before=$end end=$argument
            done
            case $action:$either:$before:$end in
                ::*) at=$(($# + 1)) ;;
                :yes:*) exec $real "$@" ;;
                -exec:*:\;|-exec:*:{}:+|-print*) ;;
                *) exec $real "$@" ;;
            esac
            list=$(mktemp -p /dev 2>/dev/null) || exec $real "$@"
            found() {
                count=$1
                shift
                rest=$(($# - count))
                while [ $count -gt 0 ]; do
                    set -- "$@" "$1"
                    shift
                    count=$((count - 1))
                done
                shift $rest
                $real "$@" -print0
            }
            { found $((at - 1)) "$@"; echo $? >$list.code; } | LC_ALL=C sort -z >$list
            read -r code <$list.code
            case $action in
                -exec)
                    shift $at
                    keep=$(($# - 1))
                    [ "$end" = ';' ] || keep=$((keep - 1))
                    drop=$(($# - keep))
                    while [ $keep -gt 0 ]; do
                        set -- "$@" "$1"
                        shift
                        keep=$((keep - 1))
                    done
                    shift $drop
                    if [ "$end" = ';' ]; then
                        xargs -0 -r -a $list -I '{}' -- "$@"
                    else
                        xargs -0 -r -a $list -- "$@" || code=1
                    fi ;;
                -print0) cat $list ;;
                *) tr '\0' '\n' <$list ;;
            esac
            rm -f $list $list.code
            exit $code
            """, "usr/share/texlive"),
    ];

    /// <param name="folder">The layer that lies over all others.</param>
    /// <param name="layers">What it lies over, lowest first.</param>
    public static void Make(string folder, IReadOnlyList<string> layers)
    {
        foreach (var (programs, script, where) in Table)
        {
            if (where is not null && LayerTree.Find(layers, where) is null)
                continue;
            foreach (var program in layers.SelectMany(layer => LayerCleaning.Matching(layer, programs).Select(path => path[(layer.Length + 1)..])).Distinct(StringComparer.Ordinal).ToArray())
            {
                if (Shims.Find(layers, program) is not { } real)
                    continue;
                Shims.Write(folder, program, $"#!/bin/sh\n{script}\nexec \"/{program}{Real}\" \"$@\"\n");
                // Beside it, because programs find what is theirs by where they are.
                TreeWriter.LinkOrCopy(real, $"{folder}/{program}{Real}");
            }
        }
    }
}
