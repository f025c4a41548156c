using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>
/// Half-built trees that a user asked to keep, to find out why a script fails: <c>failed/NAME/</c> in the store.
/// </summary>
/// <remarks>
/// What it keeps: the work folder of the build as it was when the program failed, with <c>layers/</c> (links to the layers that were
/// mounted, by number, lowest first, the last one writable) and <c>enter</c>, a shell script that mounts them again as the build did and runs a
/// command there. How it changes: one rename puts it in place; commands that a user runs there change the writable layer alone.
/// Why a script and not a verb: what fails can be tried where only util-linux is, and the file says all that was given to the program.
/// </remarks>
internal static class FailedBuild
{
    /// <summary>Moves the work folder there and gives its new place.</summary>
    public static string Keep(Store store, string work, string name, ProgramCall call)
    {
        var layers = $"{work}/layers";
        Directory.CreateDirectory(layers);
        for (var at = 0; at < call.Layers.Count; at++)
        {
            var inside = call.Layers[at].StartsWith($"{work}/", StringComparison.Ordinal);
            Nodes.MakeLink(inside ? $"..{call.Layers[at][work.Length..]}" : MadeLayer.Lasting(call.Layers[at]), $"{layers}/{at}");
        }

        var script = $"{work}/enter";
        File.WriteAllText(script, Script(call));
        Files.ChangeMode(script, 0x1ed);
        // Names of packages and of steps; whatever else stands in those is no part of a file's name.
        var shown = string.Concat(name.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '+' or '-' ? letter : '-')).Trim('-', '.');
        var folder = store.PathOf(StoreArea.Failed, $"{(shown.Length > 40 ? shown[..40] : shown)}-{Guid.NewGuid().ToString("n")[..8]}");
        Files.Rename(work, folder);
        return folder;
    }

    /// <summary>A word as a shell reads it back.</summary>
    internal static string Quoted(string word) =>
        word.Length > 0 && word.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_' or '+' or '=' or ':' or ',')
            ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>The same mounts, namespaces and environment as <see cref="BuildRoot"/> gives.</summary>
    private static string Script(ProgramCall call)
    {
        var top = call.Layers.Count - 1;
        var lower = string.Join(':', Enumerable.Range(0, top).Reverse());
        var environment = new StringBuilder();
        foreach (var (name, value) in call.Environment)
            environment.Append(' ').Append(Quoted($"{name}={value}"));
        return $$"""
            #!/bin/sh
            # Runs a command in the half-built tree of a build that failed, with all that the build gave it; without a command, a shell.
            #   enter [--anew] [COMMAND [ARGUMENT]...]
            # What it changes stays, in the tree's writable layer. With --anew the tree is as it was before the program that failed began,
            # and what the command changes is gone with the next one. As root. `mayfly prune` removes this folder.
            set -e
            cd "$(dirname "$(readlink -f "$0")")"
            if [ "$1" != --inside ]; then
                exec unshare --mount --net --uts --ipc --pid --fork --kill-child -- /bin/sh ./enter --inside "$@"
            fi
            shift
            upper={{top}}
            if [ "$1" = --anew ]; then
                shift
                upper=../anew
                rm -rf anew
                mkdir anew
            fi
            [ $# -gt 0 ] || set -- /bin/sh
            rm -rf again
            mkdir again
            mkdir -p root
            cd layers
            mount -t overlay overlay -o "lowerdir=../{{call.Shims}}:{{lower}},upperdir=$upper,workdir=../again,redirect_dir=off,metacopy=off,index=off,xino=off" ../root
            cd ../root
            [ ! -d proc ] || mount -t proc proc proc
            [ ! -d sys ] || mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
            if [ -d dev ]; then
                mount -t tmpfs -o mode=0755,nosuid tmpfs dev
                for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
                    set -- $node "$@"
                    mknod -m 666 "dev/$1" c "$2" "$3"
                    shift 3
                done
                mkdir -m 1777 dev/shm
                mkdir dev/pts
                mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,nosuid,noexec devpts dev/pts
                for link in ptmx=pts/ptmx fd=/proc/self/fd stdin=fd/0 stdout=fd/1 stderr=fd/2; do
                    ln -s "${link#*=}" "dev/${link%%=*}"
                done
            fi
            hostname localhost 2>/dev/null || true
            ip link set lo up 2>/dev/null || true
            exec env -i{{environment}} chroot . /bin/sh -c 'cd "$1" && shift && exec "$@"' sh {{Quoted(call.WorkingDirectory)}} "$@"

            """;
    }
}
