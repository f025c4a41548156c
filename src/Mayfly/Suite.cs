namespace Mayfly;

/// <summary>A suite of the archive besides a release's own: see <see cref="DebianRelease.With"/>.</summary>
/// <param name="Name">What follows the release's name (<c>-backports</c>), or a whole name.</param>
public sealed record Suite(string Name)
{
    /// <summary>Newer versions, built for the release: <c>bookworm-backports</c>.</summary>
    public static Suite Backports { get; } = new("-backports");

    /// <summary>What may become the next point release: <c>bookworm-proposed-updates</c>.</summary>
    public static Suite ProposedUpdates { get; } = new("-proposed-updates");

    /// <summary>A suite by its codename: <c>trixie</c>.</summary>
    public static Suite Named(string codename) => new(codename);

    internal string Of(string release) => Name.StartsWith('-') ? release + Name : Name;
}
