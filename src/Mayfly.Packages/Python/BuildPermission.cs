namespace Mayfly.Packages.Python;

/// <summary>Whose sources may be built: a build runs whatever its project has written, as the user who asks for it.</summary>
public sealed record BuildPermission
{
    /// <summary>Nobody's.</summary>
    public static BuildPermission None { get; } = new();

    /// <summary>Everybody's.</summary>
    public static BuildPermission All { get; } = new() { Everybody = true };

    public bool Everybody { get; init; }

    public IReadOnlySet<ProjectName> Projects { get; init; } = new HashSet<ProjectName>();

    /// <summary>Of these.</summary>
    public static BuildPermission Of(params IEnumerable<ProjectName> projects) => new() { Projects = projects.ToHashSet() };

    /// <summary>What one or the other permits.</summary>
    public BuildPermission And(BuildPermission other) => new() { Everybody = Everybody || other.Everybody, Projects = Projects.Union(other.Projects).ToHashSet() };

    /// <summary>As it is typed: names between commas, or <c>:all:</c>.</summary>
    /// <exception cref="MayflyException">A name is none.</exception>
    public static BuildPermission Parse(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(None, static (all, name) => all.And(name == ":all:" ? All : Of(ProjectName.Parse(name))));

    public bool Allows(ProjectName project) => Everybody || Projects.Contains(project);

    internal static string Hint(ProjectName project) => $"a build runs code of that project: permit it with --allow-build={project}, or take a version that has a wheel";
}
