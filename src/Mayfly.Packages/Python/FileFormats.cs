namespace Mayfly.Packages.Python;

/// <summary>Whether wheels, sources or both may be taken of a project: what <c>--no-binary</c> and <c>--only-binary</c> come to, as pip has it.</summary>
public sealed record FileFormats
{
    /// <summary>Both of every project.</summary>
    public static FileFormats Any { get; } = new(new HashSet<string>(), new HashSet<string>());

    private const string All = ":all:", None = ":none:";

    private readonly IReadOnlySet<string> _noWheels, _noSources;

    private FileFormats(IReadOnlySet<string> noWheels, IReadOnlySet<string> noSources) => (_noWheels, _noSources) = (noWheels, noSources);

    /// <summary>Both alike, but one is what somebody asks for later.</summary>
    /// <param name="wheels">True for <c>--only-binary</c>, false for <c>--no-binary</c>.</param>
    /// <param name="projects">Names between commas, <c>:all:</c> for every one, <c>:none:</c> to begin anew. What is named here is taken out of the other option.</param>
    /// <exception cref="MayflyException">A name is none.</exception>
    public FileFormats With(bool wheels, string projects)
    {
        var (target, other) = wheels ? (_noSources.ToHashSet(), _noWheels.ToHashSet()) : (_noWheels.ToHashSet(), _noSources.ToHashSet());
        foreach (var name in projects.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (name)
            {
                case All:
                    target = [All];
                    other.Clear();
                    break;
                case None:
                    target.Clear();
                    break;
                default:
                    var project = ProjectName.Parse(name).Text;
                    target.Add(project);
                    other.Remove(project);
                    break;
            }
        }

        return wheels ? new FileFormats(other, target) : new FileFormats(target, other);
    }

    /// <summary>True when a wheel of the project may be taken.</summary>
    public bool AllowWheels(ProjectName project) => !Forbids(_noWheels, _noSources, project);

    /// <summary>True when sources of it may.</summary>
    public bool AllowSources(ProjectName project) => !Forbids(_noSources, _noWheels, project);

    /// <summary>A name counts before what is said of all.</summary>
    private static bool Forbids(IReadOnlySet<string> these, IReadOnlySet<string> others, ProjectName project) =>
        these.Contains(project.Text) || (these.Contains(All) && !others.Contains(project.Text));
}
