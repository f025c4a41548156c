using System.Buffers;
using System.Security.Cryptography;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Transfer;

/// <summary>
/// Brings files into the store's artifacts, all in parallel, each verified before its name exists.
/// </summary>
/// <remarks>
/// Keeps what was transferred of each file in <c>tmp/partial-&lt;hash&gt;</c> and, when an attempt ended early and the place offered one, its validator beside it in
/// <c>….from</c>: whatever ends an attempt, the next one, also of a later command, goes on from there. The file is locked (flock) by who
/// fills it, so that two commands do not transfer one file twice. It only ever grows, is emptied when its hash is wrong, and
/// becomes the artifact by a rename; it is unlinked only when the artifact is there, so a lock stands for the name as long as that matters. There is no sync: an artifact that a power cut
/// damages is noticed when it is unpacked, by its hash, and fetched anew.
/// </remarks>
internal sealed class Downloads(Store store, Transport transport, string activity, IProgress<Activity>? progress)
{
    private long _done;
    private long _total;
    private long _reported;

    /// <summary>Returns when every file is in the store; the first one that cannot be had ends the others.</summary>
    public async Task AllAsync(IReadOnlyList<Wanted> wanted, CancellationToken cancellationToken)
    {
        // The largest first, so that no connection is alone with a large one at the end.
        var missing = wanted.Where(file => !store.Has(StoreArea.Artifacts, file.Sha256)).DistinctBy(static file => file.Sha256)
            .OrderByDescending(static file => file.Size).ToArray();
        if (missing.Length == 0)
            return;
        _total = missing.Sum(static file => file.Size);
        var options = new ParallelOptions { MaxDegreeOfParallelism = transport.Settings.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(missing, options, async (file, cancellation) => await OneAsync(file, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        progress?.Report(new Activity(activity, $"{missing.Length} files, {_total / 1e6:0.0} MB") { Done = _total, Total = _total, Ended = true });
    }

    private async Task OneAsync(Wanted file, CancellationToken cancellationToken)
    {
        var path = Path.Combine(store.Folder(StoreArea.Tmp), "partial-" + file.Sha256);
        try
        {
            using var partial = FileHandles.OpenOrCreate(path);
            while (!Files.Lock(partial, exclusive: true, wait: false))
            {
                // Another command is at it.
                await Task.Delay(100, cancellationToken).ConfigureAwait(false);
            }

            if (store.Has(StoreArea.Artifacts, file.Sha256))
            {
                // Another command brought it since this one looked; whoever waits here will see that too.
                File.Delete(path);
                Count(file.Size, file);
                return;
            }

            await FillAsync(file, path, partial, cancellationToken).ConfigureAwait(false);
            // First: who is killed in between leaves a whole file that goes on from nowhere, and nothing that nobody would look for again.
            File.Delete(path + ".from");
            store.Commit(path, StoreArea.Artifacts, file.Sha256, sync: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw store.Refusal(file.Name, e, file.Size - (Nodes.Find(path)?.Size ?? 0));
        }
    }

    /// <summary>
    /// Asks the places in turn, once each, then those again whose failure may pass: so a place that is ill delays a file by one attempt, not by
    /// all that it is worth when there is no other.
    /// </summary>
    private async Task FillAsync(Wanted file, string path, SafeFileHandle partial, CancellationToken cancellationToken)
    {
        var failures = new List<(Uri Place, TransferException Failure)>();
        var places = file.Places.ToList();
        var attempts = places.ToDictionary(static place => place, static _ => 0);
        for (var round = 1; places.Count > 0; round++)
        {
            var pause = TimeSpan.Zero;
            foreach (var place in transport.Health.Order(places).ToArray())
            {
                if (await TriedAsync(file, place, path, partial, last: places.All(other => other == place || attempts[other] > 0), cancellationToken).ConfigureAwait(false) is not { } failure)
                    return;
                failures.RemoveAll(one => one.Place == place);
                failures.Add((place, failure.Why));
                // Attempts that got further do not count, or a large file could never come over a bad line; but they do not go on for ever.
                attempts[place] += failure.Further ? 1 : 10;
                if (!failure.Why.Transient || attempts[place] >= transport.Settings.Attempts * 10)
                    places.Remove(place);
                else if (failure.Why.After is { } wanted && wanted > pause)
                    pause = wanted < TimeSpan.FromSeconds(15) ? wanted : TimeSpan.FromSeconds(15);
            }

            if (places.Count == 0)
                break;
            var usual = transport.Settings.Pause * Math.Pow(2, Math.Min(round, 6) - 1);
            await Task.Delay(usual > pause ? usual : pause, cancellationToken).ConfigureAwait(false);
        }

        throw Given(file, failures);
    }

    /// <summary>One attempt at one place; null when it brought the file, else why not and whether more of it is there than before.</summary>
    private async Task<(TransferException Why, bool Further)?> TriedAsync(Wanted file, Uri place, string path, SafeFileHandle partial, bool last, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = RandomAccess.GetLength(partial);
            try
            {
                await AttemptAsync(file, place, path, partial, last, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (TransferException e) when (e.Wrong && e.Transient && before > 0)
            {
                // It was to continue what another place, or an earlier state of this one, began: only its whole answer tells whether it lies.
            }
            catch (TransferException e)
            {
                transport.Health.Failed(place, e);
                return (e, RandomAccess.GetLength(partial) > before);
            }
        }
    }

    private static MayflyException Given(Wanted file, List<(Uri Place, TransferException Failure)> failures)
    {
        if (failures.Count == 0)
            return new MayflyException($"{file.Name} cannot be fetched: no mirror is known for it", file.MissingHint);
        var reasons = failures.Select(static one => $"{Login.Without(one.Place)}: {one.Failure.Message}").ToArray();
        var why = reasons is [var only] ? only : $"none of {reasons.Length} places has it\n  {string.Join("\n  ", reasons)}";
        var hint = failures.Exists(static one => one.Failure.Offline) ? NoNetwork.Hint
            : failures.Select(static one => one.Failure.LoginHint).FirstOrDefault(static login => login is not null) is { } login ? login
            : failures.All(static one => one.Failure.Missing) ? file.MissingHint
            : failures.Exists(static one => one.Failure.Wrong) ? "the mirror or a proxy on the way serves something else under this name: try again, or name another mirror"
            : "look at the network (and at http_proxy), or name another mirror; what was transferred is kept, and the next run goes on from there";
        return new MayflyException($"{file.Name} cannot be fetched: {why}", hint, failures[^1].Failure);
    }

    /// <summary>Goes on from what the partial file has; returns when it is whole and its hash is right.</summary>
    private async Task AttemptAsync(Wanted file, Uri place, string path, SafeFileHandle partial, bool last, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        var counted = 0L;
        // Written only when an attempt ends early, since hardly any does; after a kill the hash alone tells whether the rest fits.
        Validators? begun = null;
        try
        {
            var at = Known(file, partial, hash, buffer);
            var resumed = at > 0;
            Count(counted = at, file);
            if (at < file.Size)
            {
                using var transfer = await OpenAsync(file, place, path, partial, at, cancellationToken).ConfigureAwait(false);
                if (transfer.Start == 0)
                    begun = transfer.Validators;
                if (transfer.Start == 0 && at > 0)
                {
                    // The place does not continue, or its file is another one by now.
                    RandomAccess.SetLength(partial, 0);
                    hash.GetHashAndReset();
                    Count(-counted, file);
                    (at, counted, resumed) = (0, 0, false);
                }

                var (began, atFirst) = (Environment.TickCount64, at);
                for (int read; (read = await transfer.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                {
                    if (at + read > file.Size)
                        throw Wrong(partial, $"it gives more than the {file.Size} bytes that belong to this file", transient: resumed);
                    RandomAccess.Write(partial, buffer.AsSpan(0, read), at);
                    hash.AppendData(buffer, 0, read);
                    at += read;
                    counted += read;
                    Count(read, file);
                    if (Environment.TickCount64 - began is var passed && passed >= transport.Settings.Stall.TotalMilliseconds)
                    {
                        if (!last && (at - atFirst) * 1000.0 / passed < transport.Settings.Slowest && at < file.Size)
                            throw new TransferException($"it gave only {at - atFirst} bytes in {passed / 1000.0:0.#} s", transient: true);
                        (began, atFirst) = (Environment.TickCount64, at);
                    }
                }
            }

            if (at < file.Size)
                throw new TransferException($"it broke off after {at} of {file.Size} bytes", transient: true);
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) is var found && found != file.Sha256)
                throw Wrong(partial, $"its bytes have the SHA-256 {found} instead of {file.Sha256}", transient: resumed);
            counted = 0;
            begun = null;
        }
        finally
        {
            if (begun is not null)
                WriteValidators(path, place, begun);
            // What a failed attempt counted is counted again by the next one.
            Interlocked.Add(ref _done, -counted);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Transfer> OpenAsync(Wanted file, Uri place, string path, SafeFileHandle partial, long at, CancellationToken cancellationToken)
    {
        Transfer transfer;
        try
        {
            transfer = await transport.OpenAsync(place, at, at > 0 ? ReadValidators(path, place) : null, cancellationToken).ConfigureAwait(false);
        }
        catch (TransferException e) when (e.Wrong)
        {
            RandomAccess.SetLength(partial, 0);
            throw;
        }

        if (transfer.Length is { } length && length != file.Size)
        {
            transfer.Dispose();
            throw new TransferException($"its file has {length} bytes instead of {file.Size}", transient: false) { Wrong = true };
        }

        return transfer;
    }

    /// <summary>How many bytes are there already; hashes them.</summary>
    private static long Known(Wanted file, SafeFileHandle partial, IncrementalHash hash, byte[] buffer)
    {
        var length = RandomAccess.GetLength(partial);
        if (length > file.Size)
        {
            RandomAccess.SetLength(partial, 0);
            return 0;
        }

        var at = 0L;
        for (int read; at < length && (read = RandomAccess.Read(partial, buffer, at)) > 0; at += read)
            hash.AppendData(buffer, 0, read);
        return at;
    }

    private static TransferException Wrong(SafeFileHandle partial, string message, bool transient)
    {
        RandomAccess.SetLength(partial, 0);
        return new TransferException(message, transient) { Wrong = true };
    }

    private static Validators? ReadValidators(string path, Uri place)
    {
        var lines = File.Exists(path + ".from") ? File.ReadAllLines(path + ".from") : [];
        return lines is [var from, var tag, var modified] && from == Login.Without(place).ToString()
            ? new Validators(tag.Length > 0 ? tag : null, modified.Length > 0 ? modified : null)
            : null;
    }

    private static void WriteValidators(string path, Uri place, Validators validators)
    {
        if (validators.Any)
            File.WriteAllLines(path + ".from", [Login.Without(place).ToString(), validators.Tag ?? "", validators.Modified ?? ""]);
        else
            File.Delete(path + ".from");
    }

    private void Count(long bytes, Wanted file)
    {
        var done = Interlocked.Add(ref _done, bytes);
        if (progress is null)
            return;
        // Ten reports a second are as many as anyone reads.
        var now = Environment.TickCount64;
        var last = Volatile.Read(ref _reported);
        if (now - last >= 100 && Interlocked.CompareExchange(ref _reported, now, last) == last)
            progress.Report(new Activity(activity, file.Name) { Done = done, Total = _total });
    }
}
