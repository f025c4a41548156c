using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Universal;

/// <summary>Answers for several environments, combined into one lock: each version of a project once, with the marker that holds where it is needed.</summary>
/// <param name="index">What they were chosen from.</param>
/// <param name="answers">One for each environment.</param>
/// <param name="builder">Asked what sources are built with; null where nothing may be built.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class UniversalLock(IndexClient index, IReadOnlyList<UniversalAnswer> answers, ISourceBuilder? builder, CancellationToken cancellationToken)
{
    private readonly MarkerSpace _space = new([.. answers.Select(static one => one.Target.Markers)]);

    public async Task<Pylock> MadeAsync(Store store, UniversalRequest request, IProgress<Activity>? progress, TransferSettings? settings)
    {
        var packages = await CombinedAsync(answers, []).ConfigureAwait(false);
        // A lock without digests would lock nothing: what an index does not say of a file, the file itself says.
        IndexFile[] silent = [.. packages.SelectMany(FilesOf).Where(static file => !file.Hashes.ContainsKey("sha256")).DistinctBy(static file => file.Address)];
        var fetched = await PythonDownload.AllAsync(store, silent, answers[0].Sources.Access, progress, settings, cancellationToken).ConfigureAwait(false);
        var digests = silent.Zip(fetched).ToDictionary(static pair => pair.First.Address, static pair => pair.Second.Sha256);
        return new Pylock
        {
            CreatedBy = "mayfly",
            RequiresPython = request.Pythons.Versions,
            Environments = [.. request.Platforms.Select(static platform => platform.Marker)],
            Platforms = [.. request.Platforms.Select(static platform => platform.Name)],
            Packages = [.. packages.Select(Digested)],
        };

        PylockPackage Digested(PylockPackage one) => one with { Wheels = [.. one.Wheels.Select(Said)], Source = one.Source is { } source ? Said(source) : null, BuildRequires = [.. one.BuildRequires.Select(Digested)] };

        IndexFile Said(IndexFile file) => file with { Hashes = new Dictionary<string, string> { ["sha256"] = file.Hashes.GetValueOrDefault("sha256") ?? digests[file.Address] } };
    }

    private static IEnumerable<IndexFile> FilesOf(PylockPackage one) => [.. one.Wheels, .. one.Source is { } source ? [source] : (IndexFile[])[], .. one.BuildRequires.SelectMany(FilesOf)];

    /// <param name="some">Answers for some of the environments.</param>
    /// <param name="outer">What is built with these, the outermost first.</param>
    private async Task<IReadOnlyList<PylockPackage>> CombinedAsync(IReadOnlyList<UniversalAnswer> some, IReadOnlyList<ProjectName> outer)
    {
        var entries = some.SelectMany(static answer => answer.Chosen.Select(one => (Answer: answer, One: one)))
            .GroupBy(static entry => (entry.One.Project, entry.One.Version, Address: entry.One.Direct?.Text))
            .OrderBy(static group => group.Key.Project.Text, StringComparer.Ordinal).ThenBy(static group => group.Key.Version).ThenBy(static group => group.Key.Address, StringComparer.Ordinal).ToArray();
        var several = entries.GroupBy(static entry => entry.Key.Project).Where(static group => group.Count() > 1).Select(static group => group.Key).ToHashSet();
        List<PylockPackage> packages = [];
        foreach (var entry in entries)
        {
            var (project, version, address) = entry.Key;
            var direct = address is null ? null : entry.First().One.File;
            foreach (var one in entry.Where(static one => one.One.Direct is not null))
                RequireUsable(one.Answer, one.One);
            var files = direct is not null ? [] : Files(project, version, (await index.PageAsync(project).ConfigureAwait(false)).Files, [.. entry.Select(static one => one.Answer)]);
            packages.Add(new PylockPackage
            {
                Name = project,
                // A folder has the version that its build says when it is installed.
                Version = direct?.Direct is { IsFolder: true } ? null : version,
                Direct = direct,
                Marker = _space.Write(entry.Aggregate(EnvironmentSet.Empty, static (set, one) => set | EnvironmentSet.Of(one.Answer.Number))),
                Index = entry.First().One.Index,
                Dependencies =
                [
                    .. entry.SelectMany(one => one.One.Requires.Where(need => need.Name != project).Select(need => one.Answer.Chosen.FirstOrDefault(other => other.Project == need.Name))).OfType<ChosenDistribution>()
                        .Select(other => several.Contains(other.Project) ? PylockDependency.On(other) : new PylockDependency(other.Project)).Distinct()
                        .OrderBy(static one => one.Name.Text, StringComparer.Ordinal).ThenBy(static one => one.Version).ThenBy(static one => one.Direct?.Text, StringComparer.Ordinal),
                ],
                Wheels = [.. files.Where(static file => WheelName.TryParse(file.Name) is not null)],
                Source = files.FirstOrDefault(static file => SourceName.TryParse(file.Name) is not null),
                BuildRequires = await BuiltWithAsync(project, version, [.. entry.Where(static one => one.One is { IsSource: true, Direct: not { IsFolder: true } })], outer).ConfigureAwait(false),
            });
        }

        return packages;
    }

    /// <summary>Refuses what an address leads to where it can be no answer for one of the environments that ask for it: an address has one file, and no other to choose.</summary>
    private static void RequireUsable(UniversalAnswer answer, ChosenDistribution one)
    {
        answer.Sources.RequireDigest(one.Project, one.File!);
        if (one.Direct!.IsWheel && WheelName.TryParse(one.File!.Name) is { } wheel && answer.Target.Rank(wheel) == int.MaxValue)
            throw new MayflyException($"{one.File.Name} is no wheel for {answer.Target.Name}, and {one.Project} comes from there for it", $"say when it counts, as in {one.Project} @ {DirectUrl.Of(one.Direct, null).Url} ; python_version == \"3.12\" and sys_platform == \"linux\", or name sources in its place");
    }

    /// <summary>What a wheel is built with in each environment that has none; chosen for it as everything else is.</summary>
    private async Task<IReadOnlyList<PylockPackage>> BuiltWithAsync(ProjectName project, PythonVersion version, IReadOnlyList<(UniversalAnswer Answer, ChosenDistribution One)> built, IReadOnlyList<ProjectName> outer)
    {
        if (builder is null || built is [])
            return [];
        if (outer.Contains(project))
            throw new MayflyException($"{project} {version} cannot be built, since building it needs itself", "take a version of it that has a wheel");
        var file = built[0].One.File!;
        var wanted = await builder.RequirementsAsync(new SourceTree { Name = file.Name, Sha256 = await index.BringAsync(file).ConfigureAwait(false), Subdirectory = file.Direct?.Subdirectory, Meant = (project, version) }, cancellationToken).ConfigureAwait(false);
        List<UniversalAnswer> some = [];
        foreach (var (answer, _) in built)
        {
            var preferred = some.SelectMany(static one => one.Chosen).OrderByDescending(static one => one.Version).GroupBy(static one => one.Project).ToDictionary(static group => group.Key, static group => (IReadOnlyList<PythonVersion>)[.. group.Select(static one => one.Version).Distinct()]);
            var sources = answer.Sources.ForBuilding with { Preferred = preferred };
            var target = answer.Target with { Thresholds = null };
            some.Add(answer with { Sources = sources, Chosen = await PythonResolution.ChooseAsync(index, [.. wanted.Where(one => target.Holds(one))], target, sources, cancellationToken).ConfigureAwait(false) });
        }

        return await CombinedAsync(some, [.. outer, project]).ConfigureAwait(false);
    }

    /// <summary>
    /// Everything that an interpreter for which the lock is may want of one version: markers cannot tell the C libraries of two of them apart, so a lock has more wheels than were chosen.
    /// </summary>
    private static IReadOnlyList<IndexFile> Files(ProjectName project, PythonVersion version, IReadOnlyList<IndexFile> all, IReadOnlyList<UniversalAnswer> answers)
    {
        var possible = answers.Select(static one => (one.Sources, Target: one.Platform.With(one.Target.Version, possible: true))).ToArray();
        IndexFile[] fitting = [.. all.Where(Fits).OrderBy(static file => file.Name, StringComparer.Ordinal)];
        // What its project withdrew is locked where there is nothing else (PEP 592).
        return fitting.Any(static file => file.Yanked is null) ? [.. fitting.Where(file => file.Yanked is null || answers.Any(one => one.Chosen.Any(chosen => chosen.File == file)))] : fitting;

        bool Fits(IndexFile file)
        {
            var (wheel, source) = (WheelName.TryParse(file.Name), SourceName.TryParse(file.Name));
            return (wheel?.Project ?? source?.Project) == project && (wheel?.Version ?? source?.Version) == version && possible.Any(one =>
                (wheel is not null ? one.Sources.Formats.AllowWheels(project) : one.Sources.Formats.AllowSources(project) && one.Sources.Builds.Allows(project))
                && (one.Sources.DigestsOf(project) is not { } digests || (file.Hashes.GetValueOrDefault("sha256") is { } digest && digests.Contains(digest)))
                && one.Target.Allows(file.RequiresPython) && (wheel is null || one.Target.Rank(wheel) < int.MaxValue));
        }
    }
}
