using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>Where a stack's packages come from: its lock, read or made, and what the lock names, fetched.</summary>
internal sealed class PackageSource(StackSpec spec, Store store)
{
    private PythonSource Python => new(spec, store, FetchPackagesAsync);

    private string LockPath => Path.Combine(spec.Folder, LockFile.Name);

    /// <summary>Reads the lock when it fits what <c>stack.cs</c> asks for, else resolves anew.</summary>
    /// <param name="write">Whether a new lock is written beside <c>stack.cs</c>.</param>
    public async Task<Locked> LockAsync(bool write, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var architecture = HostArchitecture.Name;
        var sets = Sets();
        var preferences = spec.Release.Preferences.Checked();
        var asOf = SnapshotTime();
        var existing = LockFile.Read(LockPath);
        var reason = existing is null ? "there is no stack.lock"
            : existing.Format < StackLock.CurrentFormat ? $"stack.lock is of format {existing.Format}, which becomes {StackLock.CurrentFormat} and keeps its ids"
            : !existing.Releases.Any(release => release.Codename == spec.Release.Codename) ? $"stack.lock is of another release than {spec.Release.Codename}"
            : existing.Releases.FirstOrDefault(release => release.Snapshot != asOf) is { } other ? $"stack.lock is {(other.Snapshot is { } day ? $"as of {day:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "of no snapshot")}"
            : !existing.Preferences.SequenceEqual(preferences.Lines) ? "the pins, suites or architectures of stack.cs have changed"
            : !DebianLock.Satisfies(existing, architecture, sets, preferences) ? "what stack.cs installs has changed"
            : null;
        if (reason is null)
        {
            var (same, changed) = await Python.LockAsync(existing!, existing, progress, cancellationToken);
            if (write && changed is not null)
                LockFile.Write(LockPath, same);
            return new Locked(same, changed);
        }

