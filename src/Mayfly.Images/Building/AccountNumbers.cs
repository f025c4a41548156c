using System.Globalization;
using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>Gives accounts of a mounted tree other numbers: in passwd(5) and group(5), and on every file that they own.</summary>
internal static class AccountNumbers
{
    /// <summary>Folders of a mounted root that are not the image's.</summary>
    private static readonly string[] Foreign = ["dev", "proc", "sys"];

    public static void Change(string root, IReadOnlyList<Renumbering> changes)
    {
        var users = changes.Where(static change => change.Kind == LockedIdKind.User).ToDictionary(static change => change.From, static change => change.To);
        var groups = changes.Where(static change => change.Kind == LockedIdKind.Group).ToDictionary(static change => change.From, static change => change.To);
        foreach (var name in (ReadOnlySpan<string>)["etc/passwd", "etc/passwd-"])
            Rewrite($"{root}/{name}", (2, users), (3, groups));
        foreach (var name in (ReadOnlySpan<string>)["etc/group", "etc/group-"])
            Rewrite($"{root}/{name}", (2, groups));
        foreach (var entry in Directory.EnumerateFileSystemEntries(root).Where(static path => !Foreign.Contains(Path.GetFileName(path))))
            Own(entry, users, groups);
    }

    private static void Own(string path, Dictionary<int, int> users, Dictionary<int, int> groups)
    {
        var node = Nodes.Read(path);
        var (user, group) = (users.GetValueOrDefault(node.User, node.User), groups.GetValueOrDefault(node.Group, node.Group));
        if (user != node.User || group != node.Group)
        {
            Files.ChangeOwner(path, user, group);
            // A change of owner clears the set-id bits.
            if (node.Kind != NodeKind.Link)
                Files.ChangeMode(path, node.Mode);
        }

        if (node.Kind != NodeKind.Directory)
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            Own(entry, users, groups);
    }

    private static void Rewrite(string path, params ReadOnlySpan<(int Field, Dictionary<int, int> Numbers)> columns)
    {
        if (Nodes.Find(path) is not { Kind: NodeKind.File })
            return;
        var text = new StringBuilder();
        foreach (var line in File.ReadAllLines(path, Encoding.Latin1))
        {
            var fields = line.Split(':');
            foreach (var (field, numbers) in columns)
            {
                if (fields.Length > field && int.TryParse(fields[field], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && numbers.TryGetValue(number, out var changed))
                    fields[field] = changed.ToString(CultureInfo.InvariantCulture);
            }

            text.Append(string.Join(':', fields)).Append('\n');
        }

        LayerCleaning.Replace(path, text.ToString());
    }
}
