using Mayfly.Packages.Transfer;
using Mayfly.Resolver;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>From requirements to exact distributions, for one interpreter.</summary>
public static class PythonResolution
{
    /// <summary>Chooses the newest that fit together.</summary>
    /// <param name="store">Keeps pages and metadata.</param>
    /// <param name="wanted">What is asked for, in the order of preference.</param>
    /// <param name="target">The interpreter.</param>
    /// <param name="sources">Where from.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="builder">Asked for metadata that only a build can tell; null where nothing may be built.</param>
    /// <returns>In the order of their names.</returns>
    /// <exception cref="UnresolvableException">There is no answer; the message says why.</exception>
    public static async Task<IReadOnlyList<ChosenDistribution>> ResolveAsync(
        Store store, IReadOnlyList<DependencySpecifier> wanted, PythonTarget target, PythonSources sources,
        IProgress<Activity>? progress = null, TransferSettings? settings = null, CancellationToken cancellationToken = default, ISourceBuilder? builder = null)
    {
        using var transport = new Transport(settings ?? TransferSettings.FromEnvironment(), sources.Access);
        await using var index = new IndexClient(store, transport, sources, builder, progress, cancellationToken);
        var chosen = await ChooseAsync(index, wanted, target, sources, cancellationToken).ConfigureAwait(false);
        Tell(chosen, progress);
        return chosen;
    }

    /// <summary>What is no failure, as with pip, and hardly ever meant: an extra that a project has not is asked for in vain, and a Requires-Python that says no versions keeps no interpreter away.</summary>
    internal static void Tell(IReadOnlyCollection<ChosenDistribution> chosen, IProgress<Activity>? progress)
    {
        foreach (var one in chosen.Where(static one => one.UnreadPython is not null))
            progress?.Report(new Activity("note", $"{one.Project} {one.Version} says Requires-Python: {one.UnreadPython}, which is none (PEP 440), and was taken for any Python") { Ended = true });
        foreach (var (one, extra) in chosen.SelectMany(static one => one.UnknownExtras.Select(extra => (one, extra))))
            progress?.Report(new Activity("note", $"{one.Project} {one.Version} does not have the extra {extra}") { Ended = true });
    }

    /// <summary>The same with what may have been read for other interpreters already.</summary>
    internal static async Task<IReadOnlyList<ChosenDistribution>> ChooseAsync(IndexClient index, IReadOnlyList<DependencySpecifier> wanted, PythonTarget target, PythonSources sources, CancellationToken cancellationToken)
    {
        // The solver waits for what it asks for.
        var (candidates, requests, resolution) = await Task.Run(() =>
        {
            var (preReleases, direct) = (new Dictionary<ProjectName, bool>(), new DirectReleases());
            // Most of what is there stays; as long as that costs nobody anything, no index need be asked for it.
            for (var settled = sources.Present.Values.Any(static one => one.IsPreferred); ;)
            {
                var candidates = new PythonCandidates(index, target, sources, preReleases, direct, settled);
                var requests = candidates.Requests(wanted);
                var resolution = Newest(candidates, requests);
                // What was not looked at yet may name an address that something else needs.
                if (resolution.Failure is not null)
                    candidates.Look(requests);
                if (candidates.IsStale)
                    continue;
                if (!settled || resolution is { Failure: null, PassedOver: [] })
                    return (candidates, requests, resolution);
                settled = false;
            }
        }, cancellationToken).ConfigureAwait(false);
        if (resolution.Failure is { } failure)
        {
            throw new UnresolvableException($"no versions fit together for {target.Name}:\n{DerivationText.Render(failure)}",
                candidates.Withheld.Count > 0 ? sources.Builds.Hint(candidates.Withheld.First())
                : candidates.Unknown.Where(IsCalledLikeAFile).ToArray() is [var file, ..] ? $"{file} is called like a file: requirements that stand in one are named with -r, as in -r {file.Text[..file.Text.LastIndexOf('-')]}.{file.Text[(file.Text.LastIndexOf('-') + 1)..]}"
                : candidates.Unknown is { Count: > 0 } unknown ? $"look how {string.Join(" and ", unknown)} {(unknown.Count == 1 ? "is" : "are")} spelled, and whether the index that has {(unknown.Count == 1 ? "it" : "them")} is named"
                : requests.Count == 1 ? "ask for other versions of it, or for another interpreter" : "ask for other versions, leave something out, or override what a project says of another", failure)
            {
                Withheld = [.. candidates.Withheld],
            };
        }

        var chosen = candidates.Chosen(resolution.Selected);
        foreach (var one in chosen)
            sources.RequireKnown(one);
        return chosen;
    }

    /// <summary>As pip suspects too, of a name that no index has.</summary>
    private static bool IsCalledLikeAFile(ProjectName name) => name.Text.EndsWith("-txt", StringComparison.Ordinal) || name.Text is "pyproject-toml" or "pylock-toml" or "requirements-in";

    /// <summary>The versions of a project that an interpreter could have, oldest first.</summary>
    /// <exception cref="MayflyException">An index cannot be asked.</exception>
    public static async Task<IReadOnlyList<PythonVersion>> VersionsAsync(Store store, ProjectName project, PythonTarget target, PythonSources sources, CancellationToken cancellationToken = default)
    {
        using var transport = new Transport(TransferSettings.FromEnvironment(), sources.Access);
        await using var index = new IndexClient(store, transport, sources, null, null, cancellationToken);
        var page = await index.PageAsync(project).ConfigureAwait(false);
        return [.. ReleaseList.Of(project, page.Files, target, sources).Releases.Select(static release => release.Version).Distinct().Order()];
    }

    /// <summary>
    /// An answer in which nothing was passed over that could be had, in the order in which it is met: the solver learns from a conflict that two things exclude each other, and
    /// may keep an older one although what stood against the newer is no more part of the answer.
    /// </summary>
    private static Resolution Newest(PythonCandidates candidates, IReadOnlyList<Requirement> requests)
    {
        var solver = new Solver(candidates);
        var resolution = solver.Solve(requests);
        var tried = new HashSet<(object Origin, int Chosen)>();
        while (resolution.PassedOver.FirstOrDefault(passed => passed.Chosen >= 0 && tried.Add((passed.Requirement.Origin, passed.Chosen))) is { Requirement: { } requirement } passed)
        {
            // What comes before it shall not become older for it.
            var held = resolution.Selected.TakeWhile(candidate => candidate != passed.Chosen).Select(candidate => new Requirement(requirement.Origin, candidates.From(candidate)));
            var wish = requirement with { Candidates = [.. requirement.Candidates.TakeWhile(candidate => candidate != passed.Chosen)] };
            if (solver.TrySolve([.. held, wish, .. requests]) is { } other)
                resolution = other with { Selected = candidates.Needed(requests, other.Selected) };
        }

        return resolution;
    }
}
