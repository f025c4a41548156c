using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Cli;

/// <summary>
/// An image of packages alone, as <c>mayfly image build</c> is told: from a lock of its own, else resolved now, from what the mirror has now.
/// </summary>
internal sealed record ImageBuild(string Codename, IReadOnlyList<string> Packages, string? Name, bool KeepFailed = false, string? LockPath = null)
{
    private const string SetName = "image";

    /// <summary>The codename of <c>debian:CODENAME</c> or <c>ubuntu:CODENAME</c>, else null.</summary>
    public static string? CodenameOf(string from) =>
        from.Split(':') is [var distribution, { Length: > 0 } codename] && codename.All(char.IsAsciiLetterLower)
        && ReleaseLayout.All.Any(release => release.Distribution.Name == distribution && (release.Codename == codename || ReleaseLayout.All.All(other => other.Codename != codename))) ? codename : null;

    public async Task<Image> RunAsync(IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var store = Store.Open();
        using var held = store.LockShared(progress, cancellationToken);
        var sources = DebianSources.Discover(Codename, HostArchitecture.Name);
        var locked = await LockAsync(store, sources, progress, cancellationToken);
        if (!locked.Packages.All(package => Fetch.IsThere(store, package)))
            await Fetch.AllAsync(store, sources, locked.Packages, progress, releases: locked.Releases, cancellationToken: cancellationToken);
        var recipe = new ImageRecipe
        {
            Name = Name ?? string.Join('-', Packages.Select(package => package.Split('=')[0]).DefaultIfEmpty($"debian-{Codename}")),
            PackageSet = Packages is [] ? null : SetName,
        };
        var builder = new ImageBuilder(store) { KeepFailed = KeepFailed };
        if (LockPath is null)
            return await builder.BuildAsync(locked, recipe, progress, cancellationToken);
        var (images, completed) = await builder.BuildAllAsync(locked, [recipe], progress, cancellationToken);
        if (completed.Ids.Count > locked.Ids.Count)
            LockFile.Write(LockPath, completed);
        return images[0];
    }

    private async Task<StackLock> LockAsync(Store store, DebianSources sources, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<SetRequest> sets = Packages is [] ? [] : [new SetRequest(SetName, Packages)];
        var before = LockPath is null ? null : LockFile.Read(LockPath);
        if (before is not null && before.Releases.All(release => release.Codename != Codename))
            throw new MayflyException($"{LockPath} is of another release than {Codename}", "name another file for the lock of this one");
        if (before is not null && DebianLock.Satisfies(before, HostArchitecture.Name, sets))
            return before;
        var index = await IndexFetch.ReadAsync(store, sources, progress, locked: before?.Releases, cancellationToken: cancellationToken);
        var made = before is null || !DebianLock.CanGrow(before, index) ? DebianLock.Create(index, sets, before?.Ids, before: before)
            : DebianLock.Create(index, sets, before.Ids, LockedRelations.Keep(store, index, before, before.Packages), before: before);
        if (before is not null && LockChange.NotKept(before, made) is { } note)
            progress.Report(note);
        if (LockPath is not null)
            LockFile.Write(LockPath, made);
        return made;
    }
}
