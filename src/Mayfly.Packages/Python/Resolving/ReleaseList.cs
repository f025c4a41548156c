namespace Mayfly.Packages.Python.Resolving;

/// <summary>What an index has of a project that an interpreter can use, and why it cannot use the rest.</summary>
internal sealed record ReleaseList
{
    /// <summary>The newest first.</summary>
    public required IReadOnlyList<PythonRelease> Releases { get; init; }

    /// <summary>Versions of which there is nothing to use, the newest first, each with the reason as the end of a sentence, and true where permission to build would do.</summary>
    public required IReadOnlyList<(PythonVersion Version, string Reason, bool IsWithheld)> Unusable { get; init; }

    /// <summary>Of a project that is not there.</summary>
    public static ReleaseList Nothing { get; } = new() { Releases = [], Unusable = [] };

    /// <summary>The same with a version that is there already, which needs no file.</summary>
    public ReleaseList With(PythonVersion version) => this with
    {
        Releases = [.. Releases.Where(release => release.Version > version), new PythonRelease(version, null, false), .. Releases.Where(release => release.Version < version)],
        Unusable = [.. Unusable.Where(one => one.Version != version)],
    };

    /// <param name="project">A file of another one is not looked at.</param>
    /// <param name="files">All that an index has of it.</param>
    /// <param name="target">The interpreter.</param>
    /// <param name="sources">What may be taken.</param>
    public static ReleaseList Of(ProjectName project, IReadOnlyList<IndexFile> files, PythonTarget target, PythonSources sources)
    {
        var digests = sources.DigestsOf(project);
        var (takesWheels, takesSources) = (sources.Formats.AllowWheels(project), sources.Formats.AllowSources(project) && sources.Builds.Allows(project));
        List<PythonRelease> releases = [];
        List<(PythonVersion, string, bool)> unusable = [];
        foreach (var version in files.Select(file => (File: file, Wheel: WheelName.TryParse(file.Name), Source: SourceName.TryParse(file.Name)))
            .Where(one => (one.Wheel?.Project ?? one.Source?.Project) == project)
            .GroupBy(static one => one.Wheel?.Version ?? one.Source!.Version).OrderByDescending(static group => group.Key))
        {
            var taken = version.Where(one => one.Wheel is not null ? takesWheels : takesSources).ToArray();
            var meant = taken.Where(one => digests is null || (one.File.Hashes.GetValueOrDefault("sha256") is { } digest && digests.Contains(digest))).ToArray();
            var fitting = meant.Where(one => one.Wheel is null || target.Rank(one.Wheel) < int.MaxValue).ToArray();
            var best = fitting.Where(one => target.Allows(one.File.RequiresPython))
                .OrderBy(static one => one.File.Yanked is not null).ThenBy(one => one.Wheel is null ? int.MaxValue : target.Rank(one.Wheel)).ThenByDescending(static one => one.Wheel?.Build).ThenBy(static one => one.File.Name, StringComparer.Ordinal).FirstOrDefault();
            if (best.File is { } file)
                releases.Add(new PythonRelease(version.Key, file, file.Yanked is not null));
            else
            {
                var withheld = !sources.Builds.Allows(project) && sources.Formats.AllowSources(project) && version.Any(static one => one.Source is not null);
                var reason = fitting.Length > 0 ? $"is for Python {fitting[0].File.RequiresPython}" : meant.Length > 0 ? "has wheels for other systems or interpreters alone" : taken.Length > 0 ? "has no file of the digests that are asked for"
                    : !takesWheels && version.All(static one => one.Wheel is not null) ? "has wheels alone, and --no-binary asks for sources" : takesWheels ? "has sources alone" : "has sources";
                unusable.Add((version.Key, withheld ? $"{reason}{(meant.Length > 0 ? ", and sources" : "")}, from which nothing is built without permission"
                    : taken.Length == 0 && !sources.Formats.AllowSources(project) ? $"{reason}, and --only-binary asks for wheels" : reason, withheld));
            }
        }

        return new ReleaseList { Releases = releases, Unusable = unusable };
    }
}