        var index = await IndexFetch.ReadAsync(store, Sources(architecture), progress, locked: existing?.Releases, cancellationToken: cancellationToken);
        progress.Report(new Activity("resolve packages"));
        // What is locked stays, so that a package more is not an update of all others. Beside a held package it may have to, though it is no longer offered.
        var stays = existing is not null && DebianLock.CanGrow(existing, index) && existing.Preferences.SequenceEqual(preferences.Lines);
        var locked = existing is not null && (stays || preferences.Holds.Count > 0) ? await KeepAsync(existing, index, progress, cancellationToken) : null;
        var made = DebianLock.Create(index, sets, existing?.Ids,
            locked?.Where(pair => stays || preferences.Holds.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal), preferences, existing,
            preferences.Holds.Count > 0 ? locked : null);
        progress.Report(new Activity("resolve packages", $"{made.Packages.Count} packages") { Ended = true });
        if (stays && LockChange.NotKept(existing!, made) is { } note)
            progress.Report(note);
        (made, _) = await Python.LockAsync(made, existing, progress, cancellationToken);
        if (write)
            LockFile.Write(LockPath, made);
        return new Locked(made, reason);
    }

    /// <summary>The lock beside <c>stack.cs</c>, whether or not it still fits it.</summary>
    /// <exception cref="MayflyException">There is none.</exception>
    public StackLock RequireLock() => LockFile.Read(LockPath)
        ?? throw new MayflyException($"there is no {LockFile.Name} in {spec.Folder}", "`mayfly lock` chooses the packages and writes it");

    /// <summary>The lock that would be made now.</summary>
    /// <param name="before">The lock of now, which keeps the ids of accounts.</param>
    /// <param name="names">Only these packages take newer versions, and what they need; empty for all.</param>
    public async Task<StackLock> UpdateAsync(StackLock before, IReadOnlyList<string> names, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        foreach (var name in names)
            await RequireAsync(before, name, progress, cancellationToken);
        if (names.FirstOrDefault(name => before.Packages.Any(package => package.IsCalled(name) && IsHeld(package))) is { } held)
            throw new MayflyException($"{held} is held at its version", $"remove .Hold(\"{held}\") in stack.cs to update it");
        var index = await IndexFetch.ReadAsync(store, Sources(HostArchitecture.Name), progress, locked: before.Releases, cancellationToken: cancellationToken);
        if (names.Count > 0 && !DebianLock.CanGrow(before, index))
        {
            throw new MayflyException($"{string.Join(", ", names)} cannot be updated alone: {LockFile.Name} is of another day, or of other releases, than stack.cs",
                "nothing of another day stays beside it: update all packages with `mayfly update`");
        }

        progress.Report(new Activity("resolve packages"));
        var holds = spec.Release.Preferences.Holds;
        var locked = names.Count == 0 && holds.Count == 0 ? null : await KeepAsync(before, index, progress, cancellationToken);
        var stays = before.Packages.Where(package => IsHeld(package) || (names.Count > 0 && !names.Any(package.IsCalled))).Select(static package => package.Id).ToHashSet(StringComparer.Ordinal);
        var after = DebianLock.Create(index, Sets(), before.Ids, locked?.Where(pair => stays.Contains(pair.Value.Id)).ToDictionary(StringComparer.Ordinal), spec.Release.Preferences, before,
            holds.Count > 0 ? locked : null);
        progress.Report(new Activity("resolve packages", $"{after.Packages.Count} packages") { Ended = true });
        return await Python.UpdateAsync(after, before, package => names.Count > 0 && !names.Any(package.IsCalled), progress, cancellationToken);
    }

    /// <summary>Makes this the stack's lock.</summary>
    public void Replace(StackLock stackLock) => LockFile.Write(LockPath, stackLock);

    /// <summary>Sees to it that a lock has a package of that name, or of that name and architecture.</summary>
    /// <exception cref="MayflyException">It has none; the hint names those that may be meant. Only for who provides a name that is like none the index is asked.</exception>
    public async Task RequireAsync(StackLock stackLock, string name, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (stackLock.Packages.Concat(stackLock.Wheels()).Any(package => package.IsCalled(name)))
            return;
        throw new MayflyException($"{LockFile.Name} has no package {(name.Length == 0 ? "without a name" : name)}",
            LockedNames.BuiltWith(stackLock, name)
            ?? LockedNames.Provided(LockedRelations.FromStore(store, stackLock.Packages, stackLock.Architecture).Values, name)
            ?? LockedNames.Misspelt(stackLock, name)
            ?? (PackageName.IsValid(name) ? LockedNames.Provided(await RelationsAsync(), name) : null)
            ?? LockedNames.Part(stackLock, name)
            ?? "`mayfly list` shows what it has");

        async Task<IEnumerable<PackageRelations>> RelationsAsync()
        {
            try
            {
                return (await this.RelationsAsync(stackLock, progress, cancellationToken)).Values;
            }
            catch (MayflyException)
            {
                // Without a mirror the name is just as wrong, and that is what is to be told.
                return [];
            }
        }
    }

    /// <summary>What the locked packages say of one another; only for those that are not unpacked in the store the index is asked, and what it has no more is fetched.</summary>
    public async Task<IReadOnlyDictionary<string, PackageRelations>> RelationsAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var found = LockedRelations.FromStore(store, stackLock.Packages, stackLock.Architecture);
        if (found.Count == stackLock.Packages.Count)
            return found;
        var index = await IndexFetch.ReadAsync(store, Sources(stackLock.Architecture), progress, cancellationToken: cancellationToken);
        var all = LockedRelations.FromIndex(index, stackLock.Packages).Concat(found).DistinctBy(pair => pair.Key).ToDictionary(StringComparer.Ordinal);
        LockedPackage[] lost = [.. stackLock.Packages.Where(package => !all.ContainsKey(package.Id))];
        if (lost.Length == 0)
            return all;
        await BringAsync(stackLock, lost, progress, cancellationToken);
        return LockedRelations.FromStore(store, lost, stackLock.Architecture).Concat(all).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Writes what building has added to a lock: the ids of accounts, which stay the same from then on.</summary>
    public void Write(StackLock locked, StackLock completed)
    {
        if (completed.Ids.Count > locked.Ids.Count)
            LockFile.Write(LockPath, completed);
    }

    /// <summary>Brings all packages of the lock into the store; nothing is installed before every one is there and verified.</summary>
    public async Task FetchAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        await FetchPackagesAsync(stackLock, progress, cancellationToken);
        await Python.FetchAsync(stackLock, progress, cancellationToken);
    }

    private async Task FetchPackagesAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (!stackLock.Packages.All(package => Fetch.IsThere(store, package)))
            await Fetch.AllAsync(store, Sources(stackLock.Architecture), stackLock.Packages, progress, releases: stackLock.Releases, cancellationToken: cancellationToken);
    }

    /// <summary>Brings the lock's wheels alone, from where the script says that they are.</summary>
    public Task FetchWheelsAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken) => Python.FetchAsync(stackLock, progress, cancellationToken);

    /// <summary>Which Debian packages have shared libraries, by the archive's lists of contents, else by their names (policy 8.1); those that neither tells are left out, and so are all where no index can be had.</summary>
    public async Task<IReadOnlyDictionary<string, string>> OwnersAsync(IReadOnlyCollection<string> libraries, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var sources = Sources(HostArchitecture.Name);
        // What is missing is to be told, also where nobody can say who has it.
        var listed = await KnownAsync(() => LibraryOwners.FindAsync(store, sources, libraries, progress, cancellationToken));
        var named = listed.Count == libraries.Count ? listed : await KnownAsync(async () =>
        {
            var index = await IndexFetch.ReadAsync(store, sources, progress, cancellationToken: cancellationToken);
            return libraries.Select(library => (Library: library, Owner: SharedLibraryName.PackagesOf(library).FirstOrDefault(name => index.Find(name).Count > 0))).Where(static one => one.Owner is not null)
                .ToDictionary(static one => one.Library, static one => one.Owner!, StringComparer.Ordinal);
        });
        return listed.Concat(named).DistinctBy(static one => one.Key).ToDictionary(StringComparer.Ordinal);

        static async Task<IReadOnlyDictionary<string, string>> KnownAsync(Func<Task<IReadOnlyDictionary<string, string>>> ask)
        {
            try
            {
                return await ask();
            }
            catch (MayflyException)
            {
                return new Dictionary<string, string>();
            }
        }
    }

    /// <summary>The programs that run instances, brought from the lock's own tool set.</summary>
    public async Task<RuntimePrograms> ProgramsAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => Programs(await ToolSet.EnsureAsync(store, stackLock, progress, cancellationToken));

    public static RuntimePrograms Programs(ToolSet tools) => new(tools.Crun, tools.Conmon, tools.Nft);

    private DebianSources Sources(string architecture) => DebianSources.Discover(spec.Release.Codename, architecture, Configuration()).With(spec.Release.Preferences);

    /// <summary>What is locked, by name, as far as it can stay; what is held must, so it is fetched where nothing else tells what it needs.</summary>
    /// <exception cref="MayflyException">A held package is not to be had.</exception>
    private async Task<IReadOnlyDictionary<string, BinaryPackage>> KeepAsync(StackLock stackLock, DebianIndex index, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var kept = LockedRelations.Keep(store, index, stackLock, stackLock.Packages);
        var ids = kept.Values.Select(static package => package.Id).ToHashSet(StringComparer.Ordinal);
        LockedPackage[] lost = [.. stackLock.Packages.Where(package => IsHeld(package) && !ids.Contains(package.Id))];
        if (lost.Length == 0)
            return kept;
        if (Array.Find(lost, package => !LockedRelations.IsOf(index, stackLock, package)) is { } elsewhere)
        {
            var day = stackLock.Releases.First(release => release.Id == elsewhere.Release).Snapshot;
            throw new MayflyException($"{elsewhere.Name} is held at {elsewhere.Version} of {elsewhere.Release}{(day is null ? "" : $" as of {day:yyyy-MM-dd'T'HH:mm:ss'Z'}")}, and stack.cs no longer takes packages from there",
                $"let it take them from there again, or remove .Hold(\"{elsewhere.Name}\")");
        }

        try
        {
            await BringAsync(stackLock, lost, progress, cancellationToken);
        }
        catch (MayflyException e)
        {
            throw new MayflyException($"{lost[0].Name} is held at {lost[0].Version}, which neither the store nor the archive's index has any more, and what it needs must be known: {e.Message}",
                $"name a depot, or a service of snapshots, that has it, or remove .Hold(\"{lost[0].Name}\")", e);
        }

        return LockedRelations.Keep(store, index, stackLock, stackLock.Packages);
    }

    /// <summary>Brings packages into the store and unpacks them, so that they can be read.</summary>
    private async Task BringAsync(StackLock stackLock, LockedPackage[] packages, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        using var held = store.LockShared(progress, cancellationToken);
        await Fetch.AllAsync(store, Sources(stackLock.Architecture), packages, progress, releases: stackLock.Releases, cancellationToken: cancellationToken);
        await Unpack.AllAsync(store, packages, progress, cancellationToken);
    }

    private bool IsHeld(LockedPackage package) => spec.Release.Preferences.Holds.Contains(package.Architecture is "all" || package.Architecture == HostArchitecture.Name ? package.Name : package.Id);

    private DebianConfiguration Configuration() => DebianConfiguration.Read(
        new DebianConfiguration { Mirror = spec.Release.Mirror?.ToString(), Security = spec.Release.SecurityMirror?.ToString(), Snapshot = spec.Release.Snapshot },
        ReleaseLayout.Of(spec.Release.Codename).Distribution.Name);

    private DateTimeOffset? SnapshotTime() => Configuration().Snapshot is { } day ? Snapshot.Parse(day, DateTimeOffset.UtcNow) : null;

    private IReadOnlyList<SetRequest> Sets() =>
    [
        new SetRequest(SetRequest.Base, []),
        ToolSet.Request,
        .. spec.Components.Where(component => component.Packages.Count > 0)
            .Select(component => new SetRequest(component.Name, component.Packages) { Recommends = component.Recommends }),
    ];
}

/// <summary>A lock, and why it was made anew; null when the one on disk holds.</summary>
internal sealed record Locked(StackLock Lock, string? Reason);
