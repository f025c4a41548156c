using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Universal;

/// <summary>From requirements to one lock for several interpreters and systems.</summary>
/// <remarks>
/// Each environment is resolved for by itself, so that each gets what it would get alone; versions that others have are preferred. uv forks one resolution where markers part instead, and
/// PDM and Poetry look for one version that does everywhere. That a list of environments is finite is what makes "each by itself" possible: between releases of Python at which something
/// that was read changes its answer, all are alike.
/// </remarks>
public static class UniversalResolution
{
    /// <summary>Chooses, and combines what was chosen.</summary>
    /// <param name="store">Keeps pages and metadata.</param>
    /// <param name="request">What, and for which environments; its addresses say their projects (<see cref="DirectNames"/>).</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="builder">Asked for what only a build can tell, which is taken to be the same everywhere; null where nothing may be built.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UnresolvableException">There is no answer for one of the environments; the message says for which, and why.</exception>
    public static async Task<Pylock> ResolveAsync(Store store, UniversalRequest request, IProgress<Activity>? progress = null, TransferSettings? settings = null, ISourceBuilder? builder = null, CancellationToken cancellationToken = default)
    {
        var thresholds = new PythonThresholds();
        var environments = request.Environments(thresholds);
        var anywhere = environments.Select(one => PythonRequirements.Of(request.Requirements, request.Usual, one.Platform.With(one.Python)).Sources).Aggregate(static (all, one) => all with
        {
            Builds = all.Builds.And(one.Builds),
            Editable = all.Editable.Union(one.Editable).ToHashSet(),
        });
        // Digests that are asked for in one environment say nothing of the others; each is compared with its own.
        anywhere = anywhere with { Digests = new Dictionary<ProjectName, IReadOnlySet<string>>(), RequireDigests = false };
        using var transport = new Transport(settings ?? TransferSettings.FromEnvironment(), anywhere.Access);
        await using var index = new IndexClient(store, transport, anywhere, builder, progress, cancellationToken);
        for (; ; )
        {
            List<UniversalAnswer> answers = [];
            foreach (var (platform, python) in environments)
                answers.Add(await AnswerAsync(platform, python, answers).ConfigureAwait(false));
            var finer = request.Environments(thresholds);
            if (finer.Count == environments.Count)
            {
                PythonResolution.Tell([.. answers.SelectMany(static answer => answer.Chosen).DistinctBy(static one => (one.Project, one.Version))], progress);
                return await new UniversalLock(index, answers, builder, cancellationToken).MadeAsync(store, request, progress, settings).ConfigureAwait(false);
            }

            environments = finer;
        }

        async Task<UniversalAnswer> AnswerAsync(LockPlatform platform, PythonVersion python, IReadOnlyList<UniversalAnswer> others)
        {
            var target = platform.With(python) with { Thresholds = thresholds };
            var (wanted, sources) = PythonRequirements.Of(request.Requirements, request.Usual, target);
            if (wanted.Where(static one => one.Address is not null).GroupBy(static one => one.Name).FirstOrDefault(static group => group.DistinctBy(static one => one.Address).Count() > 1) is { } several)
                throw new MayflyException($"{several.Key} is asked for from {string.Join(" and from ", several.Select(static one => Login.Shown(one.Address!)).Distinct())} for {target.Name}", "give them markers of which one alone holds, such as python_version < \"3.12\" and python_version >= \"3.12\"");
            try
            {
                // That a pre-release may be taken can follow from what others have alone; what is locked is what would be chosen for this environment with these versions, and no others.
                const int Most = 8;
                var chosen = await ChooseAsync(Preferred(target, others)).ConfigureAwait(false);
                for (var again = 0; again < Most && await ChooseAsync(Own(chosen)).ConfigureAwait(false) is var other && !Versions(other).SequenceEqual(Versions(chosen)); again++)
                    chosen = other;
                return new UniversalAnswer(others.Count, target, platform, sources, chosen);
            }
            catch (UnresolvableException e)
            {
                throw new UnresolvableException(e.Message, $"{e.Hint}; or leave this environment out (--python-version, --platform)", e.Derivation) { Withheld = e.Withheld };
            }

            Task<IReadOnlyList<ChosenDistribution>> ChooseAsync(Dictionary<ProjectName, IReadOnlyList<PythonVersion>> preferred) => PythonResolution.ChooseAsync(index, wanted, target, sources with { Preferred = preferred }, cancellationToken);

            static Dictionary<ProjectName, IReadOnlyList<PythonVersion>> Own(IReadOnlyList<ChosenDistribution> chosen) => chosen.ToDictionary(static one => one.Project, static one => (IReadOnlyList<PythonVersion>)[one.Version]);

            static IEnumerable<(ProjectName Project, PythonVersion Version)> Versions(IReadOnlyList<ChosenDistribution> chosen) => chosen.Select(static one => (one.Project, one.Version));
        }

        // What stood in an older lock for this environment, then for any other, then what others have got now: the newest first.
        Dictionary<ProjectName, IReadOnlyList<PythonVersion>> Preferred(PythonTarget target, IReadOnlyList<UniversalAnswer> others) =>
            (request.Before?.Packages ?? []).Where(static one => one.Version is not null).OrderByDescending(one => one.Marker?.Holds(target.Markers) ?? true).ThenByDescending(static one => one.Version).Select(static one => (one.Name, Version: one.Version!))
                .Concat(others.SelectMany(static one => one.Chosen).OrderByDescending(static one => one.Version).Select(static one => (Name: one.Project, one.Version)))
                .GroupBy(static one => one.Name).ToDictionary(static group => group.Key, static group => (IReadOnlyList<PythonVersion>)[.. group.Select(static one => one.Version).Distinct()]);
    }
}
