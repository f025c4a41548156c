using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Locking;

/// <summary>Chooses the wheels of an image's environment, exact, for its lock.</summary>
public static class EnvironmentChoice
{
    /// <summary>What is locked already and still fits what is asked for; null when it must be chosen.</summary>
    public static LockedEnvironment? Find(Store store, StackLock? stack, EnvironmentRequest request, RequestedDistributions requested, ImagePython python, Lazy<string> packages)
    {
        if (stack?.Environments.FirstOrDefault(one => one.Set == request.Set && one.Into == request.Into && one.Answers == requested.Digest && one.Interpreter == python.ToString()) is not { } found)
            return null;
        var own = new OwnDistributions(store, request.Folder);
        var permission = request.Builds.And(own.PermissionOf(requested.Requirements, found.Wheels));
        return found.Wheels.All(wheel => Holds(wheel, permission, packages) && own.IsAsLocked(wheel)) ? found : null;
    }

    /// <summary>What was built stays so as long as it may be, in the same packages; and what it was built with.</summary>
    private static bool Holds(LockedWheel wheel, BuildPermission permission, Lazy<string> packages) =>
        wheel.Source is not { } source || (source.Packages == packages.Value && permission.Allows(wheel.ReadName().Project) && source.With.All(one => Holds(one, permission, packages)));

