using Mayfly.Packages.Debian;

namespace Mayfly;

/// <summary>The Debian releases that images can be based on.</summary>
public static class Debian
{
    /// <summary>Debian 12.</summary>
    public static DebianRelease Bookworm { get; } = new("bookworm");

    /// <summary>Debian 13.</summary>
    public static DebianRelease Trixie { get; } = new("trixie");
}

/// <summary>A release of Debian, or of a distribution that is laid out like it, by its code name, with where its packages come from when that is not the host's business.</summary>
/// <param name="Codename">Such as <c>bookworm</c>.</param>
public sealed record DebianRelease(string Codename)
{
    /// <summary>The mirror to use in place of the host's; null means what the host or the user is configured with.</summary>
    public Uri? Mirror { get; init; }

    /// <summary>The mirror of the security archive; null like <see cref="Mirror"/>.</summary>
    public Uri? SecurityMirror { get; init; }

    /// <summary>The day whose state of the archive is used; null means today's, or what the user is configured with.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Takes packages from these mirrors: <c>Debian.Bookworm.From("http://…", "http://…")</c>.</summary>
    /// <param name="mirror">The archive's root, the folder that holds <c>dists</c> and <c>pool</c>.</param>
    /// <param name="securityMirror">The security archive's root.</param>
    public DebianRelease From(string mirror, string securityMirror)
        => this with { Mirror = new Uri(mirror), SecurityMirror = new Uri(securityMirror) };

    /// <summary>
    /// Takes every suite as it was on a day: <c>Debian.Bookworm.At("2026-09-01")</c>. The configuration file says which service keeps such
    /// states; what the service does not have makes locking fail, today's state is never taken in its place.
    /// </summary>
    /// <param name="day">Such as <c>2026-09-01</c>, or with a time in universal time: <c>2026-09-01T06:00:00Z</c>.</param>
    public DebianRelease At(string day) => this with { Snapshot = day };

    /// <summary>What bears on the choice of versions besides what components install.</summary>
    internal DebianPreferences Preferences { get; init; } = DebianPreferences.None;

    /// <summary>
    /// Adds a suite, from the same mirror: <c>Debian.Bookworm.With(Suite.Backports)</c>. Suites that offer what nobody should get unasked, such as
    /// backports, are drawn from only by a request (<c>nginx/bookworm-backports</c>) or a pin; others compete with the release by version.
    /// </summary>
    public DebianRelease With(Suite suite) => this with { Preferences = Preferences with { Suites = [.. Preferences.Suites, suite.Of(Codename)] } };

    /// <summary>
    /// Prefers versions of a package, as apt_preferences(5) has it: <c>.Pin("nginx", "1.22.*", priority: 1001)</c>, or of all packages from
    /// somewhere: <c>.Pin("*", "release n=bookworm-backports", priority: 200)</c>.
    /// </summary>
    /// <param name="packages">A name, a pattern (<c>nginx*</c>, <c>/^lib.*-dev$/</c>), <c>src:NAME</c>, or several with spaces between; <c>*</c> means all.</param>
    /// <param name="versions">A version or a pattern of versions, <c>release a=…,n=…,o=…,l=…,c=…</c>, or <c>origin HOST</c>.</param>
    /// <param name="priority">
    /// The highest wins, then the latest version: suites have 500, backports 100; below 0 keeps a version out. The first pin of named packages that
    /// matches counts.
    /// </param>
    public DebianRelease Pin(string packages, string versions, int priority) => this with
    {
        Preferences = Preferences with { Pins = [.. Preferences.Pins, new Pin(packages, versions.Contains(' ') ? versions : $"version {versions}", priority)] },
    };

    /// <summary>Keeps these packages at the version that the lock has, whatever is newer: <c>.Hold("postgresql-15")</c>.</summary>
    public DebianRelease Hold(params IEnumerable<string> packages) => this with { Preferences = Preferences with { Holds = [.. Preferences.Holds, .. packages] } };

    /// <summary>Adds foreign architectures, so that <c>libc6:i386</c> can be installed: <c>Debian.Bookworm.Architectures("i386")</c>.</summary>
    public DebianRelease Architectures(params IEnumerable<string> architectures) => this with { Preferences = Preferences with { Architectures = [.. Preferences.Architectures, .. architectures] } };
}
