namespace Mayfly.Packages.Python;

/// <summary>What a project's <c>pyproject.toml</c> says of it: PEP 621 with 639, 735 and 518.</summary>
public sealed record PythonProject
{
    /// <summary>Null where the file has no table <c>[project]</c>.</summary>
    public ProjectName? Name { get; init; }

    public VersionSpecifier RequiresPython { get; init; } = VersionSpecifier.Any;

    public IReadOnlyList<DependencySpecifier> Dependencies { get; init; } = [];

    /// <summary>What each of its optional parts adds.</summary>
    public IReadOnlyDictionary<ProjectName, IReadOnlyList<DependencySpecifier>> Extras { get; init; } = new Dictionary<ProjectName, IReadOnlyList<DependencySpecifier>>();

    /// <summary>What those who work on it need beside it, with all that groups include (PEP 735).</summary>
    public IReadOnlyDictionary<ProjectName, IReadOnlyList<DependencySpecifier>> Groups { get; init; } = new Dictionary<ProjectName, IReadOnlyList<DependencySpecifier>>();

    /// <summary>Fields that only a build can tell.</summary>
    public IReadOnlyList<string> Dynamic { get; init; } = [];

    /// <summary>What building it needs (PEP 518).</summary>
    public IReadOnlyList<DependencySpecifier> BuildRequires { get; init; } = [];

    /// <summary>Who builds it (PEP 517): <c>hatchling.build</c>.</summary>
    public string BuildBackend { get; init; } = "";

    /// <summary>Folders of the project in which the backend is, before all others; empty for one that is installed.</summary>
    public IReadOnlyList<string> BackendPath { get; init; } = [];

    /// <summary>An SPDX expression; null where it says none.</summary>
    public string? LicenceExpression { get; init; }

    /// <summary>What it needs, as a requirements file asks for it.</summary>
    /// <param name="origin">The file, for messages.</param>
    /// <param name="extras">Optional parts that are wanted too.</param>
    /// <param name="groups">Groups that are wanted too.</param>
    /// <exception cref="MayflyException">It has no such part, or only a build can tell what it needs.</exception>
    public RequirementsFile Requirements(string origin, IReadOnlyList<string> extras, IReadOnlyList<string> groups)
    {
        if (Dynamic.Contains("dependencies"))
            throw new MayflyException($"{origin}: its dependencies are dynamic, so that only a build of the project can tell them", "name a requirements file that has them");
        var wanted = Dependencies.Concat(extras.SelectMany(name => Part(Extras, name, "extra"))).Concat(groups.SelectMany(name => Part(Groups, name, "group")));
        return new RequirementsFile { Entries = [.. wanted.Select(one => new RequirementsEntry { File = origin, Line = 0, Text = one.ToString() })], RequiresPython = RequiresPython };

        IReadOnlyList<DependencySpecifier> Part(IReadOnlyDictionary<ProjectName, IReadOnlyList<DependencySpecifier>> parts, string name, string kind) =>
            ProjectName.IsValid(name) && parts.TryGetValue(ProjectName.Parse(name), out var part) ? part
                : throw new MayflyException($"{origin} has no {kind} {name}", parts.Count == 0 ? "it has none at all" : $"it has {string.Join(", ", parts.Keys)}");
    }

    /// <summary>Whether something can be built from a folder.</summary>
    public static bool IsIn(string folder) => Array.Exists(["pyproject.toml", "setup.py", "setup.cfg"], file => System.IO.File.Exists($"{folder}/{file}"));

    /// <summary>Reads the file.</summary>
    /// <param name="text">What is in it.</param>
    /// <param name="origin">Its name, for messages.</param>
    /// <exception cref="MayflyException">It is no TOML, or something in it is not as the standards have it.</exception>
    public static PythonProject Read(string text, string origin)
    {
        var document = TomlTree.Read(text, origin);
        var (project, build) = (document.Table("project", origin), document.Table("build-system", origin));
        var dynamic = project.Texts("dynamic", origin);
        if (project.Count > 0 && project.Text("name", origin) is null)
            throw Wrong("[project] says no name", "the name alone must be there, and may not be left to the build (PEP 621)");
        if (dynamic.FirstOrDefault(project.ContainsKey) is { } both)
            throw Wrong($"{both} is there and is said to be dynamic", "take one of them out (PEP 621)");
        return new PythonProject
        {
            Name = project.Text("name", origin) is { } name ? Named(name) : null,
            RequiresPython = project.Text("requires-python", origin) is { } python ? Told(() => VersionSpecifier.Parse(python)) : VersionSpecifier.Any,
            Dependencies = Dependencies(project.Texts("dependencies", origin)),
            Extras = Tables(project.Table("optional-dependencies", origin), static (table, extra, from) => table.Texts(extra, from)).ToDictionary(static pair => pair.Key, pair => Dependencies(pair.Value)),
            Groups = DependencyGroups.Read(document.Table("dependency-groups", origin), origin),
            Dynamic = dynamic,
            // Without the table setuptools is meant (PEP 517, "Source trees", and 518); with it, what it requires must be there.
            BuildRequires = build.Count > 0 && !build.ContainsKey("requires") ? throw Wrong("[build-system] says no requires", "write what building needs, such as requires = [\"setuptools\"] (PEP 518)") : build.Count == 0 ? [DependencySpecifier.Parse("setuptools>=40.8.0")] : Dependencies(build.Texts("requires", origin)),
            BuildBackend = build.Text("build-backend", origin) ?? "setuptools.build_meta:__legacy__",
            BackendPath = build.Texts("backend-path", origin),
            LicenceExpression = project.GetValueOrDefault("license") as string,
        };

        ProjectName Named(string text) => Told(() => ProjectName.Parse(text));

        IReadOnlyList<DependencySpecifier> Dependencies(IReadOnlyList<string> texts) => [.. texts.Select(one => Told(() => DependencySpecifier.Parse(one)))];

        Dictionary<ProjectName, IReadOnlyList<string>> Tables(IReadOnlyDictionary<string, object?> table, Func<IReadOnlyDictionary<string, object?>, string, string, IReadOnlyList<string>> values)
        {
            var named = new Dictionary<ProjectName, IReadOnlyList<string>>();
            foreach (var key in table.Keys)
            {
                if (!named.TryAdd(Named(key), values(table, key, origin)))
                    throw Wrong($"the extra {key} is there twice", "names that differ in signs and capitals alone are the same (PEP 685)");
            }

            return named;
        }

        T Told<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (MayflyException e)
            {
                throw new MayflyException($"{origin}: {e.Message}", e.Hint, e);
            }
        }

        MayflyException Wrong(string what, string hint) => new($"{origin}: {what}", hint);
    }
}
