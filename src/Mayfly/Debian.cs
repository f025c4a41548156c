namespace Mayfly;

/// <summary>The Debian releases that images can be based on.</summary>
public static class Debian
{
    /// <summary>Debian 12.</summary>
    public static DebianRelease Bookworm { get; } = new("bookworm");
}

/// <summary>A release of Debian by its code name, with where its packages come from when that is not the host's business.</summary>
/// <param name="Codename">Such as <c>bookworm</c>.</param>
public sealed record DebianRelease(string Codename)
{
    /// <summary>The mirror to use in place of the host's; null means what the host or the user is configured with.</summary>
    public Uri? Mirror { get; init; }

    /// <summary>The mirror of the security archive; null like <see cref="Mirror"/>.</summary>
    public Uri? SecurityMirror { get; init; }

    /// <summary>Takes packages from these mirrors: <c>Debian.Bookworm.From("http://…", "http://…")</c>.</summary>
    /// <param name="mirror">The archive's root, the folder that holds <c>dists</c> and <c>pool</c>.</param>
    /// <param name="securityMirror">The security archive's root.</param>
    public DebianRelease From(string mirror, string securityMirror)
        => this with { Mirror = new Uri(mirror), SecurityMirror = new Uri(securityMirror) };
}
