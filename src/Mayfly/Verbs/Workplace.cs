using Mayfly.Deploying;
using Mayfly.Machines;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Tools;
using Mayfly.Spec;

namespace Mayfly.Verbs;

/// <summary>What the verbs of one stack work with: its spec, the store, its packages and, once asked for, the provider.</summary>
internal sealed class Workplace : IAsyncDisposable
{
    private LocalProvider? _provider;

    private Workplace(Stack stack, StackSpec spec, Store store)
    {
        (Stack, Spec, Store, Packages) = (stack, spec, store, new PackageSource(spec, store));
        Licences = new LicenceReview(spec.Licences, spec.Name, store, Packages);
    }

    public Stack Stack { get; }

    public StackSpec Spec { get; }

    public Store Store { get; }

    public PackageSource Packages { get; }

    public LicenceReview Licences { get; }

    public static Workplace Open(Stack stack) => new(stack, StackReader.Read(stack), Store.Open());

    /// <summary>True when the programs that run instances are in the store, so that something may be running.</summary>
    public bool HasProvider(StackLock stackLock) => ToolSet.Find(Store, stackLock) is not null;

    /// <summary>The provider of this host, with the lock's own tools; the agent is started when it does not run.</summary>
    public async Task<IProvider> ConnectAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => await LocalAsync(stackLock, progress, cancellationToken);

    /// <summary>Asks for the agent, so that it is there when the first question comes.</summary>
    public async Task OpenAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => await (await LocalAsync(stackLock, progress, cancellationToken)).OpenAsync(cancellationToken);

    private async Task<LocalProvider> LocalAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
        => _provider ??= new LocalProvider(Store, await Packages.ProgramsAsync(stackLock, progress, cancellationToken));

    /// <summary>The provider for looking at what runs, with the lock's tools or those that are there; null when no stack has never been up on this host.</summary>
    public async Task<IProvider?> ObserveAsync(CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("looking at what runs needs root", "run the same command with sudo");
        if (_provider is not null)
            return _provider;
        if (LockFile.Read(Path.Combine(Spec.Folder, LockFile.Name)) is { } stackLock && HasProvider(stackLock))
            return await ConnectAsync(stackLock, new Progress<Activity>(), cancellationToken);
        // The lock may have been removed or made anew while the stack runs: it can still be looked at and taken down.
        return ToolSet.FindNewest(Store) is { } tools ? _provider = new LocalProvider(Store, PackageSource.Programs(tools)) : null;
    }

    /// <summary>Like <see cref="ObserveAsync"/>, for verbs that need something to run.</summary>
    /// <exception cref="MayflyException">The stack is down.</exception>
    public async Task<IProvider> RequireAsync(CancellationToken cancellationToken)
        => await ObserveAsync(cancellationToken) ?? throw new MayflyException($"{Stack.Name} is down", "`mayfly up` brings it live");

    public ValueTask DisposeAsync() => _provider?.DisposeAsync() ?? ValueTask.CompletedTask;
}
