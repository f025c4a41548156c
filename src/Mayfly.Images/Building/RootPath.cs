using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>Paths inside a root, with every link resolved as a process in that root would see it.</summary>
internal static class RootPath
{
    private const int MostLinks = 40;

    /// <summary>The host's path of what <paramref name="path"/> means inside <paramref name="root"/>; the last parts need not exist.</summary>
    public static string Resolve(string root, string path)
    {
        var left = new Stack<string>();
        Push(left, path);
        var found = new List<string>();
        var links = 0;
        while (left.TryPop(out var part))
        {
            if (part == "..")
            {
                if (found.Count > 0)
                    found.RemoveAt(found.Count - 1);
                continue;
            }

            found.Add(part);
            var real = $"{root}/{string.Join('/', found)}";
            if (Nodes.Find(real) is not { Kind: NodeKind.Link })
                continue;
            if (++links > MostLinks)
                throw new MayflyException($"/{path.TrimStart('/')} leads in a circle inside the image", "look at the links that the image's packages and files make there");
            var target = Nodes.ReadLink(real);
            found.RemoveAt(found.Count - 1);
            if (target.StartsWith('/'))
                found.Clear();
            Push(left, target);
        }

        return found.Count == 0 ? root : $"{root}/{string.Join('/', found)}";
    }

    private static void Push(Stack<string> stack, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var at = parts.Length - 1; at >= 0; at--)
        {
            if (parts[at] != ".")
                stack.Push(parts[at]);
        }
    }
}
