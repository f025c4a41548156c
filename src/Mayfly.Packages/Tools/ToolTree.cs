using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tools;

/// <summary>
/// Places packages side by side into one tree with a merged /usr, as hard links into the store. Packages of bookworm still
/// ship both /lib and /usr/lib, and some programs in /bin and /sbin.
/// </summary>
internal sealed class ToolTree
{
    private static readonly string[] Merged = ["bin", "sbin", "lib", "lib64"];

    private readonly string _root;
    private readonly HashSet<string> _links = new(StringComparer.Ordinal);

    public ToolTree(string root)
    {
        _root = root;
        foreach (var name in Merged)
        {
            Directory.CreateDirectory(Path.Combine(root, "usr", name));
            File.CreateSymbolicLink(Path.Combine(root, name), "usr/" + name);
        }
    }

    public void Add(string id, UnpackedPackage package)
    {
        foreach (var entry in package.ReadManifest().Entries)
        {
            if (Place(entry.Path) is not { } path)
                continue;
            CheckParents(id, path);
            var target = Path.Combine(_root, path);
            switch (entry.Type)
            {
                case EntryType.Directory:
                    if (!_links.Contains(path))
                        Directory.CreateDirectory(target);
                    break;
                case EntryType.File or EntryType.HardLink when !Path.Exists(target):
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    Files.Link(package.ContentOf(entry), target);
                    break;
                case EntryType.SymbolicLink when !Path.Exists(target) && _links.Add(path):
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    File.CreateSymbolicLink(target, Inside(path, entry.Target));
                    break;
            }
        }
    }

    /// <summary>The name in the merged tree, or null for what no program needs to run: documentation, configuration, state.</summary>
    private static string? Place(string path)
    {
        foreach (var name in Merged)
        {
            if (path.StartsWith(name + "/", StringComparison.Ordinal))
                return "usr/" + path;
            if (path.StartsWith($"usr/{name}/", StringComparison.Ordinal))
                return path;
        }

        return null;
    }

    private void CheckParents(string id, string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (_links.Contains(path[..slash]))
                throw new MayflyException($"the tool package {id} would place {path} through the link {path[..slash]} of another package", "report it: this pair of packages is not known to Mayfly");
        }
    }

    /// <summary>A link's text that means the same inside the tree: absolute ones would lead to the host's files.</summary>
    private static string Inside(string path, string target) => target.StartsWith('/')
        ? Path.GetRelativePath("/" + Path.GetDirectoryName(path), Place(target[1..]) is { } placed ? "/" + placed : target)
        : target;
}
