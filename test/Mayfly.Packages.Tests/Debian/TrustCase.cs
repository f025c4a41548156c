using System.Text;
using Org.BouncyCastle.Bcpg;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>One way in which an archive is not, or is no more, to be trusted, to be tried with Mayfly and with apt alike.</summary>
/// <param name="Name">For people, and for the snapshot.</param>
/// <param name="Apt">What apt says of the same: true when it refuses.</param>
/// <param name="Archive">What is served, given this machine's time.</param>
internal sealed record TrustCase(string Name, bool Apt, Func<DateTimeOffset, TestArchive> Archive)
{
    public static readonly SigningKey Key = new();
    private static readonly SigningKey Stranger = new();
    private static readonly SigningKey Expired = new(TimeSpan.FromDays(365));
    private static readonly SigningKey Revoked = new(revoked: true);
    private static readonly SigningKey Short = new(bits: 1024);

    /// <summary>What was served before, and accepted; null for nothing.</summary>
    public Func<DateTimeOffset, TestArchive>? Before { get; init; }

    /// <summary>InRelease, from what the archive would sign; null for the archive's own.</summary>
    public Func<string, string>? InRelease { get; init; }

    /// <summary>Changes what is on the server after all.</summary>
    public Action<FaultyServer, TestArchive>? Spoil { get; init; }

    /// <summary>The only key that counts.</summary>
    public SigningKey Trusted { get; init; } = Key;

    /// <summary>True when that key is not the distribution's own, but one that the user named.</summary>
    public bool Users { get; init; }

    public static IReadOnlyList<TrustCase> All { get; } =
    [
        new("unsigned text where a signed message belongs", true, Good) { InRelease = static release => release },
        new("a login page", true, Good) { InRelease = static _ => "<html>please log in</html>" },
        new("text before the message", true, Good) { InRelease = static release => "Origin: Debian\n" + Key.Sign(release) },
        new("text after the message", true, Good) { InRelease = static release => Key.Sign(release) + "Origin: Debian\n" },
        new("two messages", true, Good) { InRelease = static release => Key.Sign(release) + Key.Sign(release) },
        new("a message in the message", true, Good) { InRelease = static release => Key.Sign(release).Replace("Label:", "-----BEGIN PGP SIGNED MESSAGE-----\nLabel:", StringComparison.Ordinal) },
        // Later versions of apt refuse it too.
        new("a header that is not signed", false, Good) { InRelease = static release => Key.Sign(release).Replace("Hash: SHA256\n", "Hash: SHA256\nOrigin: Debian\n", StringComparison.Ordinal) },
        new("a line with a dash that is not escaped", true, Good) { InRelease = static release => Key.Sign(release).Replace("Label:", "-Label: x\nLabel:", StringComparison.Ordinal) },
        new("a line with an escaped dash that was not signed", true, Good) { InRelease = static release => Key.Sign(release).Replace("Label:", "- Label: x\nLabel:", StringComparison.Ordinal) },
        new("a signature that is cut short", true, Good) { InRelease = static release => Key.Sign(release).Split("-----END")[0] },
        new("changed after signing", true, Good) { InRelease = static release => Key.Sign(release).Replace("oldstable", "stable", StringComparison.Ordinal) },
        new("changed after signing, the signature beside it", true, Good) { Spoil = static (server, archive) => Detached(server, archive, archive.Release.Replace("oldstable", "stable", StringComparison.Ordinal)) },
        new("not signed at all", true, Good) { Spoil = Unsigned },
        new("signed before, not signed now", true, Good) { Before = static now => Good(now.AddDays(-1)), Spoil = Unsigned },
        new("signed by a stranger", true, static now => Good(now, Stranger)),
        new("signed with an expired key", true, static now => Good(now, Expired)) { Trusted = Expired },
        new("signed with a revoked key", true, static now => Good(now, Revoked)) { Trusted = Revoked },
        // apt warns from 2.7.13 on.
        new("signed with a key of 1024 bits", false, static now => Good(now, Short)) { Trusted = Short },
        new("an expired signature", true, Good) { InRelease = static release => Key.Sign(release, validity: TimeSpan.FromDays(1), created: new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)) },
        new("a signature over SHA-1", true, Good) { InRelease = static release => Key.Sign(release, HashAlgorithmTag.Sha1) },
        new("a signature over MD5", true, Good) { InRelease = static release => Key.Sign(release, HashAlgorithmTag.MD5) },
        new("MD5 sums only", true, static now => Good(now, sums: "MD5Sum")),
        new("SHA-1 sums only", true, static now => Good(now, sums: "SHA1")),
        new("past its Valid-Until", true, static now => Good(now, until: now.AddDays(-3))),
        new("of the future", true, static now => Good(now.AddHours(25))),
        new("of another codename", false, static now => Good(now, codename: "trixie")),
        new("of another Origin", false, static now => Good(now, origin: "Another")),
        new("of another Label", false, static now => Good(now, label: "Debian-Security")),
        new("of the user's own archive, with another Origin than before", true, static now => Good(now, origin: "Another"))
            { Before = static now => Good(now.AddHours(-1), origin: "Ours"), Users = true },
        new("of the user's own archive, with another Label than before", true, static now => Good(now, label: "another"))
            { Before = static now => Good(now.AddHours(-1), label: "ours"), Users = true },
        // apt reads the first stanza only, which has no sums here.
        new("two stanzas", true, static now => Good(now, extra: "Changelogs: x\n\nOrigin: Debian\n")),
        // apt takes the last.
        new("a field that is there twice", false, static now => Good(now, extra: "Origin: Debian\n")),
        new("an index of other bytes", true, Good)
        {
            Spoil = static (server, _) =>
            {
                foreach (var path in server.Files.Keys.Where(static path => path.Contains("binary-", StringComparison.Ordinal)).ToArray())
                    server.Files[path] = [.. server.Files[path][..^1], 99];
            },
        },
    ];

    /// <summary>Puts what is served now on the server.</summary>
    public void Put(FaultyServer server, DateTimeOffset now)
    {
        var archive = Archive(now);
        archive.PutOn(server, InRelease?.Invoke(archive.Release));
        Spoil?.Invoke(server, archive);
    }

    public override string ToString() => Name;

    private static TestArchive Good(DateTimeOffset now) => Good(now, null);

    private static TestArchive Good(
        DateTimeOffset now, SigningKey? key = null, string sums = "SHA256", DateTimeOffset? until = null, string codename = "bookworm", string origin = "Debian", string label = "Debian", string extra = "") =>
        new() { Key = key ?? Key, Date = now.AddHours(-1), ValidUntil = until, Sums = sums, Codename = codename, Origin = origin, Label = label, Extra = extra };

    private static void Detached(FaultyServer server, TestArchive archive, string served)
    {
        server.Files.TryRemove("dists/bookworm/InRelease", out _);
        server.Files["dists/bookworm/Release"] = Encoding.UTF8.GetBytes(served);
        server.Files["dists/bookworm/Release.gpg"] = archive.Key.SignDetached(Encoding.UTF8.GetBytes(archive.Release));
    }

    private static void Unsigned(FaultyServer server, TestArchive archive)
    {
        server.Files.TryRemove("dists/bookworm/InRelease", out _);
        server.Files["dists/bookworm/Release"] = Encoding.UTF8.GetBytes(archive.Release);
    }
}
