using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
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
        return [.. stackLock.Packages.Where(package => ids.Contains(package.Id)), .. stackLock.Wheels()];
    }

    /// <summary>How many licences a policy waits for, because their packages are not in the store.</summary>
    public int Waiting(StackLock stackLock) => policy.IsEmpty ? 0 : Judged(stackLock).Count(package => !IsUnpacked(package));

    /// <summary>Fetches and unpacks what is missing, and reads all of the lock.</summary>
    public async Task<LicenceReport> ReadAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        await packages.FetchAsync(stackLock, progress, cancellationToken);
        await Unpack.AllAsync(store, stackLock.Packages, progress, cancellationToken);
        return Read(stackLock, [.. stackLock.Packages, .. stackLock.Wheels()], progress, cancellationToken);
    }

    /// <summary>Judges what is in the store already; without a policy nothing is read.</summary>
    /// <exception cref="MayflyException">The policy refuses something.</exception>
    public void RequireOfStore(StackLock stackLock)
    {
        if (!policy.IsEmpty)
            policy.Judge(Read(stackLock, [.. Judged(stackLock).Where(IsUnpacked)])).RequireNone(stack);
    }

    /// <summary>Judges all that images are built from, before any is; without a policy nothing is read.</summary>
    /// <exception cref="MayflyException">The policy refuses something.</exception>
    public async Task RequireAsync(StackLock stackLock, IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        if (policy.IsEmpty)
            return;
        await packages.FetchAsync(stackLock, progress, cancellationToken);
        var judged = Judged(stackLock);
        await Unpack.AllAsync(store, [.. judged.Where(static package => package.Architecture != LockedWheel.Architecture)], progress, cancellationToken);
        var verdict = policy.Judge(Read(stackLock, judged, progress, cancellationToken));
        verdict.RequireNone(stack);
        progress.Report(new Activity(Name, $"{Counted.Of(judged.Count, "package")}{(verdict.Unread.Count == 0 ? "" : $", {verdict.Unread.Count} not or not wholly readable: `mayfly licenses` lists them")}") { Ended = true });
    }

    /// <summary>Judges wheels of the store that are no stack's, such as those that are to be published.</summary>
    /// <param name="lines">SHA-256 and file name of each.</param>
    /// <exception cref="MayflyException">The policy refuses something.</exception>
    public void RequireWheels(IReadOnlyList<string> lines)
    {
        if (!policy.IsEmpty)
            policy.Judge(new LicenceReport(WheelLicences.Read(store, [.. lines.Select(static line => line.Split(' ', 2)).Select(static words => new LockedWheel { Sha256 = words[0], File = words[1], Size = 1, Index = "" }.AsPackage())]))).RequireNone(stack);
    }

    private bool IsUnpacked(LockedPackage package) => package.Architecture == LockedWheel.Architecture ? UnpackedWheel.IsIn(store, package.Sha256) : UnpackedPackage.Find(store, package.Sha256) is not null;

    /// <summary>What copyright files of Debian's packages say, and metadata of wheels.</summary>
    private LicenceReport Read(StackLock stackLock, IReadOnlyList<LockedPackage> wanted, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        var parts = wanted.ToLookup(static package => package.Architecture == LockedWheel.Architecture);
        return new LicenceReport([.. LicenceReport.Read(store, stackLock, parts[false]).Packages, .. WheelLicences.Read(store, [.. parts[true]], progress, cancellationToken)]);
    }
}
