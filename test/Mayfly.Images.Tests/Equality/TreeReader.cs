using System.Text;
using Mayfly.Images.Placing;
using Mayfly.Linux;

namespace Mayfly.Images.Tests.Equality;

/// <summary>Everything about a name in a tree that two trees should agree on, times apart.</summary>
/// <param name="Real">Where it is on the disk, for its contents.</param>
internal sealed record TreeName(string Real, NodeKind Kind, int Mode, string Owner, string Ids, long Size)
{
    /// <summary>The text of a symbolic link.</summary>
    public string Target { get; init; } = "";

    /// <summary>Major and minor number of a device.</summary>
    public string Device { get; init; } = "";

    /// <summary>Extended attributes, file capabilities among them: <c>name=hex</c>.</summary>
    public string Attributes { get; init; } = "";

    /// <summary>All names of the same file in the tree, sorted; empty where there is one.</summary>
    public string SameFile { get; set; } = "";
}

/// <summary>A tree on the disk as a table, by paths that begin with a slash.</summary>
internal static class TreeReader
{
    public static Dictionary<string, TreeName> Read(string root)
    {
        // A layer alone may have no accounts.
        var accounts = Accounts.Parse(Lines("passwd"), Lines("group"));
        var users = accounts.Users.GroupBy(static pair => pair.Value).ToDictionary(static pair => pair.Key, static pair => pair.First().Key);
        var groups = accounts.Groups.GroupBy(static pair => pair.Value).ToDictionary(static pair => pair.Key, static pair => pair.First().Key);
        var names = new Dictionary<string, TreeName>(StringComparer.Ordinal);
        var files = new Dictionary<ulong, List<string>>();
        Add("", root);
        foreach (var same in files.Values.Where(static paths => paths.Count > 1))
        {
            same.Sort(StringComparer.Ordinal);
            foreach (var path in same)
                names[path].SameFile = string.Join(' ', same);
        }

        return names;

        string Lines(string name) => File.Exists($"{root}/etc/{name}") ? File.ReadAllText($"{root}/etc/{name}") : "";

        void Add(string path, string real)
        {
            var node = Nodes.Read(real);
            names[path.Length == 0 ? "/" : path] = new TreeName(real, node.Kind, node.Kind == NodeKind.Link ? 0 : node.Mode,
                $"{users.GetValueOrDefault(node.User, "?")}:{groups.GetValueOrDefault(node.Group, "?")}", $"{node.User}:{node.Group}", node.Kind == NodeKind.File ? node.Size : 0)
            {
                Target = node.Kind == NodeKind.Link ? Nodes.ReadLink(real) : "",
                Device = node.Kind is NodeKind.CharacterDevice or NodeKind.BlockDevice ? $"{node.DeviceMajor}:{node.DeviceMinor}" : "",
                Attributes = node.Kind == NodeKind.Link ? "" : string.Join(' ', Nodes.AttributeNames(real).Where(static name => !name.StartsWith("trusted.overlay.", StringComparison.Ordinal) && name != "security.selinux")
                    .Select(name => $"{name}={Convert.ToHexStringLower(Nodes.ReadAttribute(real, name) ?? [])}")),
            };
            if (node.Kind == NodeKind.File && node.Links > 1)
            {
                if (!files.TryGetValue(node.Inode, out var same))
                    files.Add(node.Inode, same = []);
                same.Add(path);
            }

            if (node.Kind != NodeKind.Directory)
                return;
            foreach (var entry in Directory.EnumerateFileSystemEntries(real, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
                Add($"{path}/{Path.GetFileName(entry)}", entry);
        }
    }

    public static string Text(TreeName name) => File.ReadAllText(name.Real, Encoding.Latin1);
}
