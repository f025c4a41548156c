namespace Mayfly.Packages.Debian;

/// <summary>What bears on the choice of every version of a stack, besides the requests: further suites and architectures, pins, held packages.</summary>
public sealed record DebianPreferences
{
    /// <summary>None of all that.</summary>
    public static DebianPreferences None { get; } = new();

    /// <summary>Suites besides the release's own: <c>bookworm-backports</c>.</summary>
    public IReadOnlyList<string> Suites { get; init; } = [];

    /// <summary>Foreign architectures, as <c>dpkg --add-architecture</c> takes them.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>In order: the first that matches counts.</summary>
    public IReadOnlyList<Pin> Pins { get; init; } = [];

    /// <summary>Packages that keep the version of the lock, whatever is newer.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];

    /// <summary>The same as a lock holds it: a difference means that the sets must be resolved again.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. Suites.Select(static suite => $"suite {suite}"),
        .. Architectures.Select(static architecture => $"architecture {architecture}"),
        .. Pins.Select(static pin => $"pin {pin}"),
        .. Holds.Select(static name => $"hold {name}"),
    ];

    /// <summary>Itself, once it is found sound.</summary>
    /// <exception cref="MayflyException">A pin, a suite or an architecture means nothing.</exception>
    public DebianPreferences Checked()
    {
        foreach (var pin in Pins)
            _ = new PinRule(pin);
        if (Suites.Concat(Architectures).FirstOrDefault(static name => !PackageName.IsValid(name)) is { } wrong)
            throw new MayflyException($"'{wrong}' is neither a suite nor an architecture", "write them as Debian does: bookworm-backports, i386");
        if (Holds.FirstOrDefault(static name => !PackageName.IsValid(name.Split(':')[0])) is { } held)
            throw new MayflyException($"'{held}' is held, but is no package name", "write the name alone: .Hold(\"nginx\")");
        return this;
    }
}
