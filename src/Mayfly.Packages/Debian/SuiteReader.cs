using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Debian;

/// <summary>A verified suite and the mirrors that can be asked for its indexes, the one that served it first.</summary>
internal sealed record VerifiedSuite(DebianSource Source, ReleaseFile Release, IReadOnlyList<Uri> Mirrors);

/// <summary>
/// Gets the Release file of a suite, verifies who made it and when, and says so when a mirror went back in time, or became another archive.
/// </summary>
/// <param name="store">Remembers what was seen.</param>
/// <param name="transport">Asks the mirrors.</param>
/// <param name="keys">Who may sign.</param>
/// <param name="clock">This machine's.</param>
/// <param name="progress">Is told of warnings.</param>
/// <param name="locked">The releases of the lock that is to be replaced, or none.</param>
internal sealed class SuiteReader(Store store, Transport transport, KeyRing keys, TimeProvider clock, IProgress<Activity>? progress, IReadOnlyList<LockedRelease>? locked = null)
{
    private const int SizeLimit = 8 << 20;
    private const string SeenBefore = "when it was last seen";
    private const string InTheLock = "when stack.lock was made";

    /// <summary>Tries the mirrors in turn: a suite of one mirror that is refused may be good on the next one.</summary>
    public async Task<VerifiedSuite> ReadAsync(DebianSource source, string architecture, CancellationToken cancellationToken)
    {
        var seen = SeenRelease.Read(store, source);
        var refusals = new List<(Uri Mirror, string Message, string Hint)>();
        var mirrors = source.Mirrors.ToList();
        for (var attempt = 1; mirrors.Count > 0 && attempt <= transport.Settings.Attempts; attempt++)
        {
            if (attempt > 1)
                await Task.Delay(transport.Settings.Pause * Math.Pow(2, attempt - 2), cancellationToken).ConfigureAwait(false);
            foreach (var mirror in transport.Health.Order(mirrors).ToArray())
            {
                try
                {
                    var served = await ServedAsync(mirror, source, seen, cancellationToken).ConfigureAwait(false);
                    var release = Newest(source, served, Accepted(served, source, architecture), seen, architecture);
                    return new VerifiedSuite(source, release, [mirror, .. source.Mirrors.Where(one => one != mirror)]);
                }
                catch (TransferException e)
                {
                    transport.Health.Failed(mirror, e);
                    Refuse(mirror, e.Message, e.Offline ? NoNetwork.Hint
                        : e.Missing && source.Snapshot is not null ? $"the service has no {source.Suite} of that day: name another day, or another service; today's state is never taken in its place"
                        : e.Missing
                        ? $"the mirror has no suite {source.Suite}: look at its address (the folder with dists/ and pool/ is wanted) and at the codename"
                        : "look at the network (and at http_proxy), or name another mirror");
                    if (!e.Transient)
                        mirrors.Remove(mirror);
                }
                catch (MayflyException e)
                {
                    Refuse(mirror, e.Message, e.Hint ?? "name another mirror");
                    mirrors.Remove(mirror);
                }
            }
        }

        var from = source.Snapshot is { } snapshot ? $" as of {snapshot.Name}" : "";
        throw new MayflyException($"the suite {source.Suite}{from} cannot be used: {string.Join("; ", refusals.Select(static one => $"{one.Mirror}: {one.Message}"))}", refusals[0].Hint);

        void Refuse(Uri mirror, string message, string hint)
        {
            refusals.RemoveAll(one => one.Mirror == mirror);
            refusals.Add((mirror, message, hint));
        }
    }

    /// <summary>The newer one of what was served and what was seen, when both are of the same archive.</summary>
    private ReleaseFile Newest(DebianSource source, SeenRelease served, ReleaseFile release, SeenRelease? seen, string architecture)
    {
        if (locked?.FirstOrDefault(one => one.Id == source.Suite) is { } old)
        {
            var before = ReleaseIdentity.Of(old);
            if (release.Identity.Change(before, InTheLock) is { } change)
                throw new MayflyException(change, "name the mirror of before; if the change is meant, remove stack.lock, and `mayfly lock` locks this one");
            Tell(source, release.Identity.Ageing(before, InTheLock));
        }

        // The same bytes again, from a mirror that knows no conditional requests or from another mirror than before.
        if (seen is not null && seen.File.AsSpan().SequenceEqual(served.File))
        {
            if (!ReferenceEquals(seen, served) && (seen.From, seen.Tag, seen.Modified) != (served.From, served.Tag, served.Modified))
                served.Write(store, source);
            return release;
        }

        if (seen is not null && TryVerified(seen, source) is { } known)
        {
            if (release.Identity.Change(known.Identity, SeenBefore) is { } change)
                throw new MayflyException(change, $"name the mirror of before; if the change is meant, remove {SeenRelease.PathOf(store, source)}");
            if (known.Date > release.Date)
            {
                // apt keeps the newer one as well, but in silence; somebody may be replaying an old state on purpose.
                progress?.Report(new Activity($"warning: {source.Suite}",
                    $"{served.From} serves an older state ({release.Date:u}) than was seen before ({known.Date:u}); the newer one stays in use")
                { Ended = true });
                return Accepted(seen, source, architecture);
            }

            Tell(source, release.Identity.Ageing(known.Identity, SeenBefore));
        }

        served.Write(store, source);
        return release;
    }

