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
}
