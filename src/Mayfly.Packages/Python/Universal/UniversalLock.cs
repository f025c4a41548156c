using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Universal;

/// <summary>Answers for several environments, combined into one lock: each version of a project once, with the marker that holds where it is needed.</summary>
internal static class UniversalLock
{
    public static async Task<Pylock> OfAsync(Store store, IndexClient index, UniversalRequest request, IReadOnlyList<UniversalAnswer> answers, IProgress<Activity>? progress, TransferSettings? settings, CancellationToken cancellationToken)
    {
        if (answers.SelectMany(static answer => answer.Chosen).FirstOrDefault(static one => one.Direct is not null) is { } direct)
            throw new MayflyException($"a lock for several interpreters takes what indexes have, and {direct.Project} comes from {direct.Direct!.Url}", "lock it for one interpreter (without --universal), or put a wheel of it into a folder and name that with --find-links");
        var space = new MarkerSpace([.. answers.Select(static one => one.Target.Markers)]);
        var entries = answers.Index().SelectMany(static answer => answer.Item.Chosen.Select(one => (Environment: answer.Index, One: one)))
            .GroupBy(static entry => (entry.One.Project, entry.One.Version)).OrderBy(static group => group.Key.Project.Text, StringComparer.Ordinal).ThenBy(static group => group.Key.Version).ToArray();
        var several = entries.GroupBy(static entry => entry.Key.Project).Where(static group => group.Count() > 1).Select(static group => group.Key).ToHashSet();
        List<PylockPackage> packages = [];
        foreach (var entry in entries)
        {
            int[] where = [.. entry.Select(static one => one.Environment)];
            var files = Files(entry.Key.Project, entry.Key.Version, (await index.PageAsync(entry.Key.Project).ConfigureAwait(false)).Files, [.. where.Select(number => answers[number])]);
            packages.Add(new PylockPackage
            {
                Name = entry.Key.Project,
                Version = entry.Key.Version,
                Marker = space.Write(where.Aggregate(EnvironmentSet.Empty, static (set, number) => set | EnvironmentSet.Of(number))),
                Index = entry.First().One.Index,
                Dependencies =
                [
                    .. entry.SelectMany(one => one.One.Requires.Where(need => need.Name != entry.Key.Project).Select(need => answers[one.Environment].Chosen.FirstOrDefault(other => other.Project == need.Name))).OfType<ChosenDistribution>()
                        .Select(other => new PylockDependency(other.Project, several.Contains(other.Project) ? other.Version : null)).Distinct().OrderBy(static one => one.Name.Text, StringComparer.Ordinal).ThenBy(static one => one.Version),
                ],
                Wheels = [.. files.Where(static file => WheelName.TryParse(file.Name) is not null)],
                Source = files.FirstOrDefault(static file => SourceName.TryParse(file.Name) is not null),
            });
        }

        return new Pylock
        {
            CreatedBy = "mayfly",
            RequiresPython = request.Pythons.Versions,
            Environments = [.. request.Platforms.Select(static platform => platform.Marker)],
            Platforms = [.. request.Platforms.Select(static platform => platform.Name)],
            Packages = await DigestedAsync(store, packages, progress, settings, cancellationToken).ConfigureAwait(false),
        };
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

    /// <summary>A lock without digests would lock nothing: what an index does not say of a file, the file itself says.</summary>
    private static async Task<IReadOnlyList<PylockPackage>> DigestedAsync(Store store, IReadOnlyList<PylockPackage> packages, IProgress<Activity>? progress, TransferSettings? settings, CancellationToken cancellationToken)
    {
        IndexFile[] silent = [.. packages.SelectMany(static one => one.Source is { } source ? one.Wheels.Append(source) : one.Wheels).Where(static file => !file.Hashes.ContainsKey("sha256"))];
        var fetched = await PythonDownload.AllAsync(store, silent, progress, settings, cancellationToken).ConfigureAwait(false);
        var digests = silent.Zip(fetched).ToDictionary(static pair => pair.First.Address, static pair => pair.Second.Sha256);
        return [.. packages.Select(one => one with { Wheels = [.. one.Wheels.Select(Digested)], Source = one.Source is { } source ? Digested(source) : null })];

        IndexFile Digested(IndexFile file) => file with { Hashes = new Dictionary<string, string> { ["sha256"] = file.Hashes.GetValueOrDefault("sha256") ?? digests[file.Address] } };
    }
}
