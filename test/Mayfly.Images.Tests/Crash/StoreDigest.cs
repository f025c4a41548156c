using System.Security.Cryptography;
using Mayfly.Linux;

namespace Mayfly.Images.Tests.Crash;

/// <summary>All that a store holds, to be compared: what was whole before must be afterwards, to the byte.</summary>
internal static class StoreDigest
{
    /// <summary>Every name outside of work folders, with kind, mode, owner and contents, one a line.</summary>
    public static IReadOnlyList<string> Of(string root)
    {
        var lines = new List<string>();
        Add(root, "");
        return lines;

        void Add(string folder, string below)
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
            {
                var name = $"{below}{Path.GetFileName(path)}";
                if (name is "tmp" or "lock")
                    continue;
                var node = Nodes.Read(path);
                var contents = node.Kind switch { NodeKind.File => Sha256(path), NodeKind.Link => Nodes.ReadLink(path), _ => "" };
                lines.Add($"{name} {node.Kind} {Convert.ToString(node.Mode, 8)} {node.User}:{node.Group} {contents}");
                if (node.Kind == NodeKind.Directory)
                    Add(path, $"{name}/");
            }
        }
    }

    private static string Sha256(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
