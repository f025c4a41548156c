using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Locking;

/// <summary>Builds the wheels of a lock that have sources there, of exactly what the lock has for them.</summary>
public static class LockedBuilds
{
    /// <summary>Returns when the store has them; those that it has are not built again.</summary>
    /// <param name="store">Has the sources, and what they are built with.</param>
    /// <param name="wheels">Those of an environment.</param>
    /// <param name="permission">Whose sources may be built.</param>
    /// <param name="builder">Builds them in the image.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">One may not be built, or cannot, or came out as other bytes than those that the lock has.</exception>
    public static async Task AllAsync(Store store, IReadOnlyList<LockedWheel> wheels, BuildPermission permission, ISourceBuilder builder, CancellationToken cancellationToken)
    {
        foreach (var wheel in wheels.Where(wheel => wheel.Source is not null && !WheelFetch.IsThere(store, wheel)))
        {
            var (source, name) = (wheel.Source!, wheel.ReadName());
            // A lock that somebody edited says what is built, and the script whose code may run.
            if (!permission.Allows(name.Project))
                throw new MayflyException($"{LockFile.Name} has {source.File}, and nothing of {name.Project} may be built", $"permit it in stack.cs: .Pip(…, allowBuild: [\"{name.Project}\"])");
            // Also what it is built with is what the lock has.
            await AllAsync(store, source.With, permission, builder, cancellationToken).ConfigureAwait(false);
            var built = await builder.BuildAsync(new SourceTree { Name = source.File, Sha256 = source.Sha256, Subdirectory = source.Subdirectory, Meant = (name.Project, name.Version), Requires = [.. source.With.Select(one => Chosen(store, one))] }, cancellationToken).ConfigureAwait(false);
            if (built.Sha256 != wheel.Sha256)
            {
                throw new MayflyException($"{source.File} gave another wheel than the one that {LockFile.Name} has: {built.Name} with the SHA-256 {built.Sha256}, and not {wheel.Sha256}",
                    $"its build is not the same everywhere: `mayfly update {name.Project}` locks what it gives here; a wheel on an index of your own is the same for all");
            }
        }
    }

    /// <summary>As what was chosen to build with; its place is the store.</summary>
    private static ChosenDistribution Chosen(Store store, LockedWheel wheel)
    {
        var (name, sha256, size) = wheel.Fetched;
        return new ChosenDistribution
        {
            Project = wheel.ReadName().Project,
            Version = wheel.ReadName().Version,
            File = new IndexFile { Name = name, Address = new Uri($"file://{store.PathOf(StoreArea.Artifacts, sha256)}"), Hashes = new Dictionary<string, string> { ["sha256"] = sha256 }, Size = size },
            BuildRequires = wheel.Source is { } built ? [.. built.With.Select(one => Chosen(store, one))] : null,
            Requires = [],
        };
    }
}
