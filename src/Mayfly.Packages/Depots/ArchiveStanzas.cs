using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Depots;

/// <summary>
/// What the archive itself says of packages, found in the indexes that the store has read: fields such as Priority and Section are
/// the archive's to override, and packages do not know them.
/// </summary>
internal sealed class ArchiveStanzas
{
    // By hash and path: a security fix that came into the release lies in both archives, each with a stanza of its own.
    private readonly Dictionary<(string Sha256, string Path), Stanza> _stanzas = [];
    private readonly Dictionary<string, ReleaseFile> _releases = new(StringComparer.Ordinal);

    /// <summary>The stanza with this SHA-256, or null.</summary>
    public Stanza? Find(LockedPackage package) =>
        _stanzas.GetValueOrDefault((package.Sha256, package.Path)) is { } stanza && (stanza.Size, stanza.Version) == (package.Size, package.Version) ? stanza : null;

    /// <summary>apt's pin priority of a release (see <see cref="PackagesFile.Priority"/>): as its own Release file says, else as its name does.</summary>
    public int PriorityOf(string release) =>
        _releases.GetValueOrDefault(release)?.Priority ?? (release.EndsWith("-backports", StringComparison.Ordinal) ? 100 : 500);

    /// <summary>Reads the newest indexes that the store has seen, each verified again.</summary>
    public static ArchiveStanzas Read(Store store, KeyRing keys, IReadOnlyCollection<LockedPackage> packages, string architecture)
    {
        var found = new ArchiveStanzas();
        var wanted = packages.Select(static package => package.Sha256).ToHashSet(StringComparer.Ordinal);
        foreach (var seen in SeenRelease.All(store))
        {
            if (Verified(seen, keys) is not { } release)
                continue;
            found._releases.TryAdd(release.Codename, release);
            foreach (var (name, (_, sha256)) in release.Files)
            {
                if ((name.EndsWith($"/binary-{architecture}/Packages{Path.GetExtension(name)}", StringComparison.Ordinal) || name.EndsWith($"/binary-all/Packages{Path.GetExtension(name)}", StringComparison.Ordinal))
                    && Path.GetExtension(name) is "" or ".xz" or ".gz" && store.Has(StoreArea.Artifacts, sha256))
                    found.Scan(Compression.Open(name, new FileStream(store.PathOf(StoreArea.Artifacts, sha256), FileMode.Open, FileAccess.Read, FileShare.ReadWrite)), wanted);
            }
        }

        return found;
    }

    private static ReleaseFile? Verified(SeenRelease seen, KeyRing keys)
    {
        try
        {
            var signed = seen.Signature is null ? SignedText.Parse(seen.File) : null;
            var release = ReleaseFile.Parse(signed?.Payload ?? System.Text.Encoding.UTF8.GetString(seen.File), seen.File);
            var verdict = signed is not null ? keys.Verify(signed, release.Codename, DateTimeOffset.UtcNow) : keys.VerifyDetached(seen.File, seen.Signature!, release.Codename, DateTimeOffset.UtcNow);
            return verdict.Good.Count > 0 ? release : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private void Scan(Stream packages, HashSet<string> wanted)
    {
        var lookup = wanted.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> hash = stackalloc char[64];
        try
        {
            using (packages)
            {
                var reader = new ControlReader(packages);
                for (var text = reader.Read(); !text.IsEmpty; text = reader.Read())
                {
                    var at = text.IndexOf("\nSHA256: "u8);
                    if (at < 0 || text.Length < at + 73 || System.Text.Encoding.ASCII.GetChars(text.Slice(at + 9, 64), hash) != 64 || !lookup.Contains(hash))
                        continue;
                    var stanza = Stanza.Parse(text);
                    _stanzas.TryAdd((stanza.Sha256, stanza.Path), stanza);
                }
            }
        }
        catch (Exception e) when (e is FormatException or ArchiveException or IOException)
        {
            // A damaged index of the store is as good as none: what it lacks comes from the packages themselves.
        }
    }
}