    private void Tell(DebianSource source, string? what)
    {
        if (what is not null)
            progress?.Report(new Activity($"note: {source.Suite}", what) { Ended = true });
    }

    private ReleaseFile? TryVerified(SeenRelease release, DebianSource source)
    {
        try
        {
            return Verified(release, source).Release;
        }
        catch (MayflyException)
        {
            return null;
        }
    }

    private ReleaseFile Accepted(SeenRelease served, DebianSource source, string architecture)
    {
        var (release, own) = Verified(served, source);
        return release.Refusal(source, architecture, own, clock.GetUtcNow()) is { } refusal ? throw new MayflyException(refusal.Message, refusal.Hint) : release;
    }

    /// <summary>Only what is signed is parsed. The keys must have been valid when the state was made that is asked for.</summary>
    private (ReleaseFile Release, bool Own) Verified(SeenRelease served, DebianSource source)
    {
        const string Hint = "somebody on the way may have changed it, or the mirror is not Debian's own: name another one";
        const string KeyHint = "name a mirror of the distribution itself; a newer Mayfly brings its newer keys, those of your own archive go into [debian] keys, those of a depot into [depot] keys";
        try
        {
            var at = source.Snapshot?.Time ?? clock.GetUtcNow();
            string payload;
            KeyRing.Verdict verdict;
            if (served.Signature is { } signature)
            {
                verdict = keys.VerifyDetached(served.File, signature, source.Suite, at);
                payload = System.Text.Encoding.UTF8.GetString(served.File);
            }
            else
            {
                var signed = SignedText.Parse(served.File);
                verdict = keys.Verify(signed, source.Suite, at);
                payload = signed.Payload;
            }

            return verdict.Good.Count > 0 ? (ReleaseFile.Parse(payload, served.File), verdict.Own) : throw new MayflyException($"its Release file is not to be trusted: {verdict.Why}", verdict.Changed ? Hint : KeyHint);
        }
        catch (WeakReleaseException e)
        {
            throw new MayflyException($"its Release file is refused: {e.Message}", "name a mirror whose Release files have SHA256 sums; if it is your own archive, have it made with them", e);
        }
        catch (FormatException e)
        {
            throw new MayflyException($"its Release file is refused: {e.Message}", Hint, e);
        }
    }

    private async Task<SeenRelease> ServedAsync(Uri mirror, DebianSource source, SeenRelease? seen, CancellationToken cancellationToken)
    {
        // Without a network the newest state that this store has seen stands; whether that is too old is judged as ever.
        if (transport.Settings.Offline && !NoNetwork.Allows(mirror) && seen is not null)
            return seen;
        var folder = new Uri(mirror, $"dists/{source.Suite}/");
        try
        {
            return await GetAsync(new Uri(folder, "InRelease"), seen?.Signature is null ? seen : null, cancellationToken).ConfigureAwait(false);
        }
        catch (TransferException e) when (e.Missing)
        {
            // Archives older than InRelease: the same with a signature beside it.
            var release = await GetAsync(new Uri(folder, "Release"), seen: null, cancellationToken).ConfigureAwait(false);
            try
            {
                var signature = await GetAsync(new Uri(folder, "Release.gpg"), seen: null, cancellationToken).ConfigureAwait(false);
                return release with { Signature = signature.File, Tag = null, Modified = null };
            }
            catch (TransferException unsigned) when (unsigned.Missing)
            {
                throw new MayflyException(
                    $"its Release file is not signed: there is neither InRelease nor Release.gpg{(seen is null ? "" : $", although it was signed {SeenBefore}")}",
                    "Mayfly takes packages from signed archives only: name another mirror; for an archive of your own, sign it and name the key in [debian] keys", unsigned);
            }
        }
    }

    private async Task<SeenRelease> GetAsync(Uri place, SeenRelease? seen, CancellationToken cancellationToken)
    {
        var validators = seen?.From == place.ToString() && (seen.Tag ?? seen.Modified) is not null ? new Validators(seen.Tag, seen.Modified) { Conditional = true } : null;
        using var transfer = await transport.OpenAsync(place, 0, validators, cancellationToken).ConfigureAwait(false);
        if (transfer.Unchanged)
            return seen!;
        if (transfer.Length > SizeLimit)
            throw new TransferException($"its Release file has absurd {transfer.Length} bytes", transient: false);
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await transfer.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > SizeLimit)
                throw new TransferException($"its Release file has more than {SizeLimit} bytes", transient: false);
        }

        if (transfer.Length is { } length && length != bytes.Length)
            throw new TransferException("it broke off in the middle", transient: true);
        return new SeenRelease { File = bytes.ToArray(), From = place.ToString(), Tag = transfer.Validators.Tag, Modified = transfer.Validators.Modified };
    }
}
