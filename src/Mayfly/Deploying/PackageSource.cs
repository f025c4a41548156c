using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;
using Mayfly.Spec;

namespace Mayfly.Deploying;

/// <summary>Where a stack's packages come from: its lock, read or made, and what the lock names, fetched.</summary>
internal sealed class PackageSource(StackSpec spec, Store store)
{
    private string LockPath => Path.Combine(spec.Folder, LockFile.Name);

    /// <summary>Reads the lock when it fits what <c>stack.cs</c> asks for, else resolves anew.</summary>
    /// <param name="write">Whether a new lock is written beside <c>stack.cs</c>.</param>
    public async Task<Locked> LockAsync(bool write, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var architecture = HostArchitecture.Name;
        var sets = Sets();
        var existing = LockFile.Read(LockPath);
        var reason = existing is null ? "there is no stack.lock"
            : !existing.Releases.Any(release => release.Codename == spec.Release.Codename) ? $"stack.lock is of another release than {spec.Release.Codename}"
            : !DebianLock.Satisfies(existing, architecture, sets) ? "what stack.cs installs has changed"
            : null;
        if (reason is null)
            return new Locked(existing!, null);

        var index = await IndexFetch.ReadAsync(store, Sources(architecture), progress, cancellationToken: cancellationToken);
        progress.Report(new Activity("resolve packages"));
        var made = DebianLock.Create(index, sets, existing?.Ids);
        progress.Report(new Activity("resolve packages", $"{made.Packages.Count} packages") { Ended = true });
        if (write)
            LockFile.Write(LockPath, made);
        return new Locked(made, reason);
    }

    /// <summary>Writes what building has added to a lock: the ids of accounts, which stay the same from then on.</summary>
    public void Write(StackLock locked, StackLock completed)
    {
        if (completed.Ids.Count > locked.Ids.Count)
            LockFile.Write(LockPath, completed);
    }

    /// <summary>Brings all packages of the lock into the store; nothing is installed before every one is there and verified.</summary>
    public Task FetchAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => stackLock.Packages.All(package => Fetch.IsThere(store, package))
            ? Task.CompletedTask
            : Fetch.AllAsync(store, Sources(stackLock.Architecture), stackLock.Packages, progress, cancellationToken: cancellationToken);

    /// <summary>The programs that run instances, brought from the lock's own tool set.</summary>
    public async Task<RuntimePrograms> ProgramsAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => Programs(await ToolSet.EnsureAsync(store, stackLock, progress, cancellationToken));

    public static RuntimePrograms Programs(ToolSet tools) => new(tools.Crun, tools.Conmon, tools.Nft);

    private DebianSources Sources(string architecture) => DebianSources.Discover(spec.Release.Codename, architecture,
        DebianConfiguration.Read(new DebianConfiguration { Mirror = spec.Release.Mirror?.ToString(), Security = spec.Release.SecurityMirror?.ToString() }));

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
