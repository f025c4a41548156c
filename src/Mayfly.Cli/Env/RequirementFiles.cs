using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Env;

/// <summary>Files that say what is wanted.</summary>
internal static class RequirementFiles
{
    /// <summary>Those that a project's folder has by their usual names; empty when it has none.</summary>
    public static IReadOnlyList<string> Usual(string folder) =>
        File.Exists($"{folder}/pyproject.toml") && Project($"{folder}/pyproject.toml", new NetworkAccess()).Name is not null ? [$"{folder}/pyproject.toml"] : File.Exists($"{folder}/requirements.txt") ? [$"{folder}/requirements.txt"] : [];

    /// <summary>Reads a requirements file with all that it names, or what a project needs of its <c>pyproject.toml</c>.</summary>
    /// <param name="path">The file, or its address; <c>pyproject.toml[EXTRA,…]</c> or <c>pyproject.toml:GROUP</c> for more of a project.</param>
    /// <param name="access">How other hosts are reached.</param>
    public static RequirementsFile Read(string path, NetworkAccess access)
    {
        var (file, extras, groups) = (path, Array.Empty<string>(), Array.Empty<string>());
        if (path.EndsWith(']') && path.LastIndexOf('[') is > 0 and var bracket)
            (file, extras) = (path[..bracket], path[(bracket + 1)..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        else if (path.LastIndexOf(".toml:", StringComparison.Ordinal) is > 0 and var colon)
            (file, groups) = (path[..(colon + 5)], path[(colon + 6)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        if (!file.EndsWith(".toml", StringComparison.Ordinal))
            return RequirementsFile.Read(path, one => Text(one, access), Environment.GetEnvironmentVariable);
        return Project(file, access).Requirements(file, extras, groups);
    }

    private static PythonProject Project(string file, NetworkAccess access) => PythonProject.Read(Text(file, access), file);

    private static string Text(string path, NetworkAccess access)
    {
        try
        {
            if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
                path = new Uri(path).LocalPath;
            return RemoteRequirements.IsAddress(path) ? RemoteRequirements.ReadAsync(path, access).GetAwaiter().GetResult() : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new MayflyException($"{path} cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message)}", "name a requirements file, or a pyproject.toml", e);
        }
    }
}
