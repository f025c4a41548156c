using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>One name that a file step puts into an image, found on the host.</summary>
/// <param name="Path">Inside the image, without the leading slash.</param>
/// <param name="Kind">A file, folder or link.</param>
/// <param name="Source">The host's file; null for a text, a folder or a link.</param>
/// <param name="Text">The contents given as text, or a link's target.</param>
/// <param name="Hash">SHA-256 of the contents.</param>
internal sealed record HostFile(string Path, NodeKind Kind, string? Source, string? Text, int Mode, string Owner, string Hash)
{
    /// <summary>Everything that the image's bytes depend on, a line.</summary>
    public string Fingerprint => $"{Kind} {Path} {Convert.ToString(Mode, 8)} {Owner} {Hash}";

    /// <summary>What a file step copies, folders walked in a fixed order.</summary>
    public static IReadOnlyList<HostFile> List(FileStep step)
    {
        var found = new List<HostFile>();
        foreach (var file in step.Files)
        {
            if (!file.Path.StartsWith('/') || file.Path.Split('/').Contains(".."))
                throw new MayflyException($"'{file.Path}' is not a path inside an image", "paths of files begin with a slash and hold no '..'");
            var path = file.Path.Trim('/');
            if (file.Text is { } text)
                found.Add(new HostFile(path, NodeKind.File, null, text, file.Mode ?? 0x1a4, file.Owner, HashText(Encoding.UTF8.GetBytes(text))));
            else if (file.Source is { } source)
                Add(found, source, path, file);
            else
                throw new MayflyException($"the file {file.Path} has neither a source nor a text", "give one of them in the script");
        }

        return found;
    }

    private static void Add(List<HostFile> found, string source, string path, ImageFile file)
    {
        if (Nodes.Find(source) is not { } node)
            throw new MayflyException($"{source} does not exist, and should be copied to {file.Path}", "look at the path in the script; it is taken from the script's folder");
        // What was named itself may be a link to what is meant; inside a folder links are copied as they are.
        if (node.Kind == NodeKind.Link)
        {
            source = new FileInfo(source).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? source;
            node = Nodes.Find(source) ?? node;
        }

        switch (node.Kind)
        {
            case NodeKind.Directory:
                AddFolder(found, source, path, file);
                break;
            case NodeKind.File:
                if (path.Length == 0)
                    throw new MayflyException($"the file {source} cannot become the root of an image", "name a path below the root");
                found.Add(FileAt(source, path, node, file));
                break;
            default:
                throw new MayflyException($"{source} is neither a file nor a folder", "copy files and folders only");
        }
    }

    private static void AddFolder(List<HostFile> found, string source, string path, ImageFile file)
    {
        found.Add(new HostFile(path, NodeKind.Directory, null, null, 0x1ed, file.Owner, ""));
        var entries = Directory.GetFileSystemEntries(source);
        Array.Sort(entries, StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var name = System.IO.Path.GetFileName(entry);
            if (file.Except.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
                continue;
            var inner = path.Length == 0 ? name : $"{path}/{name}";
            var node = Nodes.Read(entry);
            switch (node.Kind)
            {
                case NodeKind.Directory:
                    AddFolder(found, entry, inner, file);
                    break;
                case NodeKind.Link:
                    var target = Nodes.ReadLink(entry);
                    found.Add(new HostFile(inner, NodeKind.Link, null, target, 0x1ff, file.Owner, HashText(Encoding.UTF8.GetBytes(target))));
                    break;
                case NodeKind.File:
                    found.Add(FileAt(entry, inner, node, file));
                    break;
                default:
                    throw new MayflyException($"{entry} is neither a file, a folder nor a link", $"leave it out: add '{name}' to what the copy excepts");
            }
        }
    }

    private static HostFile FileAt(string source, string path, Node node, ImageFile file)
    {
        var mode = file.Mode ?? ((node.Mode & 0x49) != 0 ? 0x1ed : 0x1a4);
        return new HostFile(path, NodeKind.File, source, null, mode, file.Owner, HashOf(source));
    }

    public static string HashOf(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string HashText(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
