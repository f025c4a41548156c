using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Mayfly.Linux;
using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian;

/// <summary>Takes fetched packages apart, each once a store, on all cores.</summary>
public static class Unpack
{
    /// <summary>
    /// Unpacks those packages that the store does not hold unpacked yet and gives all, in the order asked for. Their artifacts must
    /// have been fetched. Either all new ones are committed or none.
    /// </summary>
    public static async Task<IReadOnlyList<UnpackedPackage>> AllAsync(
        Store store, IReadOnlyList<LockedPackage> packages, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        const string Name = "unpack packages";
        // The largest first: the last one to begin should be short, or a core idles at the end.
        var missing = packages.Where(package => !store.Has(StoreArea.Unpacked, package.Sha256))
            .DistinctBy(static package => package.Sha256).OrderByDescending(static package => package.Size).ToArray();
        if (missing.Length > 0)
        {
            using var work = store.BeginWork("unpack");
            var (total, done, count) = (missing.Sum(static package => package.Size), 0L, 0);
            await EachAsync(missing, (package, cancellation) =>
            {
                One(store, package, Path.Combine(work.Path, package.Sha256), cancellation);
                var sofar = Interlocked.Add(ref done, package.Size);
                Interlocked.Increment(ref count);
                progress?.Report(new Activity(Name, package.Name) { Done = sofar, Total = total });
            }, cancellationToken).ConfigureAwait(false);

            Files.SyncFileSystem(store.Root);
            foreach (var package in missing)
                store.Commit(Path.Combine(work.Path, package.Sha256), StoreArea.Unpacked, package.Sha256, sync: false);
            progress?.Report(new Activity(Name, $"{count} packages") { Done = total, Total = total, Ended = true });
        }

        return [.. packages.Select(package => new UnpackedPackage(package.Sha256, store.PathOf(StoreArea.Unpacked, package.Sha256)))];
    }

    /// <summary>
    /// Does this with each in turn, on as many threads of its own as there are cores: the pool's would not be there for those who wait for
    /// scripts of packages that are configured meanwhile. The first failure ends the others.
    /// </summary>
    private static async Task EachAsync(LockedPackage[] packages, Action<LockedPackage, CancellationToken> work, CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var next = -1;
        ExceptionDispatchInfo? failure = null;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).ConfigureAwait(false);
        failure?.Throw();

        void Run()
        {
            try
            {
                while (Interlocked.Increment(ref next) is var at && at < packages.Length)
                    work(packages[at], all.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                all.Cancel();
            }
        }
    }

    private static void One(Store store, LockedPackage package, string folder, CancellationToken cancellationToken)
    {
        var artifact = store.PathOf(StoreArea.Artifacts, package.Sha256);
        try
        {
            Directory.CreateDirectory(folder);
            using var file = new FileStream(artifact, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            using var hashing = new HashingStream(file);
            ArchiveException? refusal = null;
            try
            {
                DebianArchive.Unpack(hashing, folder, cancellationToken);
            }
            catch (ArchiveException e)
            {
                refusal = e;
            }

            // Verified when it was fetched; disks forget. A wrong hash explains whatever else went wrong.
            if (hashing.Finish() is var found && found != package.Sha256)
            {
                File.Delete(artifact);
                throw new MayflyException($"the store's copy of {package.Id} {package.Version} was damaged: its SHA-256 is {found} instead of {package.Sha256}",
                    "it was removed; run the command again and it is fetched anew");
            }

            if (refusal is not null)
            {
                throw new MayflyException($"package {package.Id} {package.Version} is refused: {refusal.Message}",
                    "its archive really offers it like this; ask for another version, or report it to the package's maintainer", refusal);
            }
        }
        catch (FileNotFoundException e)
        {
            throw new MayflyException($"package {package.Id} {package.Version} was not fetched: {artifact} is missing", "run the command again", e);
        }
        catch (IOException e)
        {
            throw new MayflyException($"package {package.Id} cannot be unpacked into the store {store.Root}: {HostRefusal.Why(e)}",
                HostRefusal.IsFull(e) ? HostRefusal.MakeRoom
                    : "look at the disk and the permissions of that folder", e);
        }
    }

    /// <summary>Hashes what is read through it.</summary>
    private sealed class HashingStream(Stream source) : ForwardStream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer);
            _hash.AppendData(buffer[..read]);
            return read;
        }

        /// <summary>Reads the rest and gives the SHA-256 of all.</summary>
        public string Finish()
        {
            var waste = new byte[64 * 1024];
            while (Read(waste) > 0)
            {
            }

            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        // Decoders dispose what they read from; this one ends with its file.
        protected override void Dispose(bool disposing)
        {
        }
    }
}
