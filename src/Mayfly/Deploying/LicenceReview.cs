using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Tools;

namespace Mayfly.Deploying;

/// <summary>Reads the licences of a lock's packages and judges those of its images by what <c>stack.cs</c> says.</summary>
internal sealed class LicenceReview(LicencePolicy policy, string stack, Store store, PackageSource packages)
{
    private const string Name = "judge licences";

    /// <summary>What goes into images. Mayfly's own helper programs are in none of them, so the stack's policy is not about them.</summary>
    public static IReadOnlyList<LockedPackage> Judged(StackLock stackLock)
    {
        var ids = stackLock.Sets.Where(static set => set.Name != ToolSet.Request.Name).SelectMany(static set => set.Stages).SelectMany(static stage => stage.Packages).ToHashSet(StringComparer.Ordinal);
        return [.. stackLock.Packages.Where(package => ids.Contains(package.Id))];
    }

    /// <summary>How many licences a policy waits for, because their packages are not in the store.</summary>
    public int Waiting(StackLock stackLock) => policy.IsEmpty ? 0 : Judged(stackLock).Count(package => UnpackedPackage.Find(store, package.Sha256) is null);

    /// <summary>Fetches and unpacks what is missing, and reads all of the lock.</summary>
    public async Task<LicenceReport> ReadAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        await packages.FetchAsync(stackLock, progress, cancellationToken);
        await Unpack.AllAsync(store, stackLock.Packages, progress, cancellationToken);
        return LicenceReport.Read(store, stackLock);
    }

    /// <summary>Judges what is in the store already; without a policy nothing is read.</summary>
    /// <exception cref="MayflyException">The policy refuses something.</exception>
    public void RequireOfStore(StackLock stackLock)
    {
        if (!policy.IsEmpty)
            policy.Judge(LicenceReport.Read(store, stackLock, Judged(stackLock).Where(package => UnpackedPackage.Find(store, package.Sha256) is not null))).RequireNone(stack);
    }

    /// <summary>Judges all that images are built from, before any is; without a policy nothing is read.</summary>
    /// <exception cref="MayflyException">The policy refuses something.</exception>
    public async Task RequireAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (policy.IsEmpty)
            return;
        await packages.FetchAsync(stackLock, progress, cancellationToken);
        var judged = Judged(stackLock);
        await Unpack.AllAsync(store, judged, progress, cancellationToken);
        var verdict = policy.Judge(LicenceReport.Read(store, stackLock, judged));
        verdict.RequireNone(stack);
        progress.Report(new Activity(Name, $"{Counted.Of(judged.Count, "package")}{(verdict.Unread.Count == 0 ? "" : $", {verdict.Unread.Count} not or not wholly readable: `mayfly licenses` lists them")}") { Ended = true });
    }
}