    /// <summary>Chooses it. What an older lock has stays as far as it can: a line more does not update all others.</summary>
    /// <param name="store">Keeps pages and metadata.</param>
    /// <param name="request">Which environment.</param>
    /// <param name="requested">What its file says.</param>
    /// <param name="python">The image's interpreter.</param>
    /// <param name="packages">Those that sources are built in (<see cref="BuildPackages"/>), looked at only where something is built.</param>
    /// <param name="usual">What is said of where wheels come from before the file says anything: pip's configuration.</param>
    /// <param name="stays">Wheels of an older lock that keep their versions.</param>
    /// <param name="builder">Builds sources in the image, with what is taken from these places; null where nothing is built.</param>
    /// <param name="progress">Told how far it is, and what could not stay.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">Something asks for what is not done, or there is no answer.</exception>
    public static async Task<LockedEnvironment> ChooseAsync(
        Store store, EnvironmentRequest request, RequestedDistributions requested, ImagePython python, Lazy<string> packages, RequirementsFile usual, IReadOnlyList<LockedWheel> stays,
        Func<PythonSources, ISourceBuilder>? builder = null, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var target = python.Target;
        var own = new OwnDistributions(store, request.Folder);
        var permitted = request.Builds with { Words = name => $", in the image: permit it with .Pip(\"{Path.GetFileName(request.File)}\", into: \"{request.Into}\", allowBuild: [\"{name}\"])" };
        using var work = store.BeginWork("own");
        foreach (var entry in requested.Requirements.Entries.Where(static entry => entry.IsEditable))
            progress?.Report(new Activity($"note: {Path.GetFileName(request.File)}", $"-e {entry.Text}: an image has nothing of this host's folder, and gets a copy") { Ended = true });
        var before = stays.Where(static wheel => wheel.Index == LockedWheel.FromRepository).ToLookup(static wheel => (wheel.From!, wheel.Source!.Subdirectory), static wheel => wheel.Source!);
        var packed = usual.And(await own.PackedAsync(AsBefore(requested, stays, store), Locked, target, work.Path, progress, cancellationToken).ConfigureAwait(false)).And(new RequirementsFile { Builds = own.Permission.And(permitted) });
        var file = await DirectNames.FindAsync(store, packed, target, places => builder?.Invoke(places), progress, null, cancellationToken).ConfigureAwait(false);
        var (wanted, sources) = PythonRequirements.Of(file, new PythonSources { Builds = permitted }, target);
        if (wanted.Select(static one => one.Address).OfType<string>().Select(static address => DirectReference.Read(address)).FirstOrDefault(static one => one.IsRepository) is { } repository)
            throw Repository(repository);
        if (wanted.Any(static one => one.Address is null) && sources.Indexes.Count + sources.Links.Count + sources.Bound.Count == 0)
            throw new MayflyException($"component {request.Set} wants Python packages, and no index may be asked for them", "take no-index out of the requirements file, pip.conf or PIP_NO_INDEX; or write --find-links FOLDER into the requirements file");
        var kept = stays.Select(static wheel => wheel.ReadName()).DistinctBy(static one => one.Project).ToDictionary(static one => one.Project, static one => one.Version);
        var builds = builder?.Invoke(sources);
        var chosen = await PythonResolution.ResolveAsync(store, wanted, target, sources with { Preferred = kept.ToDictionary(static one => one.Key, static one => (IReadOnlyList<PythonVersion>)[one.Value]) }, progress, null, cancellationToken, builds).ConfigureAwait(false);
        string[] moved = [.. chosen.Where(one => one.Direct is null && kept.TryGetValue(one.Project, out var version) && version != one.Version && wanted.All(want => want.Name != one.Project || want.Versions.Allows(version, preReleases: true))).Select(one => $"{one.Project} {kept[one.Project]}")];
        if (moved.Length > 0)
            progress?.Report(new Activity($"note: {LockFile.Name}", $"could not keep {string.Join(", ", moved)}") { Ended = true });

        var names = chosen.Select(static one => one.Project).ToHashSet();
        var wheels = await LockedAsync(chosen).ConfigureAwait(false);
        progress?.Report(new Activity($"choose Python packages of {request.Set}", $"{chosen.Count} wheels") { Ended = true });
        return new LockedEnvironment
        {
            Set = request.Set,
            Into = request.Into,
            Requests = [.. wanted.Select(one => (one.Address is { } address ? one with { Address = Asked(one.Name, DirectReference.Read(address)) } : one).ToString())],
            Answers = requested.Digest,
            Interpreter = python.ToString(),
            Wheels =
            [
                .. chosen.Zip(wheels).OrderBy(static one => one.First.Project.Text, StringComparer.Ordinal).Select(one => one.Second with
                {
                    Needs = [.. one.First.Requires.Select(static need => need.Name).Where(name => name != one.First.Project && names.Contains(name)).Select(static name => name.Text).Distinct().Order(StringComparer.Ordinal)],
                }),
            ],
        };

        (string From, LockedSource? Before) Locked(DirectReference reference)
        {
            var from = requested.FromOf(reference);
            return (from, before[(from, reference.Subdirectory)].FirstOrDefault());
        }

        // Of sources the wheel is known when it was built: in the image, whose packages are locked before.
        async Task<IReadOnlyList<LockedWheel>> LockedAsync(IReadOnlyList<ChosenDistribution> all)
        {
            if (all.Select(static one => one.Direct).FirstOrDefault(static one => one is { IsRepository: true }) is { } found)
                throw Repository(found);
            var files = await WheelFetch.KnowAsync(store, sources, [.. all.Select(static one => one.File!)], progress, cancellationToken).ConfigureAwait(false);
            // What was built of the same sources in the same packages stays: a line more does not build all others with newer tools.
            // One archive may have several projects.
            var old = all.Zip(files).Where(static one => one.First.IsSource).Select(one => stays.FirstOrDefault(wheel => wheel.Source?.Sha256 == one.Second.Sha256 && wheel.Source.Subdirectory == one.First.Direct?.Subdirectory && wheel.ReadName().Project == one.First.Project && Holds(wheel, request.Builds.And(BuildPermission.Of(one.First.Project)), packages))).OfType<LockedWheel>().ToDictionary(static wheel => wheel.ReadName().Project);
            var built = new Queue<BuiltWheel>(await DistributionFetch.WheelsAsync(store, [.. all.Zip(files).Where(one => one.First.IsSource && !old.ContainsKey(one.First.Project)).Select(static one => one.First)], sources, builds, progress, null, cancellationToken).ConfigureAwait(false));
            var locked = new List<LockedWheel>();
            foreach (var (one, file) in all.Zip(files))
            {
                if (one.IsSource && old.TryGetValue(one.Project, out var same))
                {
                    locked.Add(same with { Index = IndexOf(one), From = FromOf(one.Project, one.Direct) });
                    continue;
                }

                var (made, repository) = (one.IsSource ? built.Dequeue() : null, own.RepositoryOf(one.Direct));
                locked.Add(new LockedWheel
                {
                    File = made?.Name ?? one.File!.Name,
                    Sha256 = made?.Sha256 ?? file.Sha256,
                    Size = made is null ? file.Size : new FileInfo(store.PathOf(StoreArea.Artifacts, made.Sha256)).Length,
                    Index = IndexOf(one),
                    From = FromOf(one.Project, one.Direct),
                    Metadata = made is null ? one.MetadataSha256 : null,
                    Source = made is null ? null : new LockedSource { File = one.File!.Name, Subdirectory = one.Direct?.Subdirectory, Sha256 = file.Sha256, Size = file.Size, Packages = packages.Value, Commit = repository?.Commit, Tag = repository?.Tag, With = [.. (await LockedAsync(made.Requires).ConfigureAwait(false)).OrderBy(static wheel => wheel.File, StringComparer.Ordinal)] },
                });
            }

            return locked;
        }

        // The address of a dependency is no relative path; the variable is what others write for a project's folder.
        string Asked(ProjectName project, DirectReference direct)
        {
            var place = direct.Path is null ? requested.FromOf(direct) : own.RepositoryOf(direct) is not null ? FromOf(project, direct)! : $"file:///${{PROJECT_ROOT}}{DirectReference.OfPath(FromOf(project, direct) is ['.', '/', .. var below] ? $"/{below}" : $"/{FromOf(project, direct)}")["file://".Length..]}";
            return direct.Subdirectory is { } inside ? $"{place}#subdirectory={inside}" : place;
        }

        MayflyException Repository(DirectReference direct) => new($"{direct.Name} is a repository that a package in {request.File} names, or a limit", "take a version of that package that names a project, which an index or a folder has");

        string IndexOf(ChosenDistribution one) => one.Direct is not { } direct ? NameOf(sources, one) : direct.Path is null ? LockedWheel.FromAddress : own.IsFolder(direct) ? LockedWheel.FromFolder : own.RepositoryOf(direct) is not null ? LockedWheel.FromRepository : LockedWheel.FromFile;

        string? FromOf(ProjectName project, DirectReference? direct) => direct is null ? null : direct.Path is null ? requested.FromOf(direct)
            : own.FromOf(direct) ?? throw new MayflyException($"{project} comes from {direct.Path}, a path of this host that a package in {request.File} names", "name it in that file itself, or take another version of that package");
    }

