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

    /// <summary>Of what these addresses lead to (<see cref="DirectReference.Text"/>): folders of this host that whoever runs the command names, or a file of theirs, are their own work.</summary>
    public IReadOnlySet<string> Addresses { get; init; } = new HashSet<string>();

    /// <summary>Where the code runs and how a project is permitted, in the words of whoever asks; null for those of the command line.</summary>
    public Func<string, string>? Words { get; init; }

    private static string OnCommandLine(string project) => $": permit it with --allow-build={project}";

    /// <summary>Of these.</summary>
    public static BuildPermission Of(params IEnumerable<ProjectName> projects) => new() { Projects = projects.ToHashSet() };

    /// <summary>What one or the other permits.</summary>
    public BuildPermission And(BuildPermission other) => new() { Everybody = Everybody || other.Everybody, Projects = Projects.Union(other.Projects).ToHashSet(), Addresses = Addresses.Union(other.Addresses).ToHashSet(), Words = Words ?? other.Words };

    /// <summary>As it is typed: names between commas, or <c>:all:</c>.</summary>
    /// <exception cref="MayflyException">A name is none.</exception>
    public static BuildPermission Parse(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(None, static (all, name) => all.And(name == ":all:" ? All : Of(ProjectName.Parse(name))));

    public bool Allows(ProjectName project) => Everybody || Projects.Contains(project);

    /// <summary>Whether what an address leads to may be built.</summary>
    public bool Allows(ProjectName? project, DirectReference? direct) => Everybody || (project is { } known && Allows(known)) || (direct is not null && Addresses.Contains(direct.Text));

    /// <summary>What is said to whoever has not permitted it.</summary>
    /// <param name="project">Null where only its build can tell; then everybody's is what counts.</param>
    internal string Hint(ProjectName? project) => $"a build runs code of that project{(Words ?? OnCommandLine)(project?.Text ?? ":all:")}, or take a version that has a wheel";
}
