using System.Security.Cryptography;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Depots;

/// <summary>Takes wheels into a depot's work folder, each found to be what it should be, with what the index will say of it.</summary>
internal sealed class WheelIntake(DepotFolder depot, Store store)
{
    /// <summary>What the depot will have.</summary>
    /// <param name="Wheels">All of it, sorted.</param>
    /// <param name="Made">Where those are that do not lie in the depot whole, by SHA-256: the wheel, and its metadata with <c>.metadata</c> after the name.</param>
    public sealed record Result(IReadOnlyList<DepotWheel> Wheels, IReadOnlyDictionary<string, string> Made)
    {
        /// <summary>True when the depot shows all of it already.</summary>
        public bool IsShown(DepotFolder depot, IReadOnlyList<DepotWheel> former) => Made.Count == 0 && DepotWheel.Write(former).AsSpan().SequenceEqual(DepotWheel.Write(Wheels))
            && SimplePages.All(Wheels).All(page => new FileInfo(Path.Combine(depot.Root, page.Path)) is { Exists: true, LinkTarget: null } file && File.ReadAllBytes(file.FullName).AsSpan().SequenceEqual(page.Bytes));

        /// <summary>Puts them where the new state has them: from the work folder, else as the links that the former state has of them.</summary>
        /// <param name="made">The folder that is to become <c>dists</c>.</param>
        public void Place(DepotFolder depot, string made)
        {
            foreach (var folder in Wheels.GroupBy(static wheel => wheel.Folder, StringComparer.Ordinal))
            {
                if (Directory.Exists(Path.Combine(depot.Root, folder.Key)))
                    depot.Require(folder.Key);
                depot.Require($"{made}/{folder.Key["dists/".Length..]}");
                foreach (var wheel in folder)
                {
                    var at = Made.GetValueOrDefault(wheel.Sha256);
                    foreach (var (path, from) in (ReadOnlySpan<(string, string?)>)[(wheel.Path, at), (wheel.MetadataPath, at is null ? null : $"{at}.metadata")])
                    {
                        var former = new FileInfo(Path.Combine(depot.Root, path));
                        // What somebody took away stays away; verifying tells, and publishing its lock puts it right.
                        if (from is not null || (former.Exists && former.LinkTarget is null))
                            DepotFolder.LinkOrCopy(from ?? former.FullName, Path.Combine(depot.Root, made, path["dists/".Length..]));
                    }
                }
            }
        }
    }

    /// <summary>Takes them.</summary>
    /// <param name="wheels">What is published.</param>
    /// <param name="lockSha256">Of the lock that names them.</param>
    /// <param name="former">What the depot has.</param>
    /// <param name="now">When it is published, to the second.</param>
    /// <exception cref="MayflyException">One is damaged, or has a name that the depot has for another one.</exception>
    public Result Take(IReadOnlyList<PublishedWheel> wheels, string lockSha256, IReadOnlyList<DepotWheel> former, DateTimeOffset now, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        const string Name = "publish wheels";
        var all = former.ToDictionary(static wheel => wheel.File, StringComparer.Ordinal);
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var wheel in wheels)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!DepotWheel.IsFileName(wheel.File))
                throw new MayflyException($"'{wheel.File}' cannot be published: it is no name of a wheel that can be part of an address", "a wheel is called PROJECT-VERSION-PYTHON-ABI-PLATFORM.whl (PEP 427), in letters, digits and .-_+!");
            if (all.GetValueOrDefault(wheel.File) is not { } known || known.Sha256 != wheel.Sha256)
            {
                if (all.ContainsKey(wheel.File))
                {
                    throw new MayflyException($"{wheel.File} cannot be published: the depot has other bytes of that name, which another of its locks names",
                        "a name stands for one file, once it was published: give what was built anew a version or a build number of its own; or `mayfly depot prune` the depot if nothing needs the other; or publish into another folder");
                }

                known = Add(wheel, now, made);
            }
            else if (!made.ContainsKey(wheel.Sha256) && !IsWhole(known))
            {
                _ = Add(wheel, now, made);
            }

            all[wheel.File] = known with
            {
                Yanked = wheel.WasAsked ? wheel.Yanked : known.Yanked,
                Licence = wheel.Licence ?? known.Licence,
                Origin = wheel.Origin ?? known.Origin,
                Locks = [.. known.Locks.Append(lockSha256).Distinct().Order(StringComparer.Ordinal)],
            };
        }

        if (made.Count > 0)
            progress?.Report(new Activity(Name, made.Count == 1 ? "1 wheel" : $"{made.Count} wheels") { Ended = true });
        return new Result([.. all.Values.Order(DepotWheel.Order)], made);
    }

    private DepotWheel Add(PublishedWheel wheel, DateTimeOffset now, Dictionary<string, string> made)
    {
        var (artifact, path) = (store.PathOf(StoreArea.Artifacts, wheel.Sha256), Path.Combine(depot.Work, wheel.Sha256));
        var found = DepotFolder.Bring(artifact, path);
        if (found != wheel.Sha256)
            throw new MayflyException($"{wheel.File} cannot be published: {artifact} has the SHA-256 {found}, so it was damaged", $"remove {artifact}, and run the command again: it is fetched anew");
        using var file = FileHandles.OpenFile(path);
        var archive = WheelArchive.Read(file, wheel.File);
        using var metadata = new MemoryStream();
        archive.CopyTo($"{archive.Information}/METADATA", metadata);
        DepotFolder.MakeAt($"{path}.metadata", metadata.ToArray(), wheel.File);
        made[wheel.Sha256] = path;
        return new DepotWheel
        {
            File = wheel.File,
            Sha256 = wheel.Sha256,
            Size = new FileInfo(path).Length,
            MetadataSha256 = archive.Metadata.Sha256,
            RequiresPython = archive.Metadata.RequiresPython.ToString(),
            Published = now,
            Locks = [],
        };
    }

    private bool IsWhole(DepotWheel wheel) => Is(wheel.Path, wheel.Sha256) && Is(wheel.MetadataPath, wheel.MetadataSha256);

    private bool Is(string path, string sha256)
    {
        var file = new FileInfo(Path.Combine(depot.Root, path));
        if (file.LinkTarget is not null || !file.Exists)
            return false;
        using var bytes = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == sha256;
    }
}
