using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>A distribution that an environment has, whoever installed it; "Recording installed projects".</summary>
public sealed record InstalledDistribution
{
    public required ProjectName Project { get; init; }

    public required PythonVersion Version { get; init; }

    /// <summary>Its folder of metadata.</summary>
    public required string Information { get; init; }

    /// <summary>Who installed it: <c>mayfly</c>, <c>pip</c>; empty when nobody says.</summary>
    public required string Installer { get; init; }

    /// <summary>True when somebody asked for it, and not another distribution.</summary>
    public required bool IsRequested { get; init; }

    /// <summary>Its files, from the folder of the packages; empty when it has no record.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>All that are in a folder of packages, in the order of their names. What cannot be read is not among them.</summary>
    public static IReadOnlyList<InstalledDistribution> In(string packages)
    {
        if (!Directory.Exists(packages))
            return [];
        return [.. Directory.GetDirectories(packages, "*.dist-info").Select(Read).OfType<InstalledDistribution>().OrderBy(static one => one.Project.Text, StringComparer.Ordinal)];
    }

    private static InstalledDistribution? Read(string folder)
    {
        if (Path.GetFileName(folder)[..^".dist-info".Length].Split('-') is not [var name, var version] || !ProjectName.IsValid(name) || PythonVersion.TryParse(version) is not { } read)
            return null;
        return new InstalledDistribution
        {
            Project = ProjectName.Parse(name),
            Version = read,
            Information = Path.GetFileName(folder),
            Installer = Text("INSTALLER").Trim(),
            IsRequested = File.Exists($"{folder}/REQUESTED"),
            Files = [.. RecordEntry.Read(Text("RECORD")).Select(static entry => entry.Path)],
        };

        string Text(string file) => File.Exists($"{folder}/{file}") ? File.ReadAllText($"{folder}/{file}") : "";
    }
}
