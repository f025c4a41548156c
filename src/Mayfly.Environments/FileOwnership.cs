namespace Mayfly.Environments;

/// <summary>Whose a file of an environment is: the environment's own, one distribution's, or nobody's whose it would be to replace it.</summary>
internal static class FileOwnership
{
    /// <summary>What no distribution brings and none may take away.</summary>
    public static bool IsItsOwn(string path) => path is "pyvenv.cfg" or "lib64"
        || (path.StartsWith("bin/", StringComparison.Ordinal) && (path.StartsWith("bin/activate", StringComparison.Ordinal) || InterpreterSearch.IsName(path["bin/".Length..])));

    /// <summary>lib64 is lib, by a link that the environment has from its beginning.</summary>
    public static string InLib(string path) => path.StartsWith("lib64/", StringComparison.Ordinal) ? $"lib/{path["lib64/".Length..]}" : path;

    /// <summary>A link on the way to a file leads to somebody else's files, or to those of the environment as it is now.</summary>
    /// <exception cref="MayflyException">There is one.</exception>
    public static void RequireNoLinks(FolderKinds folders, IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            if (folders.LinkAbove(path) is { } link)
                throw new MayflyException($"{link} in {folders.Root} is a link to {new FileInfo($"{folders.Root}/{link}").LinkTarget}, and what is behind it is not changed", "put a folder in its place, or take the link away");
        }
    }

    /// <summary>Two that write the same file are told before anything is touched.</summary>
    /// <param name="folders">The environment as it is.</param>
    /// <param name="install">What comes.</param>
    /// <param name="there">Files of what stays, each with whose it is.</param>
    /// <param name="gone">Files that go.</param>
    /// <exception cref="MayflyException">A file has two owners, or would replace one that has none.</exception>
    public static void RequireApart(FolderKinds folders, IReadOnlyList<WheelPlan> install, IEnumerable<(string Path, string Owner)> there, HashSet<string> gone)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, owner) in there)
            owners.TryAdd(path, owner);
        foreach (var plan in install)
        {
            var name = $"{plan.Wheel.Name.Project} {plan.Wheel.Name.Version}";
            foreach (var file in plan.Files)
            {
                if (!owners.TryAdd(file.Path, name) && owners[file.Path] is var other)
                    throw new MayflyException($"{name} and {other} both have {file.Path}", "they cannot stand in one environment: install one of them alone, or ask their projects which of them it belongs to");
                if (!gone.Contains(file.Path) && folders.MayHave(file.Path) && File.Exists($"{folders.Root}/{file.Path}"))
                {
                    throw new MayflyException($"{name} would replace {file.Path}, which belongs to no distribution",
                        "look what it is; if nobody needs it, remove it and try again");
                }
            }
        }
    }
}
