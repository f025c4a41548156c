using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary>Files that say what is wanted.</summary>
internal static class RequirementFiles
{
    /// <summary>Those that a project's folder has by their usual names; empty when it has none.</summary>
    public static IReadOnlyList<string> Usual(string folder) =>
        File.Exists($"{folder}/pyproject.toml") && Project($"{folder}/pyproject.toml").Name is not null ? [$"{folder}/pyproject.toml"] : File.Exists($"{folder}/requirements.txt") ? [$"{folder}/requirements.txt"] : [];

    /// <summary>Reads a requirements file with all that it names, or what a project needs of its <c>pyproject.toml</c>.</summary>
    /// <param name="path">The file; <c>pyproject.toml[EXTRA,…]</c> or <c>pyproject.toml:GROUP</c> for more of a project.</param>
    public static RequirementsFile Read(string path)
    {
        var (file, extras, groups) = (path, Array.Empty<string>(), Array.Empty<string>());
        if (path.EndsWith(']') && path.LastIndexOf('[') is > 0 and var bracket)
            (file, extras) = (path[..bracket], path[(bracket + 1)..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        else if (path.LastIndexOf(".toml:", StringComparison.Ordinal) is > 0 and var colon)
            (file, groups) = (path[..(colon + 5)], path[(colon + 6)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        if (!file.EndsWith(".toml", StringComparison.Ordinal))
            return RequirementsFile.Read(path, Text, Environment.GetEnvironmentVariable);
        return Project(file).Requirements(file, extras, groups);
    }

    private static PythonProject Project(string file) => PythonProject.Read(Text(file), file);

    private static string Text(string path)
    {
        try
        {
            if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
                path = new Uri(path).LocalPath;
            return !path.Contains("://", StringComparison.Ordinal) ? File.ReadAllText(path)
                : throw new MayflyException($"{path} is on another host, and requirements are read from files here", "fetch it first, and look what is in it");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path} cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message)}", "name a requirements file, or a pyproject.toml", e);
        }
    }
}
