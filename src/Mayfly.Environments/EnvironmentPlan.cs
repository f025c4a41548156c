using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>What changes in an environment; nothing is fetched or touched yet.</summary>
public sealed record EnvironmentPlan
{
    /// <summary>What comes, in the order of the names.</summary>
    public IReadOnlyList<PlannedInstall> Install { get; init; } = [];

    /// <summary>What goes, and is not replaced.</summary>
    public IReadOnlyList<InstalledDistribution> Remove { get; init; } = [];

    /// <summary>What is asked for and there already.</summary>
    public IReadOnlyList<DependencySpecifier> Satisfied { get; init; } = [];

    /// <summary>What is asked for, each with its project's name.</summary>
    public RequirementsFile Requirements { get; init; } = new();

    /// <summary>What an address leads to and does not come, for its version is there (<see cref="EnvironmentRequest.KeepsVersions"/>).</summary>
    public IReadOnlyList<ChosenDistribution> Kept { get; init; } = [];

    /// <summary>What is asked for with extras that it has not.</summary>
    public IReadOnlyList<ChosenDistribution> LackingExtras { get; init; } = [];

    /// <summary>What may be taken and built, and where what a build needs comes from.</summary>
    public PythonSources Sources { get; init; } = new();

    public bool IsEmpty => Install.Count == 0 && Remove.Count == 0;

    /// <summary>Chooses what comes, so that everything in the environment fits together afterwards.</summary>
    /// <remarks>
    /// What is asked for comes in its newest version; of the rest, what is there stays as it is as long as it fits. pip leaves what is there and not needed by what comes
    /// out of the question, and reports afterwards what it broke.
    /// </remarks>
    /// <param name="store">Keeps pages and metadata.</param>
    /// <param name="interpreter">The environment's.</param>
    /// <param name="installed">What it has.</param>
    /// <param name="request">What it shall have.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">There is no answer, or an index cannot be asked.</exception>
    public static async Task<EnvironmentPlan> OfAsync(Store store, Interpreter interpreter, IReadOnlyList<InstalledDistribution> installed, EnvironmentRequest request, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var target = interpreter.Target;
        target.Require(request.Requirements);
        // One that keeps what it was told: a folder is asked for its name first, and then for all that it needs.
        SourceBuilder? asks = null;
        var requirements = await DirectNames.FindAsync(store, request.Requirements, target, sources => asks ??= new SourceBuilder(store, interpreter, sources, progress), progress, null, cancellationToken).ConfigureAwait(false);
        var asked = PythonRequirements.Of(requirements, new PythonSources { Overrides = request.Overrides, Bound = request.Bound, Known = request.Known, WithoutDependencies = request.WithoutDependencies }, target);
        var wanted = asked.Wanted.ToArray();
        var named = wanted.Select(static one => one.Name).ToHashSet();
        var anew = !request.Reinstall ? [] : !request.ReinstallNeeds || request.WithoutDependencies ? named : (await ChooseAsync(wanted, asked.Sources).ConfigureAwait(false)).Select(static one => one.Project).ToHashSet();
        var present = installed.Where(one => !anew.Contains(one.Project)).DistinctBy(static one => one.Project).ToArray();
        var others = request.WithoutDependencies ? [] : present.Where(one => !named.Contains(one.Project)).Select(static one => DependencySpecifier.Parse(one.Project.Text)).ToArray();
        // What is there may not fit together already; then it has no say in what comes.
        DependencySpecifier[] all = others.Length > 0 && Conflicts(present, target).Count == 0 ? [.. wanted, .. others] : wanted;
        var sources = asked.Sources with { Present = present.ToDictionary(static one => one.Project, one => new PresentDistribution(one.Version, one.Metadata, Stays(one), one.Origin)) };
        var chosen = await ChooseAsync(all, sources).ConfigureAwait(false);
        return new EnvironmentPlan
        {
            Requirements = requirements,
            Kept = [.. chosen.Where(Keeps)],
            LackingExtras = [.. chosen.Where(static one => one.UnknownExtras.Count > 0)],
            Sources = asked.Sources,
            Install =
            [
                .. chosen.Where(one => one.File is not null && !Keeps(one)).Select(one => new PlannedInstall(one, installed.FirstOrDefault(there => there.Project == one.Project)?.Version,
                    named.Contains(one.Project) || installed.Any(there => there.Project == one.Project && there.IsRequested))),
            ],
            Satisfied = [.. wanted.Where(one => chosen.Any(other => other.Project == one.Name && other.File is null))],
        };

        Task<IReadOnlyList<ChosenDistribution>> ChooseAsync(IReadOnlyList<DependencySpecifier> specifiers, PythonSources places) =>
            PythonResolution.ResolveAsync(store, specifiers, target, places, progress, null, cancellationToken, asks?.With(asked.Sources) ?? new SourceBuilder(store, interpreter, asked.Sources, progress));

        // One that is led to its folder is told by nothing that it would be the same, and neither are sources of this host. A commit is itself, and two may have one version.
        bool Keeps(ChosenDistribution one) => !request.Reinstall && one.Direct is { IsFolder: false } direct && installed.Any(there => there.Project == one.Project && there.Version == one.Version && there.Origin is not { IsEditable: true }
            && (direct.IsRepository ? there.Origin == DirectUrl.Of(direct, null) : request.KeepsVersions && (direct.IsWheel || direct.Path is null)));

        // What came from an address is no version among those of an index.
        bool Stays(InstalledDistribution one) => !(request.UpgradeAll && one is { Origin: null, IsLegacy: false }) && (!named.Contains(one.Project) || (!request.Upgrade && wanted.Concat(asked.Sources.Constraints)
            .All(other => other.Name != one.Project || !other.Holds(target.Markers) || other.Versions.Allows(one.Version, preReleases: true))));
    }

