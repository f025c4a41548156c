using Mayfly.Packages.Debian;

namespace Mayfly.Packages;

/// <summary>
/// Every package of a stack, exact: the contents of <c>stack.lock</c>. It names archives by their identity and packages
/// by hash and pool path, never a mirror's address.
/// </summary>
public sealed record StackLock
{
    /// <summary>
    /// The format that this Mayfly writes, which is that of the layers it builds too: it is part of every layer's key. Whatever changes the bytes of an image
    /// raises it, so that nobody gets other bytes from a lock without being told; a test knows the bytes of each.
    /// </summary>
    /// <remarks>
    /// 1: a layer over the packages gave accounts the table's numbers. 2: scripts are given the numbers while they run, and there is no such layer.
    /// 7: the layers' form, which was counted apart until 6, is the lock's; secrets are taken out of configuration, and Perl's and Python's tables have one order.
    /// 8: apt's locks, backups of dpkg's diversions, systemd's catalog and the caches of fonts are as apt leaves them; Django is told the date.
    /// 9: batches of a layer may have dates of their own; a folder in which packages put something has the date of that, as with dpkg, not its own.
    /// </remarks>
    public const int CurrentFormat = 9;

    /// <summary>A former one was read from a file: its packages and ids hold, but nothing is built from it before it is locked again.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>Debian's name of the architecture, such as <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>What bore on every choice besides the requests (pins, further suites and architectures, held packages); a difference means that all sets must be resolved again.</summary>
    public IReadOnlyList<string> Preferences { get; init; } = [];

    /// <summary>The archives' releases that the packages were chosen from.</summary>
    public required IReadOnlyList<LockedRelease> Releases { get; init; }

    /// <summary>Each package once, sorted by name and architecture.</summary>
    public required IReadOnlyList<LockedPackage> Packages { get; init; }

    /// <summary>The sets: <c>base</c>, <c>tools</c>, and one for each component that installs something.</summary>
    public required IReadOnlyList<LockedSet> Sets { get; init; }

    /// <summary>Python's packages of images, an environment each; empty where no component has any.</summary>
    public IReadOnlyList<LockedEnvironment> Environments { get; init; } = [];

    /// <summary>One id a user or group name across the stack, appended at the first build.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <summary>The packages that a set has of its own, in the order of installing: of one that is installed in one go with some of the base's, the rest.</summary>
    public IReadOnlyList<string> PackagesOf(LockedSet set)
    {
        var packages = set.Stages.SelectMany(static stage => stage.Packages);
        return [.. set.InOneGo ? packages.Except(Sets.First(static other => other.Name == SetRequest.Base).Stages.SelectMany(static stage => stage.Packages)) : packages];
    }

    /// <summary>All wheels, each once, by name, as packages beside Debian's.</summary>
    public IReadOnlyList<LockedPackage> Wheels() =>
        [.. Environments.SelectMany(static environment => environment.Wheels).DistinctBy(static wheel => wheel.Sha256).Select(static wheel => wheel.AsPackage()).OrderBy(static wheel => wheel.Name, StringComparer.Ordinal).ThenBy(static wheel => wheel.Path, StringComparer.Ordinal)];

    /// <summary>The newest date of the releases: what is chosen now is dated no later.</summary>
    public DateTimeOffset Date => Releases.Count > 0 ? Releases.Max(static release => release.Date) : DateTimeOffset.UnixEpoch;
}

/// <summary>One suite of an archive, as its signed Release file named it on the day of locking.</summary>
public sealed record LockedRelease
{
    /// <summary>What packages refer to it by: <c>bookworm-security</c>.</summary>
    public required string Id { get; init; }

    public required string Origin { get; init; }

    public required string Label { get; init; }

    public required string Suite { get; init; }

    public required string Codename { get; init; }

    /// <summary>The Release file's Date field.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The day of a snapshot service that it was taken from; null for what a mirror had when it was locked.</summary>
    public DateTimeOffset? Snapshot { get; init; }

    /// <summary>SHA-256 of the InRelease file, lower-case hexadecimal.</summary>
    public required string Digest { get; init; }

    public required IReadOnlyList<string> Components { get; init; }
}

/// <summary>One binary package.</summary>
public sealed record LockedPackage
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Architecture { get; init; }

    /// <summary>Lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the .deb.</summary>
    public required long Size { get; init; }

    /// <summary>The path below the archive's root: <c>pool/main/n/nginx/nginx_….deb</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The <see cref="LockedRelease.Id"/> that offers it.</summary>
    public required string Release { get; init; }

    /// <summary><c>name:architecture</c>, unique in a lock.</summary>
    public string Id => $"{Name}:{Architecture}";

    /// <summary>True when it is meant by what somebody writes: its name, for every architecture of it, or name and architecture.</summary>
    public bool IsCalled(string name) => name == Name || name == Id;
}

/// <summary>Packages resolved together and installed together.</summary>
public sealed record LockedSet
{
    /// <summary><c>base</c>, <c>tools</c>, or the component's name.</summary>
    public required string Name { get; init; }

    /// <summary>What was asked for, as it was written, sorted; a difference means that the set must be resolved again.</summary>
    public required IReadOnlyList<string> Requests { get; init; }

    /// <summary>True when Recommends were installed too.</summary>
    public bool Recommends { get; init; }

    /// <summary>
    /// True where the stages begin over the base's first one, and install what the base has besides once more: mmdebstrap's <c>minbase</c> installs those packages
    /// in one go with what is asked for, which here makes a difference (<see cref="DebianBase.IsInOneGo"/>).
    /// </summary>
    public bool InOneGo { get; init; }

    /// <summary>
    /// Of the base, the packages by <see cref="LockedPackage.Id"/> that apt would note as installed only because others need them. It asks for those of
    /// priority required by name, and goes by the index's priorities, which may be others than the packages' own. Null for all other sets, and in
    /// locks that do not say it: then by the packages' own.
    /// </summary>
    public IReadOnlyList<string>? Automatic { get; init; }

    /// <summary>Where apt-get may find no answer, while this one is proven to hold: a sentence each. Empty nearly always.</summary>
    public IReadOnlyList<string> Departures { get; init; } = [];

    /// <summary>
    /// The order of installing, which is apt's own. Each stage is placed whole and then configured as far as it says before the next one
    /// begins, because a preinst may call programs of its Pre-Depends (policy 6.5).
    /// </summary>
    public required IReadOnlyList<LockedStage> Stages { get; init; }
}

/// <summary>Packages placed together, by <see cref="LockedPackage.Id"/>, in the order of unpacking.</summary>
public sealed record LockedStage(IReadOnlyList<string> Packages)
{
    /// <summary>
    /// Those of this stage and earlier ones that are then handed to dpkg to be configured, in this order. Empty for all that are not configured
    /// yet, in dpkg's own order; over nothing, where dpkg is told to overlook dependencies, in the order of unpacking.
    /// </summary>
    public IReadOnlyList<string> Configured { get; init; } = [];

    /// <summary>
    /// What the set asked for before this stage and those after it were added to it; null for all others. What was installed before stays a
    /// layer of its own, so that a package more costs its own scripts and no others.
    /// </summary>
    public IReadOnlyList<string>? AddedTo { get; init; }

    /// <summary>
    /// The date that scripts are told from here on, and that nothing is later than. Null for that of the stage before in the same layer, and where a
    /// layer begins for that of the releases.
    /// </summary>
    public DateTimeOffset? Date { get; init; }
}

/// <summary>The id of a user or a group name.</summary>
public sealed record LockedId(string Name, LockedIdKind Kind, int Id);

public enum LockedIdKind
{
    User,
    Group,
}