    /// <summary>What came from an address stays what it was, and is not asked for again while the store has it: as with versions, only an update takes what is there now.</summary>
    private static RequirementsFile AsBefore(RequestedDistributions requested, IReadOnlyList<LockedWheel> stays, Store store) => requested.Requirements with
    {
        Entries = [.. requested.Requirements.Entries.Select(entry => DirectNames.RequirementOf(entry) is { Reference: { Path: null, Hash: null, IsRepository: false } reference } direct && requested.FromOf(reference) is var from
            && stays.FirstOrDefault(wheel => wheel.From == from && wheel.Source?.Subdirectory == reference.Subdirectory && store.Has(StoreArea.Artifacts, wheel.Fetched.Sha256)) is { } before
            ? entry with { Text = (direct with { Reference = DirectReference.Read($"{reference.Text}{(reference.Text.Contains('#', StringComparison.Ordinal) ? '&' : '#')}sha256={before.Fetched.Sha256}") }).ToString() } : entry)],
    };

    /// <summary>By its place in the order of asking: an address would be one machine's own, and may have a password in it.</summary>
    private static string NameOf(PythonSources sources, ChosenDistribution chosen)
    {
        if (sources.Links.ToList().IndexOf(chosen.Index!) is >= 0 and var link)
            return sources.Links.Count == 1 ? "links" : $"links {link + 1}";
        if (sources.Indexes.ToList().IndexOf(chosen.Index!) is >= 0 and var index)
            return sources.Indexes.Count == 1 ? "index" : $"index {index + 1}";
        return "bound index";
    }
}