    /// <summary>Makes it exactly this.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="chosen">All that it shall have.</param>
    /// <param name="requested">Those of it that somebody asked for; null: it is not known, and all count as asked for.</param>
    /// <param name="builds">Whose sources may be built; null for nobody's.</param>
    public static EnvironmentPlan Exactly(VirtualEnvironment environment, IReadOnlyList<ChosenDistribution> chosen, IReadOnlySet<ProjectName>? requested = null, BuildPermission? builds = null)
    {
        var installed = environment.Installed();
        var record = EnvironmentRecord.Read(environment.Root);
        return new EnvironmentPlan
        {
            Sources = new PythonSources { Builds = builds ?? BuildPermission.None },
            Install =
            [
                .. chosen.Where(one => !installed.Any(there => there.Project == one.Project && there.Version == one.Version && IsOf(there, one)))
                    .Select(one => new PlannedInstall(one, installed.FirstOrDefault(there => there.Project == one.Project)?.Version, requested?.Contains(one.Project) ?? true)),
            ],
            Remove = [.. installed.Where(there => chosen.All(one => one.Project != there.Project) && !there.IsLeftAlone)],
        };

        bool IsOf(InstalledDistribution there, ChosenDistribution one)
        {
            var digest = one.File?.Hashes.GetValueOrDefault("sha256");
            // A folder may be another one by now: what is led to it needs nothing, what was copied of it comes anew.
            if (one.Direct is { } direct)
                return there.Origin == DirectUrl.Of(direct, digest) && (direct.IsEditable || !direct.IsFolder);
            if (there.Origin is not null)
                return false;
            // Of what somebody else installed it is not known what it was made of, and its version is all that can be compared.
            if (record?.WheelOf(there, environment.PackagesFolder) is not { } wheel || digest is null)
                return true;
            return one.IsSource ? record.SourceOf(there, environment.PackagesFolder) == digest : wheel == digest;
        }
    }

    /// <summary>Takes out what is named and what nothing needs any more that nobody asked for.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="projects">What goes.</param>
    /// <param name="anyway">True to take out what others need, too.</param>
    /// <exception cref="MayflyException">One of them is not there, or another one needs it.</exception>
    public static EnvironmentPlan Without(VirtualEnvironment environment, IReadOnlyCollection<ProjectName> projects, bool anyway = false)
    {
        var (installed, target) = (environment.Installed(), environment.Interpreter.Target);
        foreach (var project in projects.Where(project => installed.All(one => one.Project != project)))
        {
            throw new MayflyException($"{project} is not installed in {environment.Root}",
                Spelling.Near(installed.Select(static one => one.Project.Text), project.Text, count: 3) is { Count: > 0 } near ? $"there is {string.Join(", ", near)}" : "mayfly env list --env ENVIRONMENT shows what is");
        }

        var going = projects.ToHashSet();
        foreach (var (one, need) in anyway ? [] : installed.Where(one => !going.Contains(one.Project)).SelectMany(one => one.Metadata.Requires.Where(need => going.Contains(need.Name) && need.Holds(target.Markers)).Select(need => (one, need))))
            throw new MayflyException($"{need.Name} cannot go: {one.Project} {one.Version} needs {need}", $"remove {one.Project} too, or say --force");
        // An extra that is not there counts as one that is: what it would need stays.
        var kept = installed.Where(one => !going.Contains(one.Project) && (one.IsRequested || one.Installer != "mayfly")).Select(static one => one.Project).ToHashSet();
        var pending = new Queue<ProjectName>(kept);
        while (pending.TryDequeue(out var project))
        {
            foreach (var need in installed.First(one => one.Project == project).Metadata.Requires.Where(need => installed.Any(one => one.Project == need.Name) && !going.Contains(need.Name) && kept.Add(need.Name)))
                pending.Enqueue(need.Name);
        }

        return new EnvironmentPlan { Remove = [.. installed.Where(one => !kept.Contains(one.Project))] };
    }

