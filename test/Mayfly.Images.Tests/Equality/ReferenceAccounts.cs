using System.Text.RegularExpressions;
using Mayfly.Packages;

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// Gives mmdebstrap a table of ids in the ways that the manuals name: pools in adduser's configuration, and files in /etc/sysusers.d, which
/// stand before those of the same name below /usr/lib. All of it is taken out of the tree again.
/// </summary>
internal static partial class ReferenceAccounts
{
    /// <param name="folder">For the files that the hooks copy.</param>
    /// <param name="ids">The table.</param>
    /// <param name="image">An image of the same packages, whose files for systemd-sysusers get the numbers.</param>
    /// <returns>Arguments of mmdebstrap.</returns>
    public static IReadOnlyList<string> Options(string folder, IReadOnlyList<LockedId> ids, string image)
    {
        if (ids.Count == 0)
            return [];
        Directory.CreateDirectory($"{folder}/sysusers.d");
        foreach (var (kind, name) in (ReadOnlySpan<(LockedIdKind, string)>)[(LockedIdKind.User, "users"), (LockedIdKind.Group, "groups")])
            File.WriteAllLines($"{folder}/{name}", ids.Where(id => id.Kind == kind).Select(static id => $"{id.Name}:{id.Id}"));
        foreach (var path in Directory.GetFiles($"{image}/usr/lib/sysusers.d"))
            File.WriteAllLines($"{folder}/sysusers.d/{Path.GetFileName(path)}", File.ReadLines(path).SelectMany(line => Numbered(line, ids)));
        return
        [
            // apt needs adduser, whose configuration dpkg then finds changed by the administrator, and keeps.
            "--dpkgopt=force-confold",
            $"--extract-hook=cp -r {folder} \"$1/etc/ids\" && mv \"$1/etc/ids/sysusers.d\" \"$1/etc/\" && printf 'UID_POOL=/etc/ids/users\\nGID_POOL=/etc/ids/groups\\n' >>\"$1/etc/adduser.conf\"",
            "--customize-hook=rm -r \"$1/etc/ids\" \"$1/etc/sysusers.d\" \"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap\" && mv \"$1/etc/adduser.conf.dpkg-dist\" \"$1/etc/adduser.conf\"",
        ];
    }

    private static IEnumerable<string> Numbered(string line, IReadOnlyList<LockedId> ids)
    {
        if (Open().Match(line) is not { Success: true } open)
            return [line];
        var (type, name, rest) = (open.Groups[1].Value, open.Groups[2].Value, open.Groups[3].Value);
        var group = $"g {name} {ids.Single(id => id.Kind == LockedIdKind.Group && id.Name == name).Id}";
        return type == "g" ? [group] : [group, $"u {name} {ids.Single(id => id.Kind == LockedIdKind.User && id.Name == name).Id}{rest}"];
    }

    [GeneratedRegex("^([ug]) (\\S+) +-(.*)$")]
    private static partial Regex Open();
}
