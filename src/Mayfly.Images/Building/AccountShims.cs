using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Images.Dpkg;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>
/// Makes the programs by which packages' scripts add accounts give each the number of the stack's table, and none of the table's to
/// a name that it lacks. Everything else about an account, its line's place above all, stays as the script would have it.
/// </summary>
/// <remarks>
/// adduser and addgroup are given pools of ids (adduser.conf(5)) with a configuration of their own, beside the image's. useradd and groupadd,
/// which know no pools, get a range with one number in it (-K, useradd(8)). The files that systemd-sysusers reads have the numbers in them, in the
/// column where it would choose (sysusers.d(5)). A number that a script names itself stands.
/// </remarks>
internal static partial class AccountShims
{
    private const string Configuration = $"{ByteCompilation.Folder}/adduser.conf";

    public static void Make(string folder, IReadOnlyList<string> layers, IReadOnlyList<LockedId> ids)
    {
        var free = IdTable.Free(ids);
        if (Shims.Find(layers, "usr/sbin/adduser") is { } adduser)
        {
            Text(folder, $"{ByteCompilation.Folder}/users", Pool(ids, LockedIdKind.User));
            Text(folder, $"{ByteCompilation.Folder}/groups", Pool(ids, LockedIdKind.Group));
            Text(folder, Configuration, $"UID_POOL=/{ByteCompilation.Folder}/users\nGID_POOL=/{ByteCompilation.Folder}/groups\n");
            foreach (var name in (ReadOnlySpan<string>)["adduser", "addgroup"])
                Stand(folder, name, adduser, AddUser(name, free));
        }

        if (Shims.Find(layers, "usr/sbin/useradd") is { } useradd)
            Stand(folder, "useradd", useradd, UserAdd("useradd", "bcdefgGkKpPRsuZ", "base-dir|comment|home-dir|home|expiredate|inactive|gid|groups|skel|key|password|root|prefix|shell|uid|selinux-user", ids, free));
        if (Shims.Find(layers, "usr/sbin/groupadd") is { } groupadd)
            Stand(folder, "groupadd", groupadd, UserAdd("groupadd", "gKpRPU", "gid|key|password|root|prefix|users", [.. ids.Where(static id => id.Kind == LockedIdKind.Group)], free));

        var files = SystemUserFiles(layers);
        var declared = files.SelectMany(static file => Line().Matches(file.Text)).Select(static line => line.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        foreach (var (path, text) in files)
        {
            if (WithNumbers(text, ids, declared) is var changed && changed != text)
                Text(folder, path, changed);
        }

        // Packages that are placed over a folder give it the time that it has (Placement). At the first build there is no table, and no folder of these here.
        foreach (var path in (ReadOnlySpan<string>)["etc/sysusers.d", "usr/lib/sysusers.d", "usr/lib"])
        {
            if (Nodes.Find($"{folder}/{path}") is not null && LayerTree.Find(layers, path) is { } real)
                Nodes.SetTime($"{folder}/{path}", Nodes.Read(real).Time);
        }
    }

    /// <summary>A file of sysusers.d(5) with the table's numbers where it leaves them to be chosen.</summary>
    /// <param name="text">As packaged.</param>
    /// <param name="ids">The table.</param>
    /// <param name="declared">Names of users and groups that any file declares.</param>
    public static string WithNumbers(string text, IReadOnlyList<LockedId> ids, IReadOnlySet<string> declared)
    {
        var more = new List<string>();
        var unknown = false;
        var groups = Line().Matches(text).Where(static line => line.Groups["type"].Value == "g").Select(static line => line.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        var changed = Line().Replace(text, line =>
        {
            var (name, id) = (line.Groups["name"].Value, line.Groups["id"].Value);
            if (id is not ("" or "-") && !id.StartsWith("-:", StringComparison.Ordinal))
                return line.Value;
            var user = line.Groups["type"].Value == "u";
            var number = NumberOf(ids, user ? LockedIdKind.User : LockedIdKind.Group, name);
            // A user's own group takes the user's number unless it is declared apart. After all others, for those are made first.
            if (user && !id.Contains(':') && !groups.Contains(name) && NumberOf(ids, LockedIdKind.Group, name) is { } group && group != number)
                more.Add(string.Create(CultureInfo.InvariantCulture, $"g {name} {group}"));
            unknown |= number is null;
            return number is null ? line.Value : string.Create(CultureInfo.InvariantCulture, $"{line.Groups["before"].Value} {number}{(id.Length > 1 ? id[1..] : "")}{line.Groups["rest"].Value}");
        });
        // Members that nothing declares are made for their own sake.
        foreach (Match member in Member().Matches(text))
        {
            foreach (var (type, kind, name) in (ReadOnlySpan<(char, LockedIdKind, string)>)[('u', LockedIdKind.User, member.Groups[1].Value), ('g', LockedIdKind.Group, member.Groups[2].Value)])
            {
                if (!declared.Contains(name) && NumberOf(ids, kind, name) is { } number)
                    more.Add(string.Create(CultureInfo.InvariantCulture, $"{type} {name} {number}"));
            }
        }

        if (unknown)
            more.Add(string.Create(CultureInfo.InvariantCulture, $"r - {IdTable.Free(ids).First}-{IdTable.Free(ids).Last}"));
        return more.Count == 0 ? changed : $"{changed.TrimEnd('\n')}\n{string.Join('\n', more.Distinct())}\n";
    }

    /// <summary>The files that systemd-sysusers reads, as the topmost layers have them.</summary>
    private static IReadOnlyList<(string Path, string Text)> SystemUserFiles(IReadOnlyList<string> layers) =>
    [
        .. ((IEnumerable<string>)["etc/sysusers.d", "usr/lib/sysusers.d"])
            .SelectMany(folder => layers.Select(layer => $"{layer}/{folder}").Where(static path => Nodes.Find(path) is { Kind: NodeKind.Directory })
                .SelectMany(static path => Directory.EnumerateFiles(path, "*.conf")).Select(path => $"{folder}/{Path.GetFileName(path)}"))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(path => (path, Shims.Find(layers, path))).Where(static file => file.Item2 is not null)
            .Select(static file => (file.path, File.ReadAllText(file.Item2!, DpkgPackage.Bytes))),
    ];

    private static int? NumberOf(IReadOnlyList<LockedId> ids, LockedIdKind kind, string name) => ids.FirstOrDefault(id => id.Kind == kind && id.Name == name)?.Id;

    private static string Pool(IReadOnlyList<LockedId> ids, LockedIdKind kind) =>
        string.Concat(ids.Where(id => id.Kind == kind && IsPoolName(id.Name)).Select(static id => string.Create(CultureInfo.InvariantCulture, $"{id.Name}:{id.Id}\n")));

    /// <summary>adduser complains of others, and makes none.</summary>
    private static bool IsPoolName(string name) => name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');

    private static void Stand(string folder, string name, string real, string text)
    {
        Shims.Write(folder, $"{ByteCompilation.Folder}/{name}", "");
        File.Copy(real, $"{folder}/{ByteCompilation.Folder}/{name}", overwrite: true);
        Files.ChangeMode($"{folder}/{ByteCompilation.Folder}/{name}", 0x1ed);
        Shims.Write(folder, $"usr/sbin/{name}", text);
    }

    private static void Text(string folder, string path, string text)
    {
        Shims.Write(folder, path, text);
        Files.ChangeMode($"{folder}/{path}", 0x1a4);
    }

    /// <summary>With a file of its own named, adduser reads no other. The range is for names that no pool has.</summary>
    private static string AddUser(string name, (int First, int Last) free) => $"""
        #!/bin/sh
        system= conf=
        for argument; do
            case $argument in
                --system) system=yes ;;
                --conf|--conf=*|-c) conf=yes ;;
            esac
        done
        [ ! "$system" ] || set -- --firstuid {free.First} --lastuid {free.Last} --firstgid {free.First} --lastgid {free.Last} "$@"
        set -- --conf /{Configuration} "$@"
        [ "$conf" ] || set -- --conf /etc/adduser.conf "$@"
        exec /{ByteCompilation.Folder}/{name} "$@"

        """;

    /// <summary>Finds the name among the arguments, and says the range of system accounts accordingly.</summary>
    private static string UserAdd(string program, string valued, string valuedLong, IReadOnlyList<LockedId> ids, (int First, int Last) free)
    {
        var cases = new StringBuilder();
        foreach (var name in ids.Select(static id => id.Name).Distinct(StringComparer.Ordinal).Where(IsPoolName))
            cases.Append(CultureInfo.InvariantCulture, $"    {name}) user={NumberOf(ids, LockedIdKind.User, name)} group={NumberOf(ids, LockedIdKind.Group, name)} ;;\n");
        return $$"""
            #!/bin/sh
            name= value=
            for argument; do
                [ ! "$value" ] || { value=; continue; }
                case $argument in
                    --{{valuedLong.Replace("|", "|--", StringComparison.Ordinal)}}) value=yes ;;
                    --*) ;;
                    -?*)
                        # The first letter that takes a value has it after itself, else in the next argument.
                        rest=${argument#-}
                        rest=${rest#"${rest%%[{{valued}}]*}"}
                        [ ${#rest} -ne 1 ] || value=yes ;;
                    *) name=$argument ;;
                esac
            done
            user= group=
            case $name in
            {{cases}}esac
            exec /{{ByteCompilation.Folder}}/{{program}} \
                -K SYS_UID_MIN=${user:-{{free.First}}} -K SYS_UID_MAX=${user:-{{free.Last}}} -K SYS_GID_MIN=${group:-{{free.First}}} -K SYS_GID_MAX=${group:-{{free.Last}}} "$@"

            """;
    }

    /// <summary>Users and groups: the name, its number or a word for it, and all that follows.</summary>
    [GeneratedRegex(@"^(?<before>[ \t]*(?<type>[ug])!?[ \t]+(?<name>[A-Za-z_][A-Za-z0-9_-]*))(?:[ \t]+(?<id>[^\s]+))?(?<rest>.*)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"^[ \t]*m[ \t]+([A-Za-z_][A-Za-z0-9_-]*)[ \t]+([A-Za-z_][A-Za-z0-9_-]*)", RegexOptions.Multiline)]
    private static partial Regex Member();
}
