using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Debian;

/// <summary>A verified suite and the mirrors that can be asked for its indexes, the one that served it first.</summary>
internal sealed record VerifiedSuite(DebianSource Source, ReleaseFile Release, IReadOnlyList<Uri> Mirrors);

/// <summary>Gets the Release file of a suite, verifies who made it and when, and says so when a mirror went back in time.</summary>
/// <param name="seenAs">What stands before a suite's name in the record of what was seen: depots and archives have each their own state.</param>
internal sealed class SuiteReader(Store store, Transport transport, KeyRing keys, TimeProvider clock, IProgress<Activity>? progress, string seenAs = "")
{
    private const int SizeLimit = 32 << 20;

    /// <summary>Tries the mirrors in turn: a suite of one mirror that is refused may be good on the next one.</summary>
    public async Task<VerifiedSuite> ReadAsync(DebianSource source, string architecture, CancellationToken cancellationToken)
    {
        var seen = SeenRelease.Read(store, seenAs + source.Suite);
        var refusals = new List<(Uri Mirror, string Message, string Hint)>();
        foreach (var mirror in source.Mirrors)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    var served = await ServedAsync(mirror, source.Suite, seen, cancellationToken).ConfigureAwait(false);
                    var release = Verified(served);
                    if (release.Refusal(source.Suite, architecture, source.Components, clock.GetUtcNow()) is { } refusal)
                        throw new MayflyException(refusal.Message, refusal.Hint);
                    return new VerifiedSuite(source, Newest(source.Suite, served, release, seen), [mirror, .. source.Mirrors.Where(one => one != mirror)]);
                }
                catch (TransferException e) when (e.Transient && attempt < transport.Settings.Attempts)
                {
                    await Task.Delay(transport.Settings.Pause * Math.Pow(2, attempt - 1), cancellationToken).ConfigureAwait(false);
                }
                catch (TransferException e)
                {
                    refusals.Add((mirror, e.Message, e.Offline ? NoNetwork.Hint : e.Missing
                        ? $"the mirror has no suite {source.Suite}: look at its address (the folder with dists/ and pool/ is wanted) and at the codename"
                        : "look at the network (and at http_proxy), or name another mirror"));
                    break;
                }
                catch (MayflyException e)
                {
                    refusals.Add((mirror, e.Message, e.Hint ?? "name another mirror"));
                    break;
                }
            }
        }

        throw new MayflyException($"the suite {source.Suite} cannot be used: {string.Join("; ", refusals.Select(static one => $"{one.Mirror}: {one.Message}"))}", refusals[0].Hint);
    }

    private ReleaseFile Newest(string suite, SeenRelease served, ReleaseFile release, SeenRelease? seen)
    {
        // The same bytes again, from a mirror that knows no conditional requests or from another mirror than before.
        if (seen is not null && seen.File.AsSpan().SequenceEqual(served.File))
        {
            if (!ReferenceEquals(seen, served) && (seen.From, seen.Tag, seen.Modified) != (served.From, served.Tag, served.Modified))
                served.Write(store, seenAs + suite);
            return release;
        }

        if (seen is not null && TryVerified(seen) is { } before && before.Date > release.Date)
        {
            // apt keeps the newer one as well, but in silence; somebody may be replaying an old state on purpose.
            progress?.Report(new Activity($"warning: {suite}",
                $"{served.From} serves an older state ({release.Date:u}) than was seen before ({before.Date:u}); the newer one stays in use")
            { Ended = true });
            return before;
        }

        served.Write(store, seenAs + suite);
        return release;
    }

    private ReleaseFile? TryVerified(SeenRelease release)
    {
        try
        {
            return Verified(release);
        }
        catch (MayflyException)
        {
            return null;
        }
    }

    /// <summary>Only what is signed is parsed.</summary>
    private ReleaseFile Verified(SeenRelease served)
    {
        const string Hint = "somebody on the way may have changed it, or the mirror is not Debian's own: name another one; keys of your own archive go into [debian] keys, those of a depot into [depot] keys";
        try
        {
            var now = clock.GetUtcNow();
            string payload;
            KeyRing.Verdict verdict;
            if (served.Signature is { } signature)
            {
                verdict = keys.VerifyDetached(served.File, signature, now);
                payload = System.Text.Encoding.UTF8.GetString(served.File);
            }
            else
            {
                var signed = SignedText.Parse(served.File);
                verdict = keys.Verify(signed, now);
                payload = signed.Payload;
            }

            return verdict.Good.Count > 0 ? ReleaseFile.Parse(payload, served.File) : throw new MayflyException($"its Release file is not to be trusted: {verdict.Why}", Hint);
        }
        catch (FormatException e)
        {
            throw new MayflyException($"its Release file is refused: {e.Message}", Hint, e);
        }
    }

    private async Task<SeenRelease> ServedAsync(Uri mirror, string suite, SeenRelease? seen, CancellationToken cancellationToken)
    {
        // Without a network the newest state that this store has seen stands; whether that is too old is judged as ever.
        if (transport.Settings.Offline && !NoNetwork.Allows(mirror) && seen is not null)
            return seen;
        var folder = new Uri(mirror, $"dists/{suite}/");
        try
        {
            return await GetAsync(new Uri(folder, "InRelease"), seen?.Signature is null ? seen : null, cancellationToken).ConfigureAwait(false);
        }
        catch (TransferException e) when (e.Missing)
        {
            // Archives older than InRelease: the same with a signature beside it.
            var release = await GetAsync(new Uri(folder, "Release"), seen: null, cancellationToken).ConfigureAwait(false);
            var signature = await GetAsync(new Uri(folder, "Release.gpg"), seen: null, cancellationToken).ConfigureAwait(false);
            return release with { Signature = signature.File, Tag = null, Modified = null };
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