    /// <summary>What does not fit together, a sentence each without a full stop; as <c>pip check</c>.</summary>
    public static IReadOnlyList<string> Conflicts(IReadOnlyList<InstalledDistribution> installed, PythonTarget target)
    {
        var there = installed.DistinctBy(static one => one.Project).ToDictionary(static one => one.Project, static one => one.Version);
        return
        [
            .. from one in installed
               from need in one.Metadata.Requires
               where need.Holds(target.Markers)
               let version = there.GetValueOrDefault(need.Name)
               where version is null || !need.Versions.Allows(version, preReleases: true)
               select $"{one.Project} {one.Version} needs {need}, and {(version is null ? "there is none" : $"{need.Name} {version} is there")}",
        ];
    }

    /// <summary>Fetches everything, verifies it, and changes the environment as a whole.</summary>
    /// <param name="store">Gets what is fetched.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="placement">How it gets the files of what comes; null for what is usual.</param>
    /// <param name="cancellationToken">Ends it, with nothing changed.</param>
    /// <exception cref="MayflyException">Something cannot be had or is not what it should be, or two have the same file; nothing has changed.</exception>
    /// <returns>What came.</returns>
    public async Task<IReadOnlyList<WheelPlan>> RunAsync(Store store, VirtualEnvironment environment, IProgress<Activity>? progress = null, Placement? placement = null, CancellationToken cancellationToken = default)
    {
        var fetched = await FetchAsync(store, environment.Interpreter, environment.Root, progress, cancellationToken).ConfigureAwait(false);
        Change(environment, fetched, progress, placement, cancellationToken);
        return fetched;
    }

    /// <summary>Changes the environment as a whole by what was fetched before.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="fetched">What <see cref="FetchAsync"/> gave for it.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="placement">How it gets the files of what comes; null for what is usual.</param>
    /// <param name="cancellationToken">Ends it, with nothing changed.</param>
    /// <exception cref="MayflyException">Two have the same file; nothing has changed.</exception>
    public void Change(VirtualEnvironment environment, IReadOnlyList<WheelPlan> fetched, IProgress<Activity>? progress = null, Placement? placement = null, CancellationToken cancellationToken = default) =>
        environment.Change(fetched, [.. Remove.Select(static one => one.Project)], progress, placement, cancellationToken);

    /// <summary>Has everything that comes in the store, verified and apart, and says which files an environment gets.</summary>
    /// <param name="store">Gets what is fetched.</param>
    /// <param name="interpreter">The environment's.</param>
    /// <param name="root">The environment's path.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">Something cannot be had, or is not what it should be.</exception>
    public async Task<IReadOnlyList<WheelPlan>> FetchAsync(Store store, Interpreter interpreter, string root, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var fetched = await DistributionFetch.WheelsAsync(store, [.. Install.Select(static one => one.Chosen)], Sources, new SourceBuilder(store, interpreter, Sources, progress), progress, null, cancellationToken).ConfigureAwait(false);
        var wheels = UnpackedWheel.All(store, [.. fetched.Select(static wheel => (wheel.Name, wheel.Sha256))], progress, cancellationToken);
        foreach (var (one, wheel) in Install.Zip(wheels))
            one.Chosen.Require(wheel);
        return
        [
            .. Install.Zip(wheels, (one, wheel) =>
            {
                var source = one.Chosen is { IsSource: true, File: { } file } ? file.Hashes.GetValueOrDefault("sha256") : null;
                return WheelPlan.Of(wheel, interpreter, root, one.IsRequested, one.Chosen.Direct is { } direct ? DirectUrl.Of(direct, source ?? wheel.Sha256) : null) with { Source = source, Index = one.Chosen.Index };
            }),
        ];
    }
}
